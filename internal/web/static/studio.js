// Keys and dialogs of the studio. Every action works without this file; with it, it works by keyboard.
"use strict";

const sheet = document.getElementById("sheet");
const ask = document.getElementById("ask");
const help = document.getElementById("help");

const visible = () => [...sheet.querySelectorAll(".tile")].filter((t) => t.offsetParent !== null);
const tileOf = (node) => node && node.closest && node.closest(".tile");
const typing = (node) => node && node.closest && node.closest("input, textarea, select, dialog[open]");

// The tile that the keys act on: the focused one, else the first that waits for a word.
function current() {
  return tileOf(document.activeElement) || visible().find((t) => t.dataset.group === "waiting") || null;
}

function focusTile(tile) {
  if (!tile) return;
  tile.querySelector(".picture").focus();
  tile.scrollIntoView({ block: "nearest" });
}

// How many tiles stand in a row: those whose top is that of the first.
function columns(tiles) {
  const top = tiles[0].offsetTop;
  const next = tiles.findIndex((t) => t.offsetTop !== top);
  return next < 0 ? tiles.length : next;
}

function move(key) {
  const tiles = visible();
  if (!tiles.length) return;
  const here = tiles.indexOf(tileOf(document.activeElement));
  if (here < 0) return focusTile(current() || tiles[0]);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(tiles), ArrowDown: columns(tiles) }[key];
  focusTile(tiles[Math.min(tiles.length - 1, Math.max(0, here + step))]);
}

// Presses the tile's button, and moves on to the next that waits, so that a hand can stay on the keys.
function press(key) {
  const tile = current();
  const button = tile && tile.querySelector(`button[data-key="${key}"]`);
  if (!button || button.disabled) return;
  const tiles = visible();
  const at = tiles.indexOf(tile);
  const next = tiles.slice(at + 1).concat(tiles.slice(0, at)).find((t) => t.dataset.group === "waiting");
  button.click();
  if (!button.dataset.ask) focusTile(next || tile);
}

function openAsk(button) {
  const form = ask.querySelector("form");
  form.reset();
  form.action = button.form.getAttribute("action");
  form.querySelector("[name=action]").value = button.value;
  ask.querySelectorAll("[data-for]").forEach((p) => { p.hidden = p.dataset.for !== button.value; });
  ask.querySelector("[data-send]").textContent = button.textContent;
  ask.dataset.tile = tileOf(button).id;
  ask.showModal();
}

if (sheet) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key.startsWith("Arrow")) move(key);
    else if (key === "a" || key === "r" || key === "s") press(key);
    else if (key === "?") help.showModal();
    else return;
    event.preventDefault();
  });
  // Buttons that need a reason open the dialog instead of sending.
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-ask]");
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    openAsk(button);
  }, true);
  ask.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const values = Object.fromEntries(new FormData(form));
    ask.close();
    htmx.ajax("POST", form.getAttribute("action"), { values, swap: "none", target: "#toasts" });
    focusTile(document.getElementById(ask.dataset.tile));
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest && event.target.closest("button");
  if (!button) return;
  if ("help" in button.dataset) help.showModal();
  if ("close" in button.dataset) button.closest("dialog").close();
  if (button.dataset.copy) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  }
});

const drop = document.getElementById("drop");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragenter" || name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        drop.requestSubmit();
      }
    });
  }
}

// A loop without sound begins by itself, unless somebody wants less motion; its controls stop it.
if (matchMedia("(prefers-reduced-motion: no-preference)").matches) {
  document.querySelectorAll("video[data-loops]").forEach((v) => { v.play().catch(() => {}); });
}
