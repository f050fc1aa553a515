"""Every kind of ImageNet-C against the package imagecorruptions, on the same random numbers."""

import sys
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

from mmrobust.corruptions import Clip, Draws
from mmrobust.corruptions.base import snake
from mmrobust.registry import CORRUPTIONS

package = pytest.importorskip('imagecorruptions', reason='extra reference')
reference = sys.modules['imagecorruptions.corruptions']
pytestmark = pytest.mark.slow

# Other tests register kinds of their own.
EVERY = {
    name: cls
    for name, cls in CORRUPTIONS.everything().items()
    if cls.__module__.startswith('mmrobust.')
}
KINDS = sorted(name for name in EVERY if snake(name) in package.get_corruption_names('all'))
SIZE = (97, 131)


def pictures() -> dict[str, np.ndarray]:
    """Odd in size: rounded shapes in colour, the same in grey, and one that is saturated."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    waves = np.stack([np.sin(rows / 9 + k) * np.cos(columns / (7 + k)) for k in range(3)], -1)
    colour = np.clip(127 + 120 * waves + rng.normal(0, 9, waves.shape), 0, 255).astype(np.uint8)
    colour[20:40, 30:60] = 0, 255, 40
    grey = np.repeat(colour[..., :1], 3, axis=-1)
    return {'colour': colour, 'grey': grey, 'saturated': np.uint8(255) * (colour > 127)}


class Feed:
    """Numbers that are handed out in order, each in the shape asked for."""

    def __init__(self, *numbers: Any) -> None:
        self.numbers = list(numbers)

    def next(self, shape: Any) -> np.ndarray:
        found = np.asarray(self.numbers.pop(0))
        assert found.shape == tuple(np.atleast_1d(() if shape is None else shape))
        return found

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = None) -> np.ndarray:
        return loc + scale * self.next(size)

    def uniform(self, low: float, high: float, size: Any = None) -> Any:
        return low + (high - low) * self.next(size)


def noise_feed(name: str, fields: np.ndarray) -> dict[str, Any]:
    """What serves the one frame's noise; of impulses see ``hits``."""
    if name == 'ShotNoise':
        return {'poisson': lambda mean: poisson.ppf(fields[0].astype(float), mean)}
    return {'normal': Feed(fields[0]).normal}


def glass_feed(one: np.ndarray, reach: int, rounds: int) -> dict[str, Any]:
    """Its random steps, in the order in which the reference goes over the pixels."""
    steps = np.floor(one * 2 * reach).astype(int) - reach
    upwards = steps[:rounds, SIZE[0] - reach : reach : -1, SIZE[1] - reach : reach : -1]
    order = iter(upwards.reshape(-1, 2))
    return {'randint': lambda *_, **__: next(order), 'seed': lambda _: None}


def fog_feed(one: np.ndarray) -> dict[str, Any]:
    parts: list[np.ndarray] = []
    step = 1
    while len(one):
        parts += list((one[: 3 * step**2].reshape(3, step, step) + 1) / 2)
        one, step = one[3 * step**2 :], step * 2
    return {'uniform': Feed(*parts).uniform}


def frost_feed(stream: np.random.Generator) -> dict[str, Any]:
    shares = iter(stream.random(3))
    return {'randint': lambda *ends: int(next(shares) * (ends[-1] - sum(ends[:-1])))}


def feed(name: str, one: Any, stream: np.random.Generator, c: Any) -> dict[str, Any]:
    """In the place of NumPy's functions; drawn once more where a drawing is no number itself."""
    if name.endswith('Noise'):
        return noise_feed(name, one[None])
    found: dict[str, Any] = {
        'GlassBlur': lambda: glass_feed(one, *c[1:]),
        'MotionBlur': lambda: {'uniform': Feed((one + 45) / 90).uniform},
        'Snow': lambda: {
            'normal': Feed(one[0]).normal,
            'uniform': Feed((one[1] + 135) / 90).uniform,
        },
        'Fog': lambda: fog_feed(one),
        'Spatter': lambda: {'normal': Feed(one).normal},
        'ElasticTransform': lambda: {'uniform': Feed(*stream.random((2, *SIZE))).uniform},
        'Frost': lambda: frost_feed(stream),
    }
    return found[name]() if name in found else {}


def impulses(one: np.ndarray, share: float) -> list[np.ndarray]:
    """What is hit, and what of it is bright."""
    return [(one < share / 2) | (one >= 1 - share / 2), one > 0.5]


def compared(monkeypatch, name: str, picture: np.ndarray, severity: int) -> np.ndarray:
    """Differences in grey levels."""
    kind = EVERY[name]()
    clip, draws = Clip(picture[None]), Draws(3, kind.name, 0)
    drawing = kind.draw(clip, draws)
    ours = kind.apply(clip, drawing, severity)[0]
    one = None if drawing is None else drawing[0]
    constants = kind.constants[severity - 1]
    # Compiled, it has random numbers of its own.
    plain = reference._shuffle_pixels_njit_glass_blur.py_func
    hits = None if name != 'ImpulseNoise' else iter(impulses(one, constants))
    with monkeypatch.context() as patched:
        patched.setattr(reference, '_shuffle_pixels_njit_glass_blur', plain)
        patched.setattr(
            sys.modules['skimage.util.noise'], '_bernoulli', lambda *_, **__: next(hits)
        )
        for function, numbers in feed(name, one, draws.of_clip(), constants).items():
            patched.setattr(reference.np.random, function, numbers)
        theirs = package.corrupt(picture, severity, kind.name)
    return np.abs(ours.astype(int) - theirs)


def test_all_are_compared():
    assert len(KINDS) == 19


@pytest.mark.parametrize('severity', range(1, 6))
@pytest.mark.parametrize('picture', pictures().values(), ids=pictures())
@pytest.mark.parametrize('name', KINDS)
def test_within_one_grey_level(name, picture, severity, monkeypatch):
    apart = compared(monkeypatch, name, picture, severity)
    # Glass cuts fractions off twice, and double precision leaves some 255 a little below it.
    assert apart.max() <= (2 if name == 'GlassBlur' else 1)
    assert (apart > 1).mean() < 0.005
