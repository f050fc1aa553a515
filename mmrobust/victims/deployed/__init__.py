"""Models as they are deployed: a config's pipeline and head round a foreign network."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'MODELS')
