"""Known breaks of the OpenMMLab stack on current Python and torch, healed.

Heals are of two kinds. Those without which OpenMMLab does not import or run hold from
``import mmrobust`` on. Those that change what it does (``changes_behaviour``) hold inside
mmrobust's own commands, calls and loads, which run under :func:`healed`, and after :func:`heal`.

Nothing heavy is imported: each heal waits until the module it concerns is imported, and does
nothing where it is not needed. ``python -m mmrobust.compat`` prints the state of an environment.
"""

import os

from mmrobust.compat import _imports
from mmrobust.compat._base import Break, Finding, Status
from mmrobust.compat._scope import VARIABLE, ask, healed
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
from mmrobust.compat.track_annotations import CodeInTracks
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
    CodeInTracks(),
    FlatHeatmaps(),
)


def heal_imports() -> None:
    """Put every heal in place, for ``import mmrobust``; those that change behaviour stay inert.

    Not in a worker process that was started where they hold: there they hold too.
    """
    _imports.install()
    for each in BREAKS:
        each.heal()
    if VARIABLE in os.environ:
        ask()


def heal() -> None:
    """Let every heal hold for the rest of the process; calling it again changes nothing.

    Checkpoints and YAML files are then data for all that goes through mmengine, MMAction2 reads
    every video frame by frame where decord goes astray, and so on: the table in the page on
    installation says which and why.
    """
    heal_imports()
    ask()


def report() -> list[Finding]:
    """State of every known break in this environment (imports torch)."""
    return [each.finding() for each in BREAKS]


__all__ = ['BREAKS', 'Break', 'Finding', 'Status', 'heal', 'heal_imports', 'healed', 'report']
