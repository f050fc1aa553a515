"""The attacks, one algorithm per file; every module here is imported.

A new attack is a new file with a class under ``@ATTACKS.register_module()``;
nothing else has to be touched.
"""

import importlib
import pkgutil

from mmrobust.attacks.base import Attack

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f'{__name__}.{_module.name}')

__all__ = ['Attack']
