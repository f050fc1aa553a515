"""Head adapters: what the outputs of a bottom-up head mean, one file per family."""

from mmrobust.victims.bottomup.head_adapters.associative import AssociativeAdapter
from mmrobust.victims.bottomup.head_adapters.base import PersonsAdapter, PersonsReference
from mmrobust.victims.bottomup.head_adapters.cid import CIDAdapter
from mmrobust.victims.bottomup.head_adapters.dekr import DEKRAdapter
from mmrobust.victims.bottomup.head_adapters.one_stage import RTMOAdapter, YOLOXPoseAdapter
from mmrobust.victims.bottomup.head_adapters.registry import ADAPTERS, adapter_of, register

__all__ = [
    'ADAPTERS',
    'AssociativeAdapter',
    'CIDAdapter',
    'DEKRAdapter',
    'PersonsReference',
    'PersonsAdapter',
    'RTMOAdapter',
    'YOLOXPoseAdapter',
    'adapter_of',
    'register',
]
