"""The flow estimators, one per module; every module here is imported.

A new estimator is a new file with a class under ``@FLOWS.register_module()``.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f'{__name__}.{_module.name}')
