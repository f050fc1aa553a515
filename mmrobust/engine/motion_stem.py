"""A head start for small recognisers that train from scratch on few videos.

Shapes: kernels are (out, in, T, H, W).
"""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmrobust.registry import HOOKS


@HOOKS.register_module()
class MotionStemHook(Hook):
    """Begin training with a first 3D convolution that sees change, not scenery.

    The mean over time is taken out of each kernel, once, before the first
    iteration; from then on the weights are free. On the embedded videos a
    recogniser learns within a few epochs what it otherwise does not find in
    many: with random kernels the unmoving background drowns the movement.
    Nothing happens when a run resumes or starts from a checkpoint.

    Args:
        layer: Dotted name of the convolution in the model.
        gain: Factor on the kernels, which are smaller without their mean.
    """

    def __init__(self, layer: str = 'backbone.conv1.conv', gain: float = 3.0) -> None:
        if gain <= 0:
            raise ValueError(f'gain must be positive, got {gain}')
        self.layer, self.gain = layer, gain

    def before_train(self, runner: Runner) -> None:
        """Change the kernels of a fresh model."""
        if runner.iter > 0 or runner._load_from is not None:
            return
        weight = runner.model.get_submodule(self.layer).weight
        if weight.ndim != 5 or weight.shape[2] < 2:
            raise ValueError(
                f'layer must be a 3D convolution over at least 2 frames, got {self.layer!r} '
                f'with kernels {tuple(weight.shape)}'
            )
        with torch.no_grad():
            weight -= weight.mean(2, keepdim=True)
            weight *= self.gain
