"""The lines of a coverage run as a page of Markdown."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage_reasons import CATEGORIES

from mmrobust.evaluation.markdown import markdown

Row = Mapping[str, Any]
COMMAND = (
    'python tools/analysis_tools/coverage.py --work-dir work_dirs/coverage --table docs/coverage.md'
)
STOCK = {'ok': 'runs', 'not tried': 'not tried, for want of such data', 'not known': 'not known'}


@dataclass(frozen=True)
class Place:
    """A config of a wheel.

    Attributes:
        package: Which.
        path: The file.
        inside: Its place under the package's configs: task, family, ..., name.
    """

    package: str
    path: Path
    inside: Path

    @property
    def name(self) -> str:
        """PACKAGE/TASK/FAMILY/.../NAME, without the ending."""
        return f'{self.package}/{self.inside.with_suffix("")}'

    @property
    def task(self) -> str:
        """Of the config: its first folder."""
        return self.inside.parts[0]

    @property
    def family(self) -> str:
        """Of the config: its second folder."""
        return self.inside.parts[1] if len(self.inside.parts) > 2 else ''


def read_rows(path: Path) -> dict[str, dict[str, Any]]:
    """The last line of each config; a line that was cut short is none."""
    found = {}
    for line in path.read_text(encoding='utf-8').splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[row['config']] = row
    return found


def table(rows: Iterable[Row], about: Mapping[str, Any]) -> str:
    """The page.

    Args:
        rows: Of the configs.
        about: Date, versions and limits of the run.
    """
    ordered = sorted(rows, key=lambda row: row['config'])
    tasks = [(row['package'], row['task']) for row in ordered]
    parts = [_head(ordered, about), _counts(ordered, ('package', 'task'), 'By task')]
    for package, task in dict.fromkeys(tasks):
        theirs = [row for row in ordered if (row['package'], row['task']) == (package, task)]
        parts.append(_counts(theirs, ('family',), f'{package}, {task.replace("_", " ")}', '###'))
    parts += [_reasons(ordered), _apart(ordered)]
    return '\n\n'.join(filter(None, parts)) + '\n'


def _head(rows: Sequence[Row], about: Mapping[str, Any]) -> str:
    """What was done, when, with what."""
    passed = sum(row['status'] == 'passed' for row in rows)
    every = about['configs']
    some = '' if len(rows) == every else f'; the wheels have {every}, and the others were not run'
    versions = ', '.join(f'{name} {number}' for name, number in about['versions'].items())
    limits = ', '.join(f'{value:g} {name}' for name, value in about['limits'].items())
    meaning = '\n'.join(f'* **{name}**: {words}' for name, words in CATEGORIES.items())
    return f"""# Coverage

Each config in the wheels of MMAction2 and MMPose was built without its pretrained weights, given
seeded random ones and a small video, track or picture in its data set's own format, and run twice:
by the stock test, and attacked by one step of PGD through the config's own test pipeline. A config
passes if the clean predictions and metrics are those of the stock test, the gradient is finite and
not zero (or that of the bare network vanishes, too), and the attack ends with all metrics.
**{passed} of {len(rows)} passed**{some}. This page is written by

```bash
{COMMAND}
```

on {about['date']}, with {versions}.
Limits for a config: {limits} of a sample, beyond which clips and crops were fewer.

{meaning}"""


def _counts(rows: Sequence[Row], keys: tuple[str, ...], title: str, level: str = '##') -> str:
    """Configs of each group by category, of those that occur."""
    groups: dict[tuple[str, ...], Counter[str]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), Counter())[row['status']] += 1
    shown = [name for name in CATEGORIES if any(count[name] for count in groups.values())]
    cells = [
        [' '.join(group) or '-', *(str(count[name] or '') for name in shown), str(count.total())]
        for group, count in groups.items()
    ]
    if len(groups) > 1:
        every = sum(groups.values(), Counter())
        cells.append(['all', *(str(every[name]) for name in shown), str(every.total())])
    return f'{level} {title}\n\n' + markdown([' '.join(keys), *shown, 'configs'], cells)


def _reasons(rows: Sequence[Row]) -> str:
    """Every config that did not pass, by reason."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row['status'] != 'passed':
            stock = row['stock'] if isinstance(row['stock'], str) else _plain(row['stock']['text'])
            key = row['status'], _plain(row['reason']), stock
            groups.setdefault(key, []).append(row['config'])
    order = sorted(groups, key=lambda key: [*CATEGORIES].index(key[0]))
    parts = ['## What did not pass' if groups else '']
    for status, reason, stock in order:
        names = groups[status, reason, stock]
        same = 'ends in the same way' if stock == reason else STOCK.get(stock, f'ends: {stock}')
        parts.append(
            f'**{status}** ({len(names)}): {reason}. Stock test: {same}.\n\n{_list(names)}'
        )
    return '\n\n'.join(parts)


def _apart(rows: Sequence[Row]) -> str:
    """What was done to a part of the configs alone."""
    passed = [row for row in rows if row['status'] == 'passed']
    groups: dict[str, list[str]] = {}
    for row in passed:
        words = [f'Changed: {row["reduced"]}'] if row['reduced'] else []
        if row['space']:
            words.append(f'In space {row["space"]}: {_plain(row["space_reason"])}')
        if 'plain_gradient' in row:
            words.append(
                'Gradient zero, and that of the bare network with these weights below 1e-9'
            )
        words += [f'Flag {flag}' for flag in row['flags']]
        for word in words:
            groups.setdefault(word, []).append(row['config'])
    parts = [f'**{word}** ({len(names)}).\n\n{_list(names)}' for word, names in groups.items()]
    return '\n\n'.join(['## Passed, with a note', *parts]) if parts else ''


def _list(names: Sequence[str]) -> str:
    """Configs by the folder that they are in."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, _, stem = name.rpartition('/')
        folders.setdefault(folder, []).append(stem)
    return '\n'.join(f'* {folder}: {", ".join(stems)}' for folder, stems in folders.items())


def _plain(text: str) -> str:
    """A message without this machine's folders, a config's own name and a run's numbers."""
    found = re.sub(r'(?<![\w:/.])/[\w.+-]+(?:/[\w.+-]+)+/([\w.+-]+)', r'\1', text)
    found = re.sub(r'[\w.+/-]*_[\w.+-]*\.py\b', 'NAME.py', found)
    found = re.sub(r'-?\b\d+\.\d+(?:e[+-]?\d+)?\b', 'x', found)
    for sign, other in (('`', ''), ('|', '/'), ('*', '\\*'), ('<', '\\<'), ('[', '\\[')):
        found = found.replace(sign, other)
    return found.rstrip('.')
