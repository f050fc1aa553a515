"""The process stays the user's: what a call from Python sets is as before when it ends."""

from __future__ import annotations

import logging
import multiprocessing
import random
import resource
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import cv2
import mmengine.device.utils as device_utils
import numpy as np
import torch
from mmengine.utils import ManagerMixin

from mmrobust.io.devices import check_gpu, number_of


@contextmanager
def settings_kept() -> Iterator[None]:
    """Undo what mmengine's runner, its registries and configs set for the whole process.

    That are the default scope, loggers and other objects that mmengine keeps by name, OpenCV's
    threads, how processes start, how many files may be open, flags of cuDNN and determinism,
    filters of warnings, and folders of configs on ``sys.path``.
    """
    cudnn, start = torch.backends.cudnn, multiprocessing.get_start_method(allow_none=True)
    path, files = list(sys.path), resource.getrlimit(resource.RLIMIT_NOFILE)
    deterministic = torch.are_deterministic_algorithms_enabled()
    only = torch.is_deterministic_algorithms_warn_only_enabled()
    with ExitStack() as undo:
        undo.callback(_restore_named, {kind: dict(kind._instance_dict) for kind in _keepers()})
        undo.callback(cv2.setNumThreads, cv2.getNumThreads())
        undo.callback(multiprocessing.set_start_method, start, force=True)
        undo.callback(resource.setrlimit, resource.RLIMIT_NOFILE, files)
        for flag in ('benchmark', 'deterministic'):
            undo.callback(setattr, cudnn, flag, getattr(cudnn, flag))
        undo.callback(torch.use_deterministic_algorithms, deterministic, warn_only=only)
        undo.callback(sys.path.__setitem__, slice(None), path)
        undo.enter_context(warnings.catch_warnings())
        yield


@contextmanager
def randomness_kept() -> Iterator[None]:
    """Let the process's own random numbers go on as if nobody had drawn or sown inside."""
    here, arrays = random.getstate(), np.random.get_state()
    # The GPUs' too, where there are some in use: asking for them would start CUDA.
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            random.setstate(here)
            np.random.set_state(arrays)


@contextmanager
def on_device(device: str | None) -> Iterator[None]:
    """Let mmengine's runner take ``device`` inside, and hide none of the process's GPUs.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``; None leaves the choice to mmengine.

    Raises:
        ValueError: It is none of them, or torch finds no such GPU.
    """
    if device is None:
        yield
        return
    number = number_of(device, 'device')
    check_gpu(device, 'device', int(number or 0))
    kind = device.partition(':')[0]
    before = device_utils.DEVICE
    device_utils.DEVICE = kind
    try:
        with torch.cuda.device(int(number) if number else -1):
            yield
    finally:
        device_utils.DEVICE = before


def _keepers() -> Iterator[Any]:
    """The classes of which mmengine keeps instances by name."""
    left: list[Any] = ManagerMixin.__subclasses__()
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        yield kind


def _restore_named(before: dict[Any, dict[str, Any]]) -> None:
    for kind in _keepers():
        known, now = before.get(kind, {}), kind._instance_dict
        for name in now.keys() - known.keys():
            # The log file of a run that is over.
            for handler in now[name].handlers if isinstance(now[name], logging.Logger) else ():
                handler.close()
        now.clear()
        now.update(known)
