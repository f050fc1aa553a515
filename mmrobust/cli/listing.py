"""``mmrobust list``: what can be named in a command or a config, one line each."""

from __future__ import annotations

import inspect
import itertools
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors

# What each is for; the names are those of the registries.
NOUNS = {
    'attacks': '--attack NAME, or attack.type in a config',
    'threats': 'attack.threat.type: what may be changed',
    'goals': 'attack.goal.type: what counts as success',
    'corruptions': '--corruptions NAME: natural changes, at severities 1 to 5',
    'cues': '--corruptions NAME: of videos that are rendered, filmed again',
    'track_corruptions': '--corruptions NAME: of skeletons, at severities 1 to 5',
    'explanations': '--method NAME of mmrobust explain, in small letters: grad_cam',
    'input_transforms': 'attack.transforms: what the samples pass before the victim sees them',
    'samplers': 'attack.sampler.type: the noise of query attacks that estimate a gradient',
}


def parser() -> Arguments:
    """The command's arguments."""
    p = Arguments('list', 'Attacks, threats, goals and other nouns by name, one line each.')
    p.add_argument('noun', nargs='?', choices=tuple(NOUNS), help='these alone; default all')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Print the names."""
    noun = parser().read(argv).noun
    for position, name in enumerate([noun] if noun else NOUNS):
        print(f'{"" if not position else chr(10)}{name} ({NOUNS[name]})')
        _print(_classes(name))
        if name == 'attacks':
            from mmrobust.engine.attack_configs import shipped

            print('\nattacks with their settings (--attack NAME)')
            _print({stem: _comment(path) for stem, path in shipped().items()})


def _print(lines: Mapping[str, str]) -> None:
    width = max(map(len, lines), default=0)
    for name, text in lines.items():
        print(f'  {name:{width}}  {text}')


def _classes(noun: str) -> dict[str, str]:
    """Every registered class with what it is."""
    from mmrobust import registry

    found = getattr(registry, noun.upper()).everything()
    return {name: _described(cls, noun) for name, cls in found.items()}


def _described(cls: Any, noun: str) -> str:
    """The first sentence: of an attack's module, which names the paper, else of the class."""
    texts = [inspect.getdoc(cls)]
    if noun == 'attacks':
        texts.insert(0, inspect.getdoc(inspect.getmodule(cls)))
    return next((_sentence(text) for text in texts if text), '')


def _comment(path: Path) -> str:
    """The first sentence of the comment that a config begins with."""
    lines = path.read_text(encoding='utf-8').splitlines()
    comment: Iterable[str] = itertools.takewhile(lambda line: line.startswith('#'), lines)
    return _sentence(' '.join(line.lstrip('# ') for line in comment))


def _sentence(text: str) -> str:
    """The first sentence, on one line, without markup; not broken at 'et al. 2018'."""
    paragraph = ' '.join(text.split('\n\n')[0].split())
    plain = re.sub(r':\w+:`~?(?:[\w.]*\.)?(\w+)`', r'\1', paragraph).replace('``', '')
    return re.split(r'(?<=[.!?])(?<!al\.) ', plain)[0]


if __name__ == '__main__':
    sys.exit(main())
