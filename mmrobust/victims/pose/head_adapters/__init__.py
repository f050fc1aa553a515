"""Head adapters: what the response of a pose head means, one file per family."""

from mmrobust.victims.pose.head_adapters.base import HeadAdapter, PoseReference
from mmrobust.victims.pose.head_adapters.coordinates import CoordinateAdapter, RLEAdapter
from mmrobust.victims.pose.head_adapters.heatmap import HeatmapAdapter
from mmrobust.victims.pose.head_adapters.persons import PerPersonAdapter
from mmrobust.victims.pose.head_adapters.registry import ADAPTERS, adapter_of, register
from mmrobust.victims.pose.head_adapters.simcc import SimCCAdapter

__all__ = [
    'ADAPTERS',
    'CoordinateAdapter',
    'HeatmapAdapter',
    'PerPersonAdapter',
    'PoseReference',
    'RLEAdapter',
    'HeadAdapter',
    'SimCCAdapter',
    'adapter_of',
    'register',
]
