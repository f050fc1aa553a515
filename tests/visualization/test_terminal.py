"""The table on the terminal, and how numbers are written."""

import io
import math
import os
import subprocess
import sys

import pytest
from rich.console import Console

from mmrobust.visualization.formatting import (
    class_name,
    duration,
    flatten,
    interval,
    is_share,
    number,
    percent,
)
from mmrobust.visualization.plain import never_fail
from mmrobust.visualization.terminal import print_table

CARD = {
    'n': 65,
    'evaluated': 64,
    'failed': 1,
    'config': 'configs/[red]demo[/red]/tsn.py',
    'checkpoint': 'work_dirs/' + 'long' * 30 + '/best.pth',
    'attack': {
        'type': 'PGD',
        'threat': {'type': 'Linf', 'eps': 4.0},
        'goal': {'type': 'Misclassify'},
    },
    'space': 'video',
    'clean': {
        'acc/top1': 0.9375,
        'coco/AP (a rather long name of a metric that must be folded)': 1,
    },
    'adversarial': {'acc/top1': 0.04},
    'robust': {'acc under noise': 0.5},
    'success_rate': 0.95,
    'success_interval': [0.863, 0.983],
    'attacked': 60,
    'cost': {'forwards': 6.4, 'backwards': 5.9, 'queries': None},
    'perturbation': {'linf': 4.0, 'l2': 803.1, 'frames': 16.0},
    'wall_time': 251.0,
    'attack_time': 48.2,
    'flags': {'zero_gradient': 4, '[b]odd': 1},
}


def printed(card, terminal=False):
    buffer = io.StringIO()
    print_table(card, Console(file=buffer, width=80, force_terminal=terminal))
    return buffer.getvalue()


def test_piped_output_has_no_control_codes_and_80_columns():
    text = printed(CARD)
    assert '\x1b' not in text
    lines = text.splitlines()
    wide = [line for line in lines if len(line) > 80]
    assert len(wide) == 1
    assert wide[0].endswith(CARD['checkpoint'])  # a path is never broken
    flat = ' '.join(text.split())
    for words in (
        'tsn under PGD (l_inf, eps 4)',
        'acc/top1 93.8 % 4.0 % 89.8 pp',
        'success rate 95.0 % (95 % interval 86.3–98.3 %, n = 60)',
        'attacked 60 of 64 evaluated',
        'failed 1 of 65',
        'forwards per sample 6.4',
        'l_2 803.1',
        'acc under noise 50.0 %',
        'zero_gradient (4) The gradient was exactly zero',
        '[b]odd (1)',
        'config configs/[red]demo[/red]/tsn.py',
        'the model had right; accuracy falls from 93.8 % to 4.0 %.',
    ):
        assert words in flat, words
    assert 'queries' not in flat


def test_it_says_what_one_attack_proves_and_where_sizes_are_taken():
    flat = ' '.join(printed(CARD).split())
    assert 'robust accuracy at most what is left here: an upper bound, of one attack' in flat
    assert 'taken at' not in flat
    for more in ({'attack': CARD['attack'] | {'early_stop': True}}, {'query': {'budget': 9}}):
        assert 'taken at first success' in ' '.join(printed(CARD | more).split())
    full = CARD | {'attack': CARD['attack'] | {'early_stop': False}}
    assert 'taken at' not in printed(full)
    # As a run writes it: the key is there for every attack.
    assert 'taken at' not in printed(full | {'query': None})
    step = dict(member='a', attacked=3, broken=1, left=2, left_share=0.5, calls=4.0)
    ensemble = ' '.join(printed(full | {'staircase': [step]}).split())
    assert 'taken at first success' in ensemble
    assert 'a 1 of 3 2 (50.0 %) 4' in ensemble
    none = {'attack': CARD['attack'] | {'early_stop': True}, 'success_rate': 0.0}
    assert 'taken at' not in printed(CARD | none)
    # A distance is no share of what is left.
    errors = {'clean': {'EPE': 3.0}, 'adversarial': {'EPE': 90.0}}
    assert 'robust accuracy' not in printed(CARD | errors)


def test_a_terminal_gets_colours_and_an_empty_card_prints():
    assert '\x1b[' in printed(CARD, terminal=True)
    assert 'No sample was evaluated.' in printed({})
    assert 'failed' not in printed(CARD | {'failed': 0})


@pytest.mark.parametrize(('failed', 'rest'), [(1, None), (3, None), (5, 'and 2 more')])
def test_the_first_failures_are_named_with_their_reasons(failed, rest):
    found = [{'index': i, 'name': f'v{i}.mp4', 'error': 'the file is empty'} for i in range(failed)]
    text = printed(CARD | {'failed': failed, 'n': 9, 'failures': found})
    shown = [line.strip() for line in text.splitlines()]
    start = shown.index(next(line for line in shown if line.startswith('failed ')))
    wanted = [f'v{i}.mp4: the file is empty' for i in range(min(failed, 3))]
    wanted += [] if rest is None else [rest]
    assert shown[start + 1 : start + 2 + len(wanted)] == [*wanted, '']


@pytest.mark.parametrize('key', list(CARD))
def test_any_value_may_be_unknown(key):
    printed(CARD | {key: None})
    printed(CARD | {key: math.nan} if not isinstance(CARD[key], dict) else CARD | {key: {}})


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (None, '–'), (math.nan, '–'), (math.inf, '–'), ('7', '–'), (0, '0'), (4.0, '4'),
        (803.14159, '803.1'), (12345.6, '12 346'), (100, '100'), (4321.7, '4322'),
        (0.012345, '0.01235'), (-0.5, '−0.5'), (1e-5, '1e−05'), (123456789, '1.23e+08'),
        (True, '1'),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (None, '–'), (0.0123, '0.0123 s'),
        (9.99, '9.99 s'), (48.24, '48.2 s'), (59.99, '1 min 0 s'),
        (251, '4 min 11 s'), (3600, '1 h 00 min'), (3599.7, '1 h 00 min'), (7500, '2 h 05 min'),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_shares():
    assert percent(0.9375) == '93.8 %'
    assert percent(None) == '–'
    assert interval([0.85, 0.975]) == '85.0–97.5 %'
    assert interval([None, 0.5]) == interval(None) == interval([0.1]) == '–'
    assert is_share('acc/top1', 0.5, None)
    assert is_share('coco/AP', 0, 1)
    assert not is_share('NME', 0.05, 0.1)
    assert not is_share('acc/top1', 93.8)
    assert not is_share('acc/top1', None)


def test_class_names_and_options():
    names = ['walk', 'run']
    assert [class_name(v, names) for v in (0, 1.0, 2, -1, None, 'x', math.nan)] == [
        'walk', 'run', '2', '−1', '–', 'x', '–',
    ]  # fmt: skip
    nested = {'a': 1, 'b': {'c': None, 'd': {'e': [1, 2]}}, 'f': {}}
    assert flatten(nested) == [('a', '1'), ('b.c', '–'), ('b.d.e', '[1, 2]'), ('f', '{}')]


@pytest.mark.parametrize('width', [10, 40, 60])
def test_a_narrow_terminal_breaks_no_name_and_no_number(width):
    buffer = io.StringIO()
    console = Console(file=buffer, width=width)
    print_table(CARD, console)
    row = next(line for line in buffer.getvalue().splitlines() if line.startswith('acc/top1'))
    assert row.split() == ['acc/top1', '93.8', '%', '4.0', '%', '89.8', 'pp']
    assert console.width == width


@pytest.mark.parametrize('width', range(20, 60))
def test_no_letter_is_lost_however_narrow_the_terminal(width):
    wide, narrow = io.StringIO(), io.StringIO()
    few = {'clean': {'a': 1.0}, 'adversarial': {'a': 0.5}}
    card = CARD | few | {'success_rate': 1.0, 'success_interval': [0.342, 1.0], 'attacked': 2}
    print_table(card, Console(file=wide, width=200))
    print_table(card, Console(file=narrow, width=width))
    words = narrow.getvalue().split()
    for word in ('interval', '34.2–100.0', 'failures', 'classified', 'upper'):
        assert (word in words) == (word in wide.getvalue().split()), word
    # Folded or not, every letter is there.
    assert sorted(''.join(words)) == sorted(''.join(wide.getvalue().split()))


@pytest.mark.parametrize(
    ('encoding', 'dash'), [('ascii', b'-'), ('latin-1', b'-'), ('utf-8', None)]
)
def test_a_stream_that_lacks_a_character_writes_a_plain_one(encoding, dash):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors='strict')
    print_table(CARD, Console(file=stream, width=80))
    print('×±≤ café \udce9', file=stream, flush=True)
    found = raw.getvalue()
    assert (b'86.3' + (dash or '–'.encode()) + b'98.3 %') in found
    last = {
        'ascii': b'x+-<= caf\\xe9 \\udce9\n',
        'latin-1': b'\xd7\xb1<= caf\xe9 \\udce9\n',
        'utf-8': '×±≤ café '.encode() + b'\\udce9\n',
    }
    assert found.endswith(last[encoding])


def test_a_stream_with_its_own_way_keeps_it():
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii', errors='ignore')
    never_fail(stream)
    never_fail(io.StringIO())
    never_fail(None)
    assert stream.errors == 'ignore'


@pytest.mark.parametrize(
    ('errors', 'expected'),
    [('strict', b'60.2-97.5 % -> \\udcff\\udcfe'), ('surrogateescape', b'60.2-97.5 % -> \xff\xfe')],
)
def test_a_stream_of_the_c_locale_fails_at_no_dash(errors, expected):
    stream = io.TextIOWrapper(io.BytesIO(), encoding='ascii', errors=errors)
    never_fail(stream)
    never_fail(stream)
    # The last two are bytes of a file's name that is no text.
    print('60.2–97.5\u00a0% → \udcff\udcfe', end='', file=stream, flush=True)
    assert stream.buffer.getvalue() == expected


def test_a_command_under_the_c_locale_prints_its_table():
    code = (
        'from mmrobust.cli.reporting import report_errors\n'
        "raise SystemExit(report_errors(lambda _: print('60\\u201397'), []))"
    )
    c = {'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}
    done = subprocess.run(
        [sys.executable, '-c', code], env={**os.environ, **c}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b'60-97\n')
