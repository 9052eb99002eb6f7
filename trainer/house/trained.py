"""The trained networks: the furnace's averaged weights, or those that came with the checkout where it has no checkpoint."""

from . import released
from .burn import load
from .eyes import ImageEncoder, Recogniser
from .nets import VAE, House, Prior
from .phase_unet import PARTS
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
        return {f"{part}.{k}": v for part in PARTS for k, v in state[f"average_{part}"]["module"].items()}
    return state["average"]["module"]


def _filled(net, state: dict):
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


def painters() -> tuple[House, VAE]:
    """What makes pictures."""
    house = _filled(House(), {f"prior.{k}": v for k, v in averaged("prior").items()} | averaged("unet"))
    return house, _filled(VAE(), averaged("vae"))


def prior() -> Prior:
    return _filled(Prior(), averaged("prior"))


def clip() -> ImageEncoder:
    """House CLIP's eye."""
    return _filled(ImageEncoder(), averaged("clip"))


def recogniser(subjects: int) -> Recogniser:
    return _filled(Recogniser(subjects), averaged("recogniser"))
