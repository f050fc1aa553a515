"""MMAction2 recognisers that compute the optical flow they see."""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'MODELS')
