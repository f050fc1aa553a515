"""A command's arguments: what two commands share, and one line on what is wrong with them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from mmrobust.functional.checks import suggestion

# What more than one command takes. A command may word the help of its own.
SHARED: dict[str, dict[str, Any]] = {
    'config': {'help': 'config of the model'},
    'checkpoint': {'help': 'its weights'},
    '--attack': {'metavar': 'NAME|FILE', 'help': 'as of mmrobust attack'},
    '--surrogate': {
        'nargs': 2,
        'metavar': ('CONFIG', 'CHECKPOINT'),
        'help': 'another model that gives the gradients; the attacked one only says what succeeds',
    },
    '--black-box': {
        'action': 'store_true',
        'help': 'CHECKPOINT is a deployed network (.onnx), or a function of yours '
        '(module:function); the pipeline, decoder and metrics stay those of CONFIG',
    },
    '--work-dir': {},
    '--save-adv': {'metavar': 'DIR'},
    '--save': {'metavar': 'DIR'},
    '--seed': {'type': int, 'help': 'seed of the attack; default 0'},
    '--max-samples': {'type': int, 'help': 'attack only the first N samples'},
    '--batch-size': {'type': int, 'help': "default: the config's"},
    '--device': {'help': 'cpu, cuda or cuda:N; default cuda if there is one'},
    '--resume': {'action': 'store_true', 'help': 'go on from the ledger in the work dir'},
    '--cfg-options': {
        'nargs': '+',
        'default': [],
        'metavar': 'KEY=VALUE',
        'help': 'as of mmrobust attack',
    },
}


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
        self._words: list[str] = []
        self.add_argument('--traceback', action='store_true', help='show where an error came from')

    def share(self, name: str, text: str | None = None) -> None:
        """Take the argument ``name`` of :data:`SHARED`, with ``text`` for its help if given."""
        self.add_argument(name, **{**SHARED[name], **({} if text is None else {'help': text})})

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments; leaves with status 2 where they are wrong."""
        self._words = list(words)
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
        if message.startswith('the following arguments are required'):
            # A misspelt option takes a value that stood for an argument.
            known = self._option_string_actions
            misspelt = (w.partition('=')[0] for w in self._words if w.startswith('--'))
            unknown = next((w for w in misspelt if not any(k.startswith(w) for k in known)), None)
            message = message if unknown is None else self._unknown(unknown)
        self.exit(2, f'error: {message} (see {self.prog} --help)\n')
