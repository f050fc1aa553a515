"""mmpose 1.3.2 and mmdet 3.3.0 import mmcv's compiled operations at import time.

mmcv-lite has none. Few models use them, so it is enough that the import works
and that an operation says what is missing when it is called.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, stand_in

EXTENSION = 'mmcv._ext'
# Asked by mmcv.utils.collect_env whenever mmcv.ops can be imported.
INFORMATION = {'get_compiler_version', 'get_compiling_cuda_version'}


def operation(name: str) -> Callable[..., Any]:
    """A callable of this name that raises, or answers 'n/a' for mere information."""

    def unavailable(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f'mmcv operation {name!r} needs full mmcv, compiled; found mmcv-lite')

    def unknown() -> str:
        return 'n/a'

    return unknown if name in INFORMATION else unavailable


def _lookup(name: str) -> Callable[..., Any]:
    if name.startswith('__'):
        raise AttributeError(f'module {EXTENSION!r} has no attribute {name!r}')
    return operation(name)


class MissingExtension(Break):
    """mmcv-lite where compiled operations are imported."""

    name = 'mmcv-lite without compiled operations'
    symptom = f"No module named '{EXTENSION}'"
    remedy = f'a stand-in {EXTENSION} whose operations raise when called'

    def detect(self) -> bool:
        """Some mmcv is there and its extension is not."""
        return find_real('mmcv') is not None and find_real(EXTENSION) is None

    def heal(self) -> None:
        """Offer the extension."""
        stand_in(EXTENSION, self._fill)

    def _fill(self, module: ModuleType) -> None:
        module.__dict__['__getattr__'] = _lookup
        self.note()
