"""A table of runs, or of cards, as CSV, JSON, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence

from mmrobust.evaluation.markdown import markdown
from mmrobust.visualization.formatting import MINUS
from mmrobust.visualization.plain import PLAIN
from mmrobust.visualization.run_table import Table

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


def as_csv(table: Table) -> str:
    """All keys of the rows, in full precision; None is an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(table.rows[0]), lineterminator='\n')
    writer.writeheader()
    writer.writerows(table.rows)
    return buffer.getvalue()


def as_json(table: Table) -> str:
    """``schema``, ``rows`` and ``warnings``."""
    found = {'schema': SCHEMA, 'rows': list(table.rows), 'warnings': list(table.warnings)}
    return json.dumps(found, indent=2) + '\n'


def as_markdown(table: Table) -> str:
    """The columns that say something, and below them what they mean."""
    columns = table.columns
    cells = [
        [' '.join(column.show(line).replace('|', r'\|').split()) for column in columns]
        for line in table.lines
    ]
    # After the dashes: a column of numbers is set flush right.
    found = markdown([column.name for column in columns], cells).split('\n')
    found[1] = '|' + '|'.join('---:' if column.numeric else '---' for column in columns) + '|'
    below = [table.note, *(f'Warning: {w}' for w in table.warnings)]
    return '\n\n'.join(['\n'.join(found), *below]) + '\n'


def as_latex(table: Table) -> str:
    """A ``tabular`` for the package booktabs; what it means stands in comments."""
    columns = table.columns
    kinds = ''.join('r' if column.numeric else 'l' for column in columns)
    said = (table.note, *(f'Warning: {w}' for w in table.warnings))
    comments = [f'% {" ".join(text.split())}' for text in (r'Needs \usepackage{booktabs}.', *said)]
    lines = [
        *comments,
        rf'\begin{{tabular}}{{{kinds}}}',
        r'\toprule',
        _line([column.name for column in columns]),
        r'\midrule',
        *(_line([column.show(line) for column in columns]) for line in table.lines),
        r'\bottomrule',
        r'\end{tabular}',
    ]
    return '\n'.join(lines) + '\n'


FORMATS: dict[str, Callable[[Table], str]] = {
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
