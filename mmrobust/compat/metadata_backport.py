"""mmaction2 1.2.0 imports ``importlib_metadata`` without declaring it.

The backport's names that matter are in the standard library.
"""

import importlib
from types import ModuleType

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, stand_in

BACKPORT = 'importlib_metadata'


class MissingBackport(Break):
    """The backport is imported but not declared."""

    name = 'importlib_metadata not declared by mmaction2'
    symptom = f"No module named '{BACKPORT}'"
    remedy = "the standard library's importlib.metadata under that name"

    def detect(self) -> bool:
        """MMAction2 is there and the backport is not."""
        return find_real('mmaction') is not None and find_real(BACKPORT) is None

    def heal(self) -> None:
        """Offer the backport."""
        stand_in(BACKPORT, self._fill)

    def _fill(self, module: ModuleType) -> None:
        # A copy of the names, not the module itself: the import system would
        # overwrite the standard library module's __spec__.
        source = vars(importlib.import_module('importlib.metadata'))
        module.__dict__.update({k: v for k, v in source.items() if not k.startswith('_')})
        module.__doc__ = 'Stand-in for importlib_metadata: the names of importlib.metadata.'
        self.note()
