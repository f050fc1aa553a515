"""Functions of the user's own, by ``module:function``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.checks import require
from mmrobust.registry import RUNTIMES
from mmrobust.victims.deployed.runtimes.base import Arrays, Runtime


@RUNTIMES.register_module()
class FunctionRuntime(Runtime):
    """Any function from an array (N, ...) to an array, several, or a dict of them.

    Args:
        function: ``module:function``, looked up with the current folder first; or the function.
        batch: How many samples one call takes; None: any number.
        dtype: Of the array that it wants.

    Raises:
        ValueError: There is no such module or function.
    """

    def __init__(
        self,
        function: str | Callable[[NDArray[Any]], Any],
        batch: int | None = None,
        dtype: str = 'float32',
    ) -> None:
        self.name = function if isinstance(function, str) else getattr(function, '__name__', '?')
        self.function = _found(function) if isinstance(function, str) else function
        require(callable(self.function), 'function', 'a function', self.function)
        self.batch, self.dtype = batch, dtype

    def __call__(self, array: NDArray[Any]) -> Arrays:
        """See :class:`~mmrobust.victims.deployed.runtimes.base.Runtime`."""
        # A copy: some functions normalise their input in place.
        found = self.function(array.copy())
        if isinstance(found, Mapping):
            return {str(name): np.asarray(one) for name, one in found.items()}
        parts = found if isinstance(found, list | tuple) else [found]
        return {f'output{n}' if n else 'output': np.asarray(one) for n, one in enumerate(parts)}

    @property
    def says(self) -> str:
        """Its name."""
        return self.name


def _found(name: str) -> Any:
    """The function of ``module:function``."""
    module, colon, attribute = name.partition(':')
    require(bool(module and colon and attribute), 'function', 'module:function', name)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.split('.'):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f'function must be module:function, got {name!r}: {error}') from error
    return found
