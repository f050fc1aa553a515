"""Admix (Wang, He, Wang and He 2021, arXiv:2102.00436)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.input_transforms.base import InputTransform, require_pictures
from mmrobust.io.clip_bank import read_bank
from mmrobust.registry import INPUT_TRANSFORMS


@INPUT_TRANSFORMS.register_module()
@dataclass(frozen=True)
class Admix(InputTransform):
    """The mean gradient over copies to each of which a little of another clip is added.

    A copy is x + share * x', with x' drawn from a bank of clips for each copy and step.
    Official setting: 3 copies, share 0.2, each at the 5 scales of
    :class:`~mmrobust.input_transforms.si.SI` (next in the list), in MI-FGSM. Deviations: x' comes
    from a file, where the official code takes the batch in another order, so that a sample's
    result depends on its neighbours and one alone is mixed with itself; as there, and not as in
    the paper, x' may be of the sample's own class: a bank knows none. Clips of other lengths and
    sizes are brought to the sample's, pictures get the first frame.

    Args:
        bank: A ``.npy`` file of clips (B, T, H, W, C), uint8, in the order of channels that the
            victim reads; ``tools/data/clip_bank.py`` makes one of videos.
        mixes: Copies, >= 1.
        share: Of the other clip, >= 0.

    Raises:
        ValueError: On construction for a file that holds no clips.
    """

    bank: str = ''
    mixes: int = 3
    share: float = 0.2

    def __post_init__(self) -> None:
        named = isinstance(self.bank, str) and bool(self.bank)
        require(named, 'bank', 'the path of a .npy file', self.bank)
        read_bank(self.bank)
        require(whole(self.mixes, 1), 'mixes', 'a whole number >= 1', self.mixes)
        some = finite(self.share) and self.share >= 0
        require(some, 'share', 'a finite number >= 0', self.share)

    def weights(self) -> Sequence[float]:
        """All the same."""
        return [1 / self.mixes] * self.mixes

    def check(self, pixels: Tensor, bounds: tuple[float, float]) -> None:
        """There must be rows and columns, and as many channels as in the bank."""
        require_pictures(self, pixels)
        channels = read_bank(self.bank).shape[-1]
        require(channels == pixels.shape[1], 'bank', f'of {pixels.shape[1]} channels', channels)

    def copy(
        self, pixels: Tensor, index: int, bounds: tuple[float, float], rng: SampleRandom
    ) -> Tensor:
        """Not cut off at the bounds."""
        count = len(read_bank(self.bank))
        drawn = rng.uniform_like(pixels.flatten(1)[:, :1].detach().double()).squeeze(1)
        chosen = (drawn * count).long().clamp(max=count - 1).tolist()
        others = torch.stack([self._like(one, pixels) for one in chosen])
        return pixels + self.share * others

    def _like(self, index: int, pixels: Tensor) -> Tensor:
        """A clip of the bank in the shape of a sample (C, T, H, W) or (C, H, W)."""
        clip = read_bank(self.bank)[index]
        length = pixels.shape[2] if pixels.dim() == 5 else 1
        times = np.linspace(0, len(clip) - 1, length).round().astype(int)
        frames = torch.from_numpy(np.ascontiguousarray(clip[times])).permute(0, 3, 1, 2).double()
        sized = F.interpolate(frames, pixels.shape[-2:], mode='bilinear', align_corners=False)
        placed = sized.to(pixels).transpose(0, 1)
        return placed if pixels.dim() == 5 else placed[:, 0]
