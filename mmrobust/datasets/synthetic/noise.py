"""Random textures whose statistics resemble those of natural images.

Shapes: H, W texels. Values are floats without unit.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], decay: float = 1.2) -> Array:
    """Noise with amplitude ``1 / frequency ** decay``, periodic in both axes.

    Args:
        rng: Source of randomness.
        shape: (H, W) of the result.
        decay: 0 gives white noise; 1 is typical of photographs; 2 gives clouds.

    Returns:
        float32 (H, W), mean 0, standard deviation 1.
    """
    height, width = shape
    spectrum = np.fft.rfft2(rng.standard_normal(shape))
    # In cycles per texel, so that texels stay square on an oblong canvas.
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None]
    radius = np.sqrt(fy * fy + fx * fx)
    radius[0, 0] = 1.0
    spectrum *= radius**-decay
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=shape)
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def ridge(rng: np.random.Generator, width: int, decay: float = 1.5) -> Array:
    """A random skyline: float32 (W,), mean 0, standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(4 * width))
    frequency = np.arange(spectrum.size, dtype=np.float64)
    frequency[0] = 1.0
    line = np.fft.irfft(spectrum * frequency**-decay, n=4 * width)[:width]
    line -= line.mean()
    return np.asarray(line / max(float(line.std()), 1e-9), np.float32)


def soft_step(x: Array, width: float = 1.0) -> Array:
    """0 below ``-width/2``, 1 above ``width/2``, linear between: an anti-aliased edge."""
    return np.clip(x / np.float32(width) + np.float32(0.5), 0.0, 1.0)
