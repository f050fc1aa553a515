"""The gradient through input transforms, which may make several copies of a sample.

Shapes: N samples, C channels, T frames, H, W pixels, K classes.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.loop_state import LoopState
from mmrobust.functional.checks import require
from mmrobust.input_transforms import InputTransform


def check_transforms(transforms: object) -> None:
    """Raise ValueError unless ``transforms`` is a list of input transforms."""
    rule = 'a list of input transforms or their configs'
    require(isinstance(transforms, list | tuple), 'transforms', rule, transforms)
    assert isinstance(transforms, list | tuple)
    for index, one in enumerate(transforms):
        rule = 'an input transform or its config'
        require(isinstance(one, InputTransform), f'transforms[{index}]', rule, one)


def transformed_ascent(
    state: LoopState, pixels: Tensor, transforms: Sequence[InputTransform]
) -> tuple[Tensor, Tensor]:
    """Outputs (N, K) of the last copy, and the weighted mean of all copies' gradients (N, ...).

    Each copy passes all transforms in their order, with random numbers of its own, and costs a
    forward and a backward: of transforms that make m and n copies there are m * n. One at a
    time: memory is needed for one.

    Args:
        state: Victim, goal and random streams of the samples.
        pixels: (N, ...), where the gradient is taken.
        transforms: At least one.
    """
    leaf = pixels.detach().requires_grad_()
    total = torch.zeros_like(leaf, requires_grad=False)
    weights = [transform.weights() for transform in transforms]
    for indices in itertools.product(*(range(len(each)) for each in weights)):
        seen, share = leaf, 1.0
        for transform, each, index in zip(transforms, weights, indices, strict=True):
            seen = transform.copy(seen, index, state.victim.bounds, state.rng)
            share *= each[index]
        outputs = state.victim(seen)
        total = total + share * ascent(state.victim, leaf, outputs, state.goal)
    return outputs.detach(), total
