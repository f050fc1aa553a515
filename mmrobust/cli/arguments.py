"""A command's arguments: what is wrong with them is said in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mmrobust.functional.checks import suggestion


class Arguments(argparse.ArgumentParser):
    """A parser whose errors are one line.

    Args:
        command: Of ``mmrobust``.
        description: For ``--help``.
        script: The file of ``tools`` that runs the same; default ``COMMAND.py``.
    """

    def __init__(self, command: str, description: str, script: str | None = None) -> None:
        script = script or f'{command}.py'
        alone = Path(sys.argv[0]).name == script
        super().__init__(prog=script if alone else f'mmrobust {command}', description=description)
        self.add_argument('--traceback', action='store_true', help='show where an error came from')

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments; leaves with status 2 where they are wrong."""
        found, rest = self.parse_known_args(words)
        if rest:
            self.error(self._unknown(rest[0].partition('=')[0]))
        for action in self._actions:
            if getattr(found, action.dest, None) == '':
                name = action.option_strings[-1] if action.option_strings else action.dest.upper()
                self.error(f'{name} must not be empty')
        return found

    def _unknown(self, word: str) -> str:
        if not word.startswith('-'):
            return f'unexpected argument {word!r}'
        shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
        known = {option for action in shown for option in action.option_strings[-1:]}
        hint = ' Options of the config follow --cfg-options' if '--cfg-options' in known else ''
        return f'unknown option {word!r}: {suggestion(word, known)}{hint}'

    def error(self, message: str) -> NoReturn:
        """One line, and status 2."""
        self.exit(2, f'error: {message} (see {self.prog} --help)\n')
