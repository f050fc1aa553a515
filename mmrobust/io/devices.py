"""Which device a model goes to: known words, and a GPU that is there."""

from __future__ import annotations


def number_of(device: str, name: str) -> str | None:
    """The GPU that a device names: '' for ``cpu``, None for ``cuda``, which is any.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        name: What gave it, for messages.

    Raises:
        ValueError: It is none of these.
    """
    if device in ('cpu', 'cuda'):
        return '' if device == 'cpu' else None
    if not (device.startswith('cuda:') and device[5:].isdecimal()):
        raise ValueError(f'{name} must be cpu, cuda or cuda:N, got {device!r}')
    return device[5:]


def check_gpu(device: str, name: str, number: int = 0) -> None:
    """Raise ValueError unless torch finds the GPU of that number, for a device of one."""
    import torch

    if device.startswith('cuda') and number >= torch.cuda.device_count():
        raise ValueError(f'{name} {device}: torch finds no such GPU')
