"""Known breaks of the OpenMMLab stack on current Python and torch, healed.

:func:`heal` runs on ``import mmrobust``. It imports nothing heavy: each heal
waits until the module it concerns is imported, and does nothing where it is
not needed. ``python -m mmrobust.compat`` prints the state of an environment.
"""

from mmrobust.compat import _imports
from mmrobust.compat._base import Break, Finding, Status
from mmrobust.compat.annotation_lists import MisreadLists
from mmrobust.compat.checkpoints import UnsafeCheckpoints
from mmrobust.compat.chumpy import NeedlessChumpy
from mmrobust.compat.cpu_distributed import NoCUDA
from mmrobust.compat.decord_skips import WrongFrames
from mmrobust.compat.deprecation_notes import DeprecationNotes
from mmrobust.compat.flat_heatmaps import FlatHeatmaps
from mmrobust.compat.metadata_backport import MissingBackport
from mmrobust.compat.mmaction_drn import MissingDRN
from mmrobust.compat.mmcv_ext import MissingExtension
from mmrobust.compat.mmpose_requirements import MissingRequirements
from mmrobust.compat.opencv_ends import EarlyEnds
from mmrobust.compat.pkg_resources_stand_in import MissingResources
from mmrobust.compat.torchvision_ops import UnloadableOperators
from mmrobust.compat.xtcocotools_abi import NumpyTwo
from mmrobust.compat.yaml_tags import UnsafeYaml

BREAKS: tuple[Break, ...] = (
    MissingDRN(),
    MissingBackport(),
    MissingExtension(),
    MissingRequirements(),
    NeedlessChumpy(),
    UnloadableOperators(),
    NumpyTwo(),
    MissingResources(),
    UnsafeCheckpoints(),
    UnsafeYaml(),
    NoCUDA(),
    WrongFrames(),
    EarlyEnds(),
    DeprecationNotes(),
    MisreadLists(),
    FlatHeatmaps(),
)


def heal() -> None:
    """Put every heal in place; calling it again changes nothing."""
    _imports.install()
    for each in BREAKS:
        each.heal()


def report() -> list[Finding]:
    """State of every known break in this environment (imports torch)."""
    return [each.finding() for each in BREAKS]


__all__ = ['BREAKS', 'Break', 'Finding', 'Status', 'heal', 'report']
