"""torchvision whose compiled extension does not load beside this torch.

Typical for the CUDA build of torchvision next to a CPU-only torch. torchvision
then fails on import, because it describes operators that were never defined.
Defining their schemas is enough for models and transforms, which use none.
"""

import importlib
from types import ModuleType
from typing import Any, NoReturn

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported

EXTENSION = 'torchvision.extension'
OPERATORS = ('nms', 'qnms')
SCHEMA = '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor'


def unavailable(*args: Any, **kwargs: Any) -> NoReturn:
    """Kernel of every operator that the extension should have brought."""
    raise RuntimeError(
        "torchvision's compiled operators do not load beside this torch: "
        'install the torchvision built for it'
    )


class UnloadableOperators(Break):
    """The extension is there but cannot be loaded."""

    name = 'torchvision extension that does not load'
    symptom = 'operator torchvision::nms does not exist'
    remedy = 'the schemas of nms and qnms alone; calling one raises'
    advice = 'install the torchvision built for this torch, from the same index'

    def __init__(self) -> None:
        super().__init__()
        # A library undefines its operators when it is collected.
        self._library: Any = None

    def detect(self) -> bool:
        """The extension does not load (imports torchvision)."""
        if find_real('torchvision') is None:
            return False
        try:
            return not importlib.import_module(EXTENSION)._has_ops()
        except (ImportError, OSError, RuntimeError):  # another CUDA than torch's, for example
            self.remedy = ''
            return True

    def heal(self) -> None:
        """Wait for the extension: torchvision imports it before the rest of itself."""
        when_imported(EXTENSION, self._define)

    def _define(self, extension: ModuleType) -> None:
        if extension._has_ops() or self._library is not None:
            return
        from torch.library import Library

        self._library = Library('torchvision', 'FRAGMENT')
        for name in OPERATORS:
            self._library.define(name + SCHEMA)
            for key in ('CPU', 'CUDA'):
                self._library.impl(name, unavailable, key)
        self.note()
