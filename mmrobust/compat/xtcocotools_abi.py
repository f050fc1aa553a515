"""The xtcocotools wheel was compiled against numpy 1."""

import importlib

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real


def _numpy_version() -> str:
    return importlib.import_module('numpy').__version__


class NumpyTwo(Break):
    """numpy 2 with a module compiled against numpy 1."""

    name = 'numpy 2 with the xtcocotools wheel'
    symptom = 'numpy.dtype size changed'
    advice = (
        'pip install "numpy<2", or '
        'pip install --no-binary xtcocotools --no-build-isolation xtcocotools'
    )

    def detect(self) -> bool:
        """The module does not load beside numpy 2 (imports it)."""
        if None in (find_real('xtcocotools'), find_real('numpy')):
            return False
        if int(_numpy_version().split('.')[0]) < 2:
            return False
        try:
            importlib.import_module('xtcocotools.mask')
        except (ImportError, ValueError):
            return True
        return False
