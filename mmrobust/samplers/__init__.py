"""Where query attacks get their noise from, one sampler per file."""

from mmrobust.samplers.base import Noise, NoiseSampler
from mmrobust.samplers.geometric import Geometric
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.one_noise import OneNoise
from mmrobust.samplers.sparked import Sparked

__all__ = ['Geometric', 'MultiNoise', 'Noise', 'NoiseSampler', 'OneNoise', 'Sparked']
