"""Adversarial robustness of OpenMMLab video recognisers and pose estimators.

Importing the package heals the known breaks of the OpenMMLab stack on current
Python and torch (see :mod:`mmrobust.compat`); nothing heavy is imported.
"""

from mmrobust.compat import heal
from mmrobust.version import __version__

heal()

__all__ = ['__version__']
