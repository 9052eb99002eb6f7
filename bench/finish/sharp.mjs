// Makes the web set of a picture with sharp: node sharp.mjs PICTURE FOLDER < wishes.json
//
// A wish is {format, width, options}. One pipeline for each file, all handed to sharp at once, as its documentation shows; sharp
// spreads them over the cores. Prints the seconds of that and, in FOLDER, leaves the files, and each size as PNG when asked with
// --sizes, which is not timed.
import { readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";

const [picture, folder, ...flags] = process.argv.slice(2);
const wishes = JSON.parse(readFileSync(0, "utf8"));
const data = readFileSync(picture);
const name = (w) => `${folder}/sharp-${w.format}-${w.width}.${w.format}`;

const begun = performance.now();
const before = process.cpuUsage();
const source = sharp(data);
const files = await Promise.all(
  wishes.map((w) => source.clone().resize(w.width).toFormat(w.format, w.options).toBuffer()),
);
const used = process.cpuUsage(before);
const seconds = (performance.now() - begun) / 1000;

wishes.forEach((w, i) => writeFileSync(name(w), files[i]));
if (flags.includes("--sizes")) {
  for (const width of new Set(wishes.map((w) => w.width))) {
    await sharp(data).resize(width).png({ compressionLevel: 1 }).toFile(`${folder}/sharp-${width}.png`);
  }
}
console.log(JSON.stringify({
  seconds, cpu_seconds: (used.user + used.system) / 1e6, versions: sharp.versions,
  files: wishes.map((w, i) => ({ ...w, name: name(w), bytes: files[i].length })),
}));
