"""Readouts: what the outputs of a bottom-up head mean, one file per family."""

from mmrobust.victims.bottomup.readouts.associative import AssociativeReadout
from mmrobust.victims.bottomup.readouts.base import PersonsAim, PersonsReadout
from mmrobust.victims.bottomup.readouts.cid import CIDReadout
from mmrobust.victims.bottomup.readouts.dekr import DEKRReadout
from mmrobust.victims.bottomup.readouts.one_stage import RTMOReadout, YOLOXPoseReadout
from mmrobust.victims.bottomup.readouts.registry import READOUTS, readout_of, register

__all__ = [
    'READOUTS',
    'AssociativeReadout',
    'CIDReadout',
    'DEKRReadout',
    'PersonsAim',
    'PersonsReadout',
    'RTMOReadout',
    'YOLOXPoseReadout',
    'readout_of',
    'register',
]
