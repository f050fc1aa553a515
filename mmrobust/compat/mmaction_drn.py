"""The mmaction2 1.2.0 wheel lacks ``mmaction.models.localizers.drn``.

Its ``localizers/__init__.py`` imports ``DRN`` from there all the same, so that
no model of MMAction2 can be imported (open issue mmaction2#2714).
"""

from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, stand_in

LOCALIZERS = 'mmaction.models.localizers'
PACKAGE = f'{LOCALIZERS}.drn'


class DRN:
    """Stand-in for MMAction2's temporal grounding model: cannot be built."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            'DRN is missing from the mmaction2 wheel: install MMAction2 from source to use it'
        )


class MissingDRN(Break):
    """The sub-package is imported but not part of the wheel."""

    name = 'mmaction2 wheel without localizers.drn'
    symptom = f"No module named '{PACKAGE}'"
    remedy = 'a stand-in package whose class DRN raises when built'

    def detect(self) -> bool:
        """MMAction2 is there and the sub-package is not."""
        return find_real(LOCALIZERS) is not None and find_real(f'{PACKAGE}.drn') is None

    def heal(self) -> None:
        """Offer the package and its module."""
        stand_in(PACKAGE, lambda module: None, is_package=True)
        stand_in(f'{PACKAGE}.drn', self._fill)

    def _fill(self, module: ModuleType) -> None:
        module.__dict__['DRN'] = DRN
        self.note()
