"""A table of runs as CSV, JSON, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence

from mmrobust.evaluation.markdown import markdown
from mmrobust.visualization.formatting import MINUS
from mmrobust.visualization.plain import PLAIN
from mmrobust.visualization.run_rows import RunRow
from mmrobust.visualization.run_table import NOTE, run_columns

SCHEMA = 1
# What LaTeX reads as commands, and how it is written.
SPECIAL = {
    '\\': r'\textbackslash{}',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': r'\textless{}',
    '>': r'\textgreater{}',
    '|': r'\textbar{}',
    **{sign: f'\\{sign}' for sign in '&%$#_{}'},
}
NORM = re.compile(r'\bl_(inf|\d)')


def as_csv(rows: Sequence[RunRow], warnings: Sequence[str]) -> str:
    """All keys of the rows, in full precision; None is an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def as_json(rows: Sequence[RunRow], warnings: Sequence[str]) -> str:
    """``schema``, ``rows`` and ``warnings``."""
    found = {'schema': SCHEMA, 'rows': list(rows), 'warnings': list(warnings)}
    return json.dumps(found, indent=2) + '\n'


def as_markdown(rows: Sequence[RunRow], warnings: Sequence[str]) -> str:
    """The columns that say something, and below them what they mean."""
    columns = run_columns(rows)
    cells = [
        [' '.join(column.show(row).replace('|', r'\|').split()) for column in columns]
        for row in rows
    ]
    # After the dashes: a column of numbers is set flush right.
    table = markdown([column.name for column in columns], cells).split('\n')
    table[1] = '|' + '|'.join('---:' if column.numeric else '---' for column in columns) + '|'
    return '\n\n'.join(['\n'.join(table), NOTE, *(f'Warning: {w}' for w in warnings)]) + '\n'


def as_latex(rows: Sequence[RunRow], warnings: Sequence[str]) -> str:
    """A ``tabular`` for the package booktabs; what it means stands in comments."""
    columns = run_columns(rows)
    kinds = ''.join('r' if column.numeric else 'l' for column in columns)
    comments = [
        f'% {" ".join(text.split())}'
        for text in (r'Needs \usepackage{booktabs}.', NOTE, *(f'Warning: {w}' for w in warnings))
    ]
    lines = [
        *comments,
        rf'\begin{{tabular}}{{{kinds}}}',
        r'\toprule',
        _line([column.name for column in columns]),
        r'\midrule',
        *(_line([column.show(row) for column in columns]) for row in rows),
        r'\bottomrule',
        r'\end{tabular}',
    ]
    return '\n'.join(lines) + '\n'


FORMATS: dict[str, Callable[[Sequence[RunRow], Sequence[str]], str]] = {
    'csv': as_csv,
    'latex': as_latex,
    'markdown': as_markdown,
    'json': as_json,
}
# By the ending of a file.
ENDINGS = {'.csv': 'csv', '.tex': 'latex', '.md': 'markdown', '.json': 'json'}


def _line(cells: Sequence[str]) -> str:
    found = ' & '.join(map(escaped, cells)) + r' \\'
    # At the end of the line before, a bracket or a star would be an argument.
    return f'{{}}{found}' if found[0] in '[*' else found


def escaped(text: str) -> str:
    """Text that LaTeX sets as it stands, on one line; norms and minus signs as mathematics."""
    parts = NORM.split(' '.join(text.split()))
    words = [_letters(part) for part in parts[::2]]
    norms = [rf'$\ell_{{{_index(part)}}}$' for part in parts[1::2]]
    return ''.join(a + b for a, b in zip(words, [*norms, ''], strict=True))


def _index(norm: str) -> str:
    return r'\infty' if norm == 'inf' else norm


def _letters(text: str) -> str:
    """A dash for what is not known keeps its length, other signs are those of a typewriter."""
    found = text.replace('–', '\0').replace(MINUS, '\1').translate(PLAIN)
    found = ''.join(SPECIAL.get(letter, letter) for letter in found)
    return found.replace('\0', '--').replace('\1', '$-$')
