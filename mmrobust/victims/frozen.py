"""Hold a network still during an attack, and leave it as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def frozen(model: nn.Module | None) -> Iterator[None]:
    """Evaluation mode and no parameter gradients inside; all restored after.

    OpenMMLab's own activation checkpoints (``with_cp``) are switched off too:
    they are of the kind that ``torch.autograd.grad`` refuses, and a frozen
    network has no other use for them.

    Args:
        model: The network; None does nothing. The mode of every submodule is
            restored on its own: frozen batch norms inside a training model
            stay as they are.
    """
    if model is None:
        yield
        return
    modes = [(module, module.training) for module in model.modules()]
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    recomputing: list[Any] = [m for m in model.modules() if getattr(m, 'with_cp', False) is True]
    try:
        model.eval()
        for recomputer in recomputing:
            recomputer.with_cp = False
        for parameter, _ in flags:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
        for recomputer in recomputing:
            recomputer.with_cp = True
