"""Motion sources whose answers are known."""

import torch

from mmrobust.flow.estimator import FlowEstimator


class Planted(FlowEstimator):
    """The same motion everywhere, or a given map (2, H, W), whatever the frames."""

    differentiable = False

    def __init__(self, motion):
        super().__init__()
        self.motion = motion
        self.calls = []

    def estimate(self, first, second):
        assert not torch.is_grad_enabled()
        self.calls.append((first.clone(), second.clone()))
        found = torch.as_tensor(self.motion, dtype=torch.float64)
        if found.dim() == 1:
            found = found[:, None, None].expand(2, *first.shape[2:])
        return found.expand(len(first), *found.shape)


def video(channels=3, frames=5, height=7, width=9, seed=0):
    """Noise of grey levels (C, T, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (channels, frames, height, width), generator=generator).float()


def draw(noise, seed=0, iteration=0):
    return noise.draw(torch.Generator().manual_seed(seed), iteration)
