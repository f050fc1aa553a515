"""A table of runs in LaTeX and Markdown: whole, and safe whatever the names."""

import re
import shutil
import subprocess

import pytest

from mmrobust.visualization.run_rows import KEYS
from mmrobust.visualization.run_table import run_columns, run_table
from mmrobust.visualization.table_formats import as_latex, as_markdown, escaped

HOSTILE = r'50% of_a & b #1 $x$ {y} ~z^2 \input{/etc/passwd} | <c>'


def make_row(**changes):
    known = dict.fromkeys((*KEYS, 'data')) | {
        'run': 'one', 'model': 'net', 'attack': 'PGD', 'threat': 'l_inf', 'eps': 8.0, 'n': 5,
        'metric': 'acc/top1', 'clean': 0.8, 'adversarial': 0.2, 'attacked': 4,
        'success_rate': 0.75, 'success_rate_low': 0.3006, 'success_rate_high': 0.9544,
        'calls': 15.0, 'linf': 8.0, 'psnr': 40.04, 'frames': 16.0, 'frames_total': 16.0,
    }  # fmt: skip
    return known | changes


def shown(rows):
    return {c.name: [c.show(row) for row in rows] for c in run_columns(rows)}


def test_a_row_in_words():
    found = shown([make_row()])
    assert found == {
        'model': ['net'], 'attack': ['PGD'], 'threat': ['l_inf'], 'eps': ['8'], 'n': ['5'],
        'clean accuracy, %': ['80.0'], 'accuracy under attack, %': ['20.0'], 'attacked': ['4'],
        'success, %': ['75.0 [30.1, 95.4]'], 'calls': ['15'], 'l_inf': ['8'], 'PSNR, dB': ['40.0'],
    }  # fmt: skip


def test_columns_are_those_that_say_something():
    few = make_row(frames=3.0, ssim=0.9, failed=2, eps=4.0)
    found = shown([make_row(), few])
    assert found['frames'] == ['–', '3']
    assert (found['SSIM'], found['failed']) == (['–', '0.900'], ['–', '2'])
    assert 'run' not in found
    # Rows that are told by nothing else are told by their folder.
    assert shown([make_row(), make_row(run='two', seed=1)])['run'] == ['one', 'two']
    other = make_row(metric='NME', clean=0.25, adversarial=0.5)
    found = shown([make_row(), other])
    assert found['metric'] == ['acc/top1', 'NME']
    assert (found['clean'], found['under attack']) == (['80.0', '0.25'], ['20.0', '0.5'])
    nothing = dict.fromkeys(('metric', 'clean', 'adversarial', 'success_rate'))
    nothing |= dict.fromkeys(('success_rate_low', 'success_rate_high'))
    assert 'success, %' not in shown([make_row(**nothing)])


def cells_of(line):
    assert line.endswith(r' \\'), line
    return [cell.strip() for cell in re.split(r'(?<!\\)&', line.removesuffix(r'\\'))]


def test_latex_is_a_whole_table_whatever_the_names():
    rows = [make_row(model=HOSTILE, attack='a\nb', threat=HOSTILE), make_row(model='[x]*')]
    text = as_latex(run_table(rows, ['rows\nof "two" runs']))
    lines = text.splitlines()
    table = [line for line in lines if not line.startswith('% ')]
    assert lines[0] == r'% Needs \usepackage{booktabs}.'
    assert table[0] == r'\begin{tabular}{lllrrrrrrrrr}'
    assert table[1] == r'\toprule'
    assert table[3] == r'\midrule'
    assert table[-2:] == [r'\bottomrule', r'\end{tabular}']
    assert len(table) == 6 + len(rows)
    for line in (table[2], *table[4:-2]):
        assert len(cells_of(line)) == 12, line
        # What is not escaped: braces and dollars pair, and no comment or command is theirs.
        bare = re.sub(r'\\[&%$#_{}]', '', line.removesuffix(r' \\'))
        assert bare.count('{') == bare.count('}')
        assert bare.count('$') % 2 == 0
        assert not re.search(r'[%#~^|<>]', re.sub(r'\$[^$]*\$', '', bare))
        known = (
            r'textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|ell|infty'
        )
        assert not re.search(rf'\\(?!{known})', bare), bare
    # After the end of a line a bracket would be its argument.
    assert table[5].startswith('{}[x]*')
    assert cells_of(table[5])[2] == r'$\ell_{\infty}$'


@pytest.mark.parametrize(
    ('text', 'written'),
    [
        ('l_inf', r'$\ell_{\infty}$'),
        ('l_2, each view', r'$\ell_{2}$, each view'),
        ('model_l_inf', r'model\_l\_inf'),
        ('success, %', r'success, \%'),
        ('–', '--'),
        ('−3', '$-$3'),
        ('a × b ≤ c', r'a x b \textless{}= c'),
        ('', ''),
    ],
)
def test_names_are_set_as_they_stand(text, written):
    assert escaped(text) == written


@pytest.mark.skipif(shutil.which('pdflatex') is None, reason='no pdflatex')
def test_latex_compiles(tmp_path):
    rows = [make_row(model=HOSTILE), make_row(model='[x]*', attack=HOSTILE)]
    head = '\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n'
    (tmp_path / 'a.tex').write_text(head + as_latex(run_table(rows, [])) + '\\end{document}\n')
    command = [
        'pdflatex',
        '-interaction=nonstopmode',
        '-halt-on-error',
        '-no-shell-escape',
        'a.tex',
    ]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


def test_markdown_has_a_line_per_row():
    text = as_markdown(run_table([make_row(model='a|b\nc'), make_row()], ['two']))
    head, rule, first, _, blank, note, *_ = text.split('\n')
    assert head.count('|') == rule.count('|') == first.replace(r'\|', '').count('|') == 13
    assert rule.startswith('|---|---|---|---:|')
    assert r'| a\|b c |' in first
    assert blank == ''
    assert note.startswith('success: over the samples')
    assert text.endswith('\n\nWarning: two\n')
