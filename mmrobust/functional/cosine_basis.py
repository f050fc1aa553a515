"""Vectors of the discrete cosine transform (type II, orthonormal) in space and time."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def cosine_vector(frequency: Sequence[int], channel: int, like: Tensor) -> Tensor:
    """One vector of the orthonormal cosine basis, in one channel.

    Source: Ahmed, Natarajan and Rao 1974, "Discrete Cosine Transform"; the
    product of one cosine per axis.

    Args:
        frequency: Index per axis T, H, W, from 0 on.
        channel: Which channel is not zero.
        like: Clip (C, T, H, W), for shape, type and device.

    Returns:
        (C, T, H, W), of Euclidean norm 1.
    """
    waves = [_wave(k, side, like) for k, side in zip(frequency, like.shape[1:], strict=True)]
    vector = torch.zeros_like(like)
    vector[channel] = torch.einsum('t,h,w->thw', *waves)
    return vector


def wave_of_one(index: Sequence[int], like: Tensor) -> Tensor:
    """One cosine over time of one value of all frames.

    Args:
        index: Channel, frequency, place on the last two axes, from 0 on.
        like: (C, T, H, W), for shape, type and device.

    Returns:
        (C, T, H, W), of Euclidean norm 1.
    """
    channel, frequency, row, column = index
    vector = torch.zeros_like(like)
    vector[channel, :, row, column] = _wave(frequency, like.shape[1], like)
    return vector


def cosine_matrix(side: int) -> Tensor:
    """The transform of ``side`` values (side, side), float64: coefficients are matrix @ values.

    Orthonormal: its transpose brings them back.
    """
    like = torch.empty(0, dtype=torch.float64)
    return torch.stack([_wave(k, side, like) for k in range(side)])


def _wave(k: int, side: int, like: Tensor) -> Tensor:
    places = torch.arange(side, dtype=torch.float64) + 0.5
    wave = torch.cos(math.pi * k * places / side) * math.sqrt((1 if k == 0 else 2) / side)
    return wave.to(like)
