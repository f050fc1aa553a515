"""One random stream per sample.

A sample's stream depends on the run's seed and on the sample's index alone:
results do not change with batch size, worker count or number of processes.
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def sample_seed(seed: int, index: int) -> int:
    """A 32-bit seed for one sample (torch's CPU generator keeps 32 bits)."""
    digest = hashlib.blake2b(f'{seed}/{index}'.encode(), digest_size=4).digest()
    return int.from_bytes(digest, 'little')


class SampleRandom:
    """Random numbers for a batch, one generator per sample.

    Args:
        generators: N CPU generators.

    Numbers are drawn on the CPU and moved, so that a GPU run sees the same.
    """

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        self.generators = list(generators)

    @classmethod
    def from_seeds(cls, seeds: Sequence[int]) -> 'SampleRandom':
        """One fresh generator per seed."""
        return cls([torch.Generator().manual_seed(seed) for seed in seeds])

    def __len__(self) -> int:
        return len(self.generators)

    def select(self, rows: Tensor) -> 'SampleRandom':
        """The streams of some samples; they go on where they were."""
        return SampleRandom([self.generators[row] for row in rows.tolist()])

    def fork(self, label: str) -> 'SampleRandom':
        """Fresh streams that depend on the samples' seeds and the label, not on what was drawn."""
        seeds = [f'{g.initial_seed()}/{label}'.encode() for g in self.generators]
        digests = [hashlib.blake2b(seed, digest_size=4).digest() for seed in seeds]
        return SampleRandom.from_seeds([int.from_bytes(one, 'little') for one in digests])

    def uniform_like(self, x: Tensor) -> Tensor:
        """Uniform numbers in [0, 1), shaped and placed like ``x`` (N, ...)."""
        draws = [torch.rand(x.shape[1:], generator=g) for g in self.generators]
        return torch.stack(draws).to(device=x.device, dtype=x.dtype)

    def normal_like(self, x: Tensor) -> Tensor:
        """Standard normal numbers, shaped and placed like ``x`` (N, ...)."""
        draws = [torch.randn(x.shape[1:], generator=g) for g in self.generators]
        return torch.stack(draws).to(device=x.device, dtype=x.dtype)
