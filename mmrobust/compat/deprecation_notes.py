"""MMAction2 opens files by a part of mmengine that says, at each run, that it is deprecated.

The two warnings come from the first video that is decoded, in each data worker, and break into
whatever is on the terminal by then. Nobody who runs a model can heed them.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within

DEPRECATED = 'will be deprecated in future'


def _without_notes(say: Callable[..., None]) -> Callable[..., None]:
    """``print_log``, silent on what is deprecated."""

    @functools.wraps(say)
    def quiet(msg: Any, *args: Any, **kwargs: Any) -> None:
        if DEPRECATED not in str(msg):
            say(msg, *args, **kwargs)

    return quiet


class DeprecationNotes(Break):
    """mmengine's old readers of files, which MMAction2 uses."""

    name = 'mmaction2 and deprecated readers of mmengine'
    symptom = '"FileClient" will be deprecated in future'
    remedy = 'not said: it is no affair of who runs a model'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with MMAction2: its last release uses them."""
        return find_real('mmaction') is not None

    def heal(self) -> None:
        """Wait for the readers."""
        when_imported('mmengine.fileio.file_client', self._patch)

    def _patch(self, module: ModuleType) -> None:
        say = module.__dict__['print_log']
        module.__dict__['print_log'] = within(say, _without_notes(say))
        self.note()
