"""mmengine's launchers call ``torch.cuda.set_device`` also without CUDA.

A CPU-only torch then raises AttributeError, and the model wrapper is given a
device of which there is none. With ``backend='gloo'`` neither is needed.
"""

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported

LAUNCHERS = ('_init_dist_pytorch', '_init_dist_mpi', '_init_dist_slurm')


def _has_cuda() -> bool:
    return bool(importlib.import_module('torch').cuda.is_available())


def without_cuda(launch: Callable[..., None]) -> Callable[..., None]:
    """The launcher, choosing no CUDA device where there is none."""

    @functools.wraps(launch)
    def launcher(backend: str, *args: Any, **kwargs: Any) -> None:
        if backend != 'gloo' or _has_cuda():
            launch(backend, *args, **kwargs)
            return
        cuda = importlib.import_module('torch').cuda
        choose = cuda.set_device
        cuda.set_device = lambda device: None
        try:
            launch(backend, *args, **kwargs)
        finally:
            cuda.set_device = choose

    return launcher


def without_devices(init: Callable[..., None]) -> Callable[..., None]:
    """The model wrapper's ``__init__``, given no CUDA devices where there are none."""

    @functools.wraps(init)
    def wrapper_init(self: Any, module: Any, *args: Any, **kwargs: Any) -> None:
        on_cpu = all(parameter.device.type == 'cpu' for parameter in module.parameters())
        if on_cpu and not _has_cuda():
            kwargs.update(device_ids=None, output_device=None)
        init(self, module, *args, **kwargs)

    return wrapper_init


class NoCUDA(Break):
    """Distributed runs on a machine without CUDA."""

    name = 'distributed runs without CUDA'
    symptom = "module 'torch._C' has no attribute '_cuda_setDevice'"
    remedy = "launchers work with env_cfg.dist_cfg.backend='gloo'"

    def detect(self) -> bool:
        """There is mmengine, but no CUDA (imports torch)."""
        return None not in (find_real('mmengine'), find_real('torch')) and not _has_cuda()

    def heal(self) -> None:
        """Wait for the launchers and for the model wrapper."""
        when_imported('mmengine.dist.utils', self._patch_launchers)
        when_imported('mmengine.model.wrappers.distributed', self._patch_wrapper)

    def _patch_launchers(self, module: ModuleType) -> None:
        for name in LAUNCHERS:
            module.__dict__[name] = without_cuda(module.__dict__[name])

    def _patch_wrapper(self, module: ModuleType) -> None:
        wrapper = module.__dict__['MMDistributedDataParallel']
        wrapper.__init__ = without_devices(wrapper.__init__)
