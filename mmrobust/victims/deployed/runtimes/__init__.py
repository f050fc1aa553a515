"""What runs a deployed network: arrays in, arrays out."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(
    __name__, 'RUNTIMES', more={'Runtime': 'mmrobust.victims.deployed.runtimes.base'}
)
