"""MNIST, a small network for it that was trained with TRADES, and AutoAttack.

The network is that of Carlini and Wagner 2017 (arXiv:1608.04644), as Zhang et al. 2019 (TRADES,
arXiv:1901.08573) trained it; its published weights are not part of this project.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmrobust.functional.checks import require


class SmallNetwork(nn.Module):
    """Four convolutions and three layers; (N, 1, 28, 28), values 0..1, to logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        features: OrderedDict[str, nn.Module] = OrderedDict()
        sizes = (1, 32, 32, 64, 64)
        for number, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False), 1):
            features[f'conv{number}'] = nn.Conv2d(before, after, 3)
            features[f'relu{number}'] = nn.ReLU()
            if number in (2, 4):
                features[f'maxpool{number // 2}'] = nn.MaxPool2d(2)
        self.feature_extractor = nn.Sequential(features)
        layers: list[tuple[str, nn.Module]] = [
            ('fc1', nn.Linear(64 * 4 * 4, 200)),
            ('relu1', nn.ReLU()),
            ('drop', nn.Dropout(0.5)),
            ('fc2', nn.Linear(200, 200)),
            ('relu2', nn.ReLU()),
            ('fc3', nn.Linear(200, 10)),
        ]
        self.classifier = nn.Sequential(OrderedDict(layers))

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (N, 10)."""
        logits: Tensor = self.classifier(self.feature_extractor(pixels).flatten(1))
        return logits


def small_network(path: Path) -> SmallNetwork:
    """The network with its published weights, in evaluation mode."""
    found = torch.load(path, map_location='cpu', weights_only=True)
    network = SmallNetwork()
    network.load_state_dict(found.get('state_dict', found))
    return network.eval()


def read_images(images: Path, labels: Path, number: int) -> tuple[Tensor, Tensor]:
    """The first images (N, 1, 28, 28), values 0..1, and their classes (N,).

    Raises:
        ValueError: The files are none of MNIST, or hold fewer.
    """
    pixels, classes = _idx(images, 2051, 16), _idx(labels, 2049, 8)
    pixels = pixels.reshape(-1, 1, 28, 28)
    require(1 <= number <= len(pixels), '--number', f'from 1 to {len(pixels)}', number)
    return torch.from_numpy(pixels[:number] / np.float32(255)), torch.from_numpy(
        classes[:number].astype(np.int64)
    )


def _idx(path: Path, magic: int, header: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of an IDX file, behind its header."""
    content = gzip.decompress(path.read_bytes())
    found = int.from_bytes(content[:4], 'big')
    require(found == magic, str(path), f'an IDX file that begins with {magic}', found)
    return np.frombuffer(content, np.uint8, offset=header)


def auto_attack(
    network: nn.Module, pixels: Tensor, labels: Tensor, eps: float, members: Sequence[str]
) -> list[bool] | None:
    """Which samples the independent implementation leaves; None where it is not installed."""
    try:
        from pyautoattack import AutoAttack
    except ImportError:
        print('AutoAttack: not run (pip install pyautoattack)')
        return None
    attack = AutoAttack(network, norm='Linf', eps=eps, version='custom', attacks=list(members),
                        seed=0)  # fmt: skip
    adversarial, _ = attack.run_standard_evaluation(pixels, labels, batch_size=len(pixels))
    inside = float((adversarial - pixels).abs().max())
    require(inside <= eps + 1e-6, 'AutoAttack', f'within eps {eps}', inside)
    with torch.no_grad():
        stands: list[bool] = (network(adversarial).argmax(dim=1) == labels).tolist()
    return stands
