"""The members by name, and loading their checkpoints.

A file holds ``{'state_dict': tensors, ...}``, as NVIDIA's do, or the tensors alone.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from mmrobust.compat.checkpoints import load_from_local
from mmrobust.flow.flownet2.cascade import Cascade, LongCascade
from mmrobust.flow.flownet2.flownet_c import FlowNetC
from mmrobust.flow.flownet2.flownet_s import FlowNetS
from mmrobust.flow.flownet2.flownet_sd import FlowNetSD
from mmrobust.flow.flownet2.fused import FusedCascade
from mmrobust.flow.flownet2.network import FlowNetwork
from mmrobust.functional.checks import require

MEMBERS: dict[str, Callable[[float], FlowNetwork]] = {
    'FlowNet2': FusedCascade,
    'FlowNet2C': FlowNetC,
    'FlowNet2S': FlowNetS,
    'FlowNet2SD': FlowNetSD,
    'FlowNet2CS': Cascade,
    'FlowNet2CSS': LongCascade,
}
# A data-parallel wrapper's, and the one of an estimator of this package.
PREFIXES = ('module.', 'network.')


def load_member(network: FlowNetwork, member: str, path: str) -> None:
    """Fill ``network``, the one of ``MEMBERS[member]``, from a file, as data only.

    Raises:
        FileNotFoundError: No such file.
        UnpicklingError: No checkpoint, or one that would run code.
        ValueError: Another member's tensors, another width's, or values that
            are not finite.
    """
    # The engine is heavy, and imported only for the one function.
    from mmrobust.io.checkpoints import check_state

    tensors = _tensors(load_from_local(path, map_location='cpu'), path)
    expected = network.state_dict()
    if tensors.keys() != expected.keys():
        kind = _member_of(tensors)
        if kind is not None:
            raise ValueError(f'checkpoint must be of {member}, got one of {kind}: {path}')
    try:
        check_state(tensors, expected)
    except ValueError as error:
        raise ValueError(f'{path}: {error}{_width_of(tensors)}') from None
    network.load_state_dict(tensors)


def _tensors(content: Any, path: str) -> dict[str, Tensor]:
    """The named tensors of a file, under NVIDIA's names."""
    state = content.get('state_dict', content) if isinstance(content, dict) else None
    named = state.items() if isinstance(state, dict) else ()
    tensors = {str(name): value for name, value in named if isinstance(value, Tensor)}
    require(bool(tensors), 'checkpoint', 'a dict of named tensors', path)
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _member_of(tensors: dict[str, Tensor]) -> str | None:
    """The member that has tensors of these names."""
    with torch.device('meta'):
        names = {member: build(1.0).state_dict().keys() for member, build in MEMBERS.items()}
    return next((member for member, keys in names.items() if keys == tensors.keys()), None)


def _width_of(tensors: dict[str, Tensor]) -> str:
    """A clause on the width of the network that the tensors are from."""
    deepest = [value for name, value in tensors.items() if name.endswith('conv6_1.0.bias')]
    return f' (its width is about {len(deepest[0]) / 1024:.3g})' if deepest else ''
