"""The trained networks: the furnace's averaged weights, or those that came with the checkout where it has no checkpoint."""

from . import released
from .burn import load
from .eyes import ImageEncoder, Recogniser, StyleClassifier
from .house import House
from .nets import VAE, Grade, LatentEncoder, Prior
from .settings import furnace


def averaged(phase: str) -> dict:
    """A phase's averaged weights."""
    state = load(furnace() / f"{phase}.pt")
    if state is None:
        state = released.brought(phase)
        if state is None:
            raise FileNotFoundError(f"{furnace()}: no {phase}.pt; train {phase} first")
        return state
    if phase == "vae":
        return state["vae"]
    if phase == "unet":
        return {f"{name.removeprefix('average_')}.{k}": v for name, part in state.items() if name.startswith("average_") for k, v in part["module"].items()}
    return state["average"]["module"]


def _filled(net, state: dict):
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def whole() -> tuple[dict, VAE]:
    """House's weights but for what the UNet's phase teaches, and the VAE."""
    vae, parts = _filled(VAE(), averaged("vae")), {"prior": averaged("prior"), "sharpener": averaged("sharpener")}
    parts |= {"grade": Grade().state_dict(), "encode": LatentEncoder(vae).state_dict()}
    return {f"{part}.{k}": v for part, found in parts.items() for k, v in found.items()}, vae


def painters() -> tuple[House, VAE]:
    """What makes pictures."""
    state, vae = whole()
    return _filled(House(), state | averaged("unet")), vae


def prior() -> Prior:
    return _filled(Prior(), averaged("prior"))


def clip() -> ImageEncoder:
    """House CLIP's eye."""
    return _filled(ImageEncoder(), averaged("clip"))


def recogniser(subjects: int) -> Recogniser:
    return _filled(Recogniser(subjects), averaged("recogniser"))


def style_classifier() -> StyleClassifier:
    return _filled(StyleClassifier(), averaged("style"))
