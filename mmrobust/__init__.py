"""Adversarial robustness of OpenMMLab video recognisers and pose estimators.

Importing the package heals what keeps OpenMMLab from running on current Python and torch
(see :mod:`mmrobust.compat`), and changes nothing else of the process; nothing heavy is
imported. Attacks, threats, goals and the rest are there by name, and imported when they are
asked for::

    import mmrobust as mr

    victim = mr.load_victim(CONFIG, CHECKPOINT)
    outcomes = mr.attack(victim, 'clip.mp4', mr.PGD(threat=mr.Linf(eps=4)))
    report = mr.evaluate(CONFIG, CHECKPOINT, attack='pgd', work_dir='out')
"""

from mmrobust.compat import heal_imports
from mmrobust.lazy import offers
from mmrobust.version import __version__

heal_imports()

__getattr__, __dir__ = offers(
    __name__,
    *('ATTACKS', 'THREATS', 'GOALS', 'SAMPLERS', 'ESTIMATORS', 'INPUT_TRANSFORMS'),
    more={
        'attack': 'mmrobust.api',
        'evaluate': 'mmrobust.api',
        'load_victim': 'mmrobust.api',
        'FunctionVictim': 'mmrobust.victims.function',
        'Outcome': 'mmrobust.attacks.outcome',
    },
)
__all__ = ['__version__']
