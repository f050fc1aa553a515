"""Where query attacks get their noise from, one sampler per file."""

from mmrobust.lazy import offers
from mmrobust.samplers.base import Noise, NoiseSampler

__getattr__, __dir__ = offers(__name__, 'SAMPLERS')
__all__ = ['Noise', 'NoiseSampler']
