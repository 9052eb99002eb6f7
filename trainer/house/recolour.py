"""Paints a drawing's main colour over, in Oklab: "a green rocket" from a grey one. Light and shade stay."""

import numpy as np

_M1 = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], np.float32)
_M2 = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]], np.float32)
_I1, _I2 = np.linalg.inv(_M1).astype(np.float32), np.linalg.inv(_M2).astype(np.float32)
_LINEAR = (lambda c: np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4))(np.arange(256, dtype=np.float32) / 255).astype(np.float32)

GREY = 0.045  # chroma below which a colour counts as grey


def oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB bytes [..., 3] as Oklab."""
    return np.cbrt(_LINEAR[rgb] @ _M1.T) @ _M2.T


def srgb(lab: np.ndarray) -> np.ndarray:
    """Oklab as sRGB bytes, clipped to the gamut."""
    linear = np.clip((lab @ _I2.T) ** 3 @ _I1.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


def main_colour(rgba: np.ndarray) -> np.ndarray | None:
    """The Oklab centre of the largest group of alike pixels that `paint` would change; None when no group has a quarter of
    the drawing."""
    small = rgba[::4, ::4].reshape(-1, 4)
    lab = oklab(small[small[:, 3] > 128][:, :3])
    if len(lab) < 40:
        return None
    # Rough cells in Oklab, most filled first; the fullest one's neighbourhood is the group.
    cells = np.rint(lab / np.array([0.18, 0.06, 0.06])).astype(int)
    _, index, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    best = None
    for cell in np.argsort(-counts)[:4]:
        centre = lab[index.ravel() == cell].mean(0)
        share = weight(lab, centre).mean()
        if best is None or share > best[0]:
            best = share, centre
    return best[1].astype(np.float32) if best[0] >= 0.25 else None


def weight(lab: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """How much each pixel belongs to the group around the centre, 0–1: the same hue in light and shade; or grey of like
    lightness."""
    chroma = float(np.hypot(*centre[1:]))
    if chroma < GREY:
        away = np.maximum(np.hypot(lab[..., 1], lab[..., 2]) / 0.06, np.abs(lab[..., 0] - centre[0]) / 0.3)
        return np.clip(3 - 3 * away, 0, 1)
    along = (lab[..., 1] * centre[1] + lab[..., 2] * centre[2]) / chroma
    across = np.abs(lab[..., 1] * centre[2] - lab[..., 2] * centre[1]) / chroma
    away = across / (0.35 * np.maximum(along, 0) + 0.015)
    return np.clip(2.5 - 2 * away, 0, 1) * np.clip(along / chroma * 4 - 1, 0, 1)


def paint(rgba: np.ndarray, centre: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The drawing with the group around the centre in another colour."""
    target = oklab(np.array(colour, np.uint8))
    lab = oklab(rgba[..., :3])
    w = weight(lab, centre)[..., None]
    chroma = float(np.hypot(*centre[1:]))
    strength = 1.0 if chroma < GREY else np.clip((lab[..., 1] * centre[1] + lab[..., 2] * centre[2]) / chroma**2, 0.5, 1.25)[..., None]
    painted = np.concatenate([lab[..., :1] + 0.85 * (target[0] - centre[0]), np.broadcast_to(target[1:] * strength, (*lab.shape[:-1], 2))], -1)
    painted[..., 0] = np.clip(painted[..., 0], 0.05, 0.99)
    out = rgba.copy()
    out[..., :3] = srgb(lab * (1 - w) + painted * w)
    return out
