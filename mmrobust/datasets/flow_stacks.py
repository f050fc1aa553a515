"""Stacks of flow fields for training, cut at random from videos' flow.

Shapes: T flow fields of a video, L of a stack, H, W pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import BaseDataset
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.datasets.synthetic.noise import fractal_noise
from mmrobust.functional.checks import require
from mmrobust.functional.flow_encoding import encode
from mmrobust.io.atomic import replacing
from mmrobust.registry import DATASETS

# Encoded flow and its negative are mirrored here, but for rounding at the half.
MIRROR = 255
# Different ones; a stack takes 20 of them.
BLOTCHES = 300


@DATASETS.register_module()
class FlowStackDataset(BaseDataset):
    """Random stacks of precomputed flow, mirrored, shifted, scaled and noisy.

    A flow field that is mirrored left to right has its x negated (MMAction2's
    own Flip gets that wrong in 1.x).

    Args:
        ann_file: What :func:`write_flow` has written.
        bound: That of the model's encoding, pixels.
        length: L, flow fields of a stack.
        mirrored_labels: Class -> class of the mirrored video.
        shift: Largest displacement of the whole stack, pixels.
        noise: Largest standard deviation of Gaussian noise, grey levels.
        clutter: Likewise of blotches, others in every field, as wrong flow looks.
        ramp: Clutter grows from none over so many stacks; whole from the start it is
            not learned.
        gain: Flow is multiplied by a random number from 1 / gain to gain.
        seed: Of what is random.

    Raises:
        ValueError: The file holds flow of another bound.
    """

    def __init__(
        self,
        ann_file: str,
        *,
        bound: float,
        length: int = 10,
        mirrored_labels: Mapping[int, int] | None = None,
        shift: int = 6,
        noise: float = 1.0,
        clutter: float = 0.0,
        ramp: int = 0,
        gain: float = 1.25,
        seed: int = 0,
    ) -> None:
        self.bound = bound
        self.length, self.mirrored_labels = length, dict(mirrored_labels or {})
        self.shift, self.noise, self.clutter, self.gain = shift, noise, clutter, gain
        self.ramp, self.drawn = ramp, 0
        self.rng = np.random.default_rng(seed)
        super().__init__(ann_file=ann_file, serialize_data=False)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Flow images (T, 2, H, W), uint8, and label of each video."""
        with np.load(self.ann_file) as stored:
            bound = float(stored['bound']) if 'bound' in stored else None
            rule = f'of bound {self.bound}, as in the config (delete the file to make it again)'
            require(bound == self.bound, f'flow in {self.ann_file}', rule, bound)
            return [
                {'flow': stored[f'flow{i}'], 'label': int(label)}
                for i, label in enumerate(stored['labels'])
            ]

    def prepare_data(self, idx: int) -> dict[str, Any]:
        """A random stack (1, 2L, H, W) of video ``idx``, channels x0, y0, x1, ..."""
        rng, info = self.rng, self.get_data_info(idx)
        start = int(rng.integers(len(info['flow']) - self.length + 1))
        flow = info['flow'][start : start + self.length].astype(np.float32)
        label = info['label']
        if rng.random() < 0.5:
            flow = flow[..., ::-1].copy()
            flow[:, 0] = MIRROR - flow[:, 0]
            label = self.mirrored_labels.get(label, label)
        down, right = rng.integers(-self.shift, self.shift + 1, 2)
        flow = _shifted(flow, int(down), int(right))
        gain = self.gain ** rng.uniform(-1, 1)
        flow = (flow - MIRROR / 2) * gain + MIRROR / 2
        flow += rng.normal(0, rng.uniform(0, self.noise) + 1e-6, flow.shape)
        if self.clutter:
            self.drawn += 1
            deviation = rng.uniform(0, self.clutter) * min(1.0, self.drawn / max(self.ramp, 1))
            flow += deviation * _wrong_flow(flow.shape, rng)
        images = np.clip(np.rint(flow), 0, 255).astype(np.uint8)
        stack = torch.from_numpy(images.reshape(1, -1, *images.shape[2:]))
        sample = ActionDataSample()
        sample.set_gt_label(label)
        return {'inputs': stack, 'data_samples': sample}


@cache
def _blotches(size: tuple[int, int]) -> NDArray[Any]:
    """Noise (BLOTCHES, H, W) of standard deviation 1, from fine grain to clouds; periodic."""
    rng = np.random.default_rng(0)
    return np.stack([fractal_noise(rng, size, rng.uniform(0.5, 2)) for _ in range(BLOTCHES)])


def _wrong_flow(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Noise (T, 2, H, W) of standard deviation 1: blotches, moved anywhere."""
    size = (shape[2], shape[3])
    chosen = rng.integers(BLOTCHES, size=shape[0] * shape[1])
    moved = [np.roll(_blotches(size)[i], rng.integers(0, size), axis=(0, 1)) for i in chosen]
    return np.stack(moved).reshape(shape)


def _shifted(flow: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """The fields moved, with their borders repeated."""
    pad = max(abs(down), abs(right))
    wide = np.pad(flow, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode='edge')
    height, width = flow.shape[-2:]
    return wide[..., pad - down : pad - down + height, pad - right : pad - right + width]


def write_flow(path: Path, flows: list[Tensor], labels: list[int], bound: float) -> None:
    """Store videos' flow (T, 2, H, W), pixels, in 8 bits, with labels and bound."""
    images = {f'flow{i}': encode(f, bound).to(torch.uint8).numpy() for i, f in enumerate(flows)}
    with replacing(path) as temporary:
        np.savez(temporary, labels=np.array(labels), bound=bound, **images)
