"""What a phone makes of a sheet: seen askew, out of focus, in a café's light, with noise, as a JPEG."""

import io
import random

import numpy as np
from PIL import Image, ImageFilter


def photographed(sheet: Image.Image, seed: int) -> Image.Image:
    """The same picture as a hasty photograph; a seed gives the same one every time."""
    chance = random.Random(seed)
    picture = _askew(sheet.convert("L"), chance)
    picture = picture.filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 0.9)))
    picture = _lit(picture, chance)
    return _jpeg(picture, quality=chance.randint(45, 75))


def _askew(sheet: Image.Image, chance: random.Random) -> Image.Image:
    """Turned by up to 20°, and its corners drawn in by up to 8 % as from a slant, on a dark table."""
    width, height = sheet.size
    table = Image.new("L", (int(width * 1.5), int(height * 1.5)), 70)
    table.paste(sheet, (width // 4, height // 4))
    table = table.rotate(chance.uniform(-20, 20), resample=Image.Resampling.BICUBIC, fillcolor=70)
    wide, high = table.size
    ideal = [(0, 0), (wide, 0), (wide, high), (0, high)]
    seen = [(x + chance.uniform(-0.08, 0.08) * wide, y + chance.uniform(-0.08, 0.08) * high) for x, y in ideal]
    return table.transform(
        table.size, Image.Transform.PERSPECTIVE, _coefficients(ideal, seen), Image.Resampling.BICUBIC, fillcolor=70
    )


def _coefficients(to: list, back: list) -> list[float]:
    """Of the projection that takes each point of `to` to its partner: eight equations (Hartley & Zisserman §2.3)."""
    rows = []
    for (x, y), (u, v) in zip(to, back, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return list(np.linalg.solve(np.array(rows, float), np.array([c for point in back for c in point], float)))


def _lit(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A lamp at one side: from 55 % to 100 % of the light, poor contrast, a sensor's noise."""
    values = np.asarray(picture, float)
    high, wide = values.shape
    angle = chance.uniform(0, 2 * np.pi)
    across = np.cos(angle) * np.linspace(-1, 1, wide)[None, :] + np.sin(angle) * np.linspace(-1, 1, high)[:, None]
    light = 0.775 + 0.225 * across / np.abs(across).max()
    noise = np.random.default_rng(chance.randrange(2**32)).normal(0, 7, values.shape)
    return Image.fromarray(np.clip((35 + values * 0.8) * light + noise, 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)
