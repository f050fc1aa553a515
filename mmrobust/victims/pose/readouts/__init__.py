"""Readouts: what the response of a pose head means, one file per family."""

from mmrobust.victims.pose.readouts.base import PoseAim, Readout
from mmrobust.victims.pose.readouts.coordinates import CoordinateReadout, RLEReadout
from mmrobust.victims.pose.readouts.heatmap import HeatmapReadout
from mmrobust.victims.pose.readouts.persons import PerPersonReadout
from mmrobust.victims.pose.readouts.registry import READOUTS, readout_of, register
from mmrobust.victims.pose.readouts.simcc import SimCCReadout

__all__ = [
    'READOUTS',
    'CoordinateReadout',
    'HeatmapReadout',
    'PerPersonReadout',
    'PoseAim',
    'RLEReadout',
    'Readout',
    'SimCCReadout',
    'readout_of',
    'register',
]
