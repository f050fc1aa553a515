"""What a process has set for all code in it, to be compared before and after a call."""

import gc
import hashlib
import logging
import multiprocessing
import os
import pickle
import random
import resource
import signal
import sys
import threading
import warnings

import cv2
import numpy as np
import torch


def settings() -> dict[str, object]:
    """Settings by name; none of them is an object that the settings themselves change."""
    from mmengine.logging import MMLogger
    from mmengine.registry import DefaultScope

    def known(kind):
        return list(kind._instance_dict)

    root = logging.getLogger()
    return {
        'environment': dict(os.environ),
        'warnings': list(warnings.filters),
        'show warnings': warnings.showwarning,
        'signals': {one: signal.getsignal(one) for one in signal.valid_signals()},
        'logging': (root.level, list(root.handlers), logging.root.manager.disable),
        'loggers of mmengine': known(MMLogger),
        'scopes of mmengine': known(DefaultScope),
        'threads of torch': (torch.get_num_threads(), torch.get_num_interop_threads()),
        'threads of OpenCV': cv2.getNumThreads(),
        'threads': sorted(one.name for one in threading.enumerate()),
        'start of processes': multiprocessing.get_start_method(allow_none=True),
        'open files': resource.getrlimit(resource.RLIMIT_NOFILE),
        'cudnn': (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        'determinism': torch.are_deterministic_algorithms_enabled(),
        'gradients': torch.is_grad_enabled(),
        'type of numbers': torch.get_default_dtype(),
        'folder': os.getcwd(),
        'path': list(sys.path),
        'hooks': (sys.excepthook, sys.displayhook, threading.excepthook),
        'streams': (sys.stdout, sys.stderr),
        'numpy errors': np.geterr(),
        'garbage': (gc.get_threshold(), gc.isenabled()),
        'randomness': hashlib.sha256(
            pickle.dumps((random.getstate(), np.random.get_state(), torch.get_rng_state().numpy()))
        ).hexdigest(),
    }


def differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """What is not as it was, in words."""
    return [
        f'{name}: {before[name]} -> {after[name]}' for name in before if before[name] != after[name]
    ]
