"""The board's page: a plain table, which a script of its own sorts and filters."""

import re
import shutil
import subprocess

import pytest

from mmrobust.visualization.card_tables import TINY, board_rows, write_board

BROWSER = shutil.which('chromium') or shutil.which('google-chrome')
# What a reader does, and which rows he sees then.
STEPS = """
const bar = document.querySelector('form.filters'), [data, kind] = bar.querySelectorAll('select');
const words = bar.querySelector('input'), seen = [];
const table = document.querySelector('table.filtered');
const look = () => {
  bar.dispatchEvent(new Event('input'));
  const rows = [...table.tBodies[0].rows].filter(row => !row.hidden);
  const names = rows.map(row => row.cells[1].textContent.trim()).join('');
  seen.push(names + bar.querySelector('output').value);
};
look();
kind.value = 'persons'; look();
kind.value = 'videos'; look();
data.value = 'VideoDataset'; look();
data.value = '*'; kind.value = '*'; words.value = 'PUBLISHED tiny'; look();
words.value = 'tiny zebra'; look();
document.title = 'seen ' + seen.join(' ');
"""


def card(noun, dataset, checkpoint):
    score = {'score': 0.5, 'score_low': 0.4, 'score_high': 0.6}
    means = {'mpc': 0.3, 'mpc_low': None, 'mpc_high': None, 'kinds': {'fog': {}}}
    return {
        'model': {'config': 'configs/any.py', 'checkpoint': checkpoint},
        'data': {'evaluated': 7} | ({} if dataset is None else {'dataset': dataset}),
        'noun': noun,
        'unit': 'samples',
        'seed': 0,
        'clean': score,
        'corruptions': means | {'severities': [1]},
        'attacks': [],
    }


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp('board')
    cards = {
        'a': card('video', 'SyntheticVideoDataset', 'x/demo_victim.pth'),
        'b': card('person', None, 'x/demo_pose_victim.pth'),
        'c': card('video', 'VideoDataset', 'x/mine.pth'),
    }
    rows = board_rows(cards)
    assert [row['note'] for row in rows] == [TINY, TINY, '']
    write_board(folder, rows, list(cards.values()))
    return folder / 'board.html'


def named(weak):
    one = {'name': 'weak', 'title': 'PGD', 'norm': 'Linf', 'eps': 1, 'score': 0.25, 'left': 1.0}
    return one | {'left_low': 0.5, 'left_high': 1.0, 'options': {'steps': weak}}


@pytest.mark.parametrize(
    ('changes', 'ordered'),
    [
        ({}, True),
        ({'attacks': [named(10)]}, False),
        ({'seed': 1}, False),
        ({'noun': 'person'}, False),
        ({'data': {'evaluated': 7, 'dataset': 'Other'}}, False),
    ],
)
def test_only_cards_of_the_same_are_put_in_order(tmp_path, changes, ordered):
    first = card('video', 'Set', 'a.pth') | {'attacks': [named(1)]}
    second = first | changes
    second['corruptions'] = first['corruptions'] | {'mpc': 0.4}
    cards = {str(tmp_path / 'a' / 'card'): first, str(tmp_path / 'b' / 'card'): second}
    rows = board_rows(cards)
    # Of folders that are called alike, the whole path.
    assert [row['folder'] for row in rows] == list(cards)
    write_board(tmp_path, rows, list(cards.values()))
    text = (tmp_path / 'board.html').read_text()
    assert ('has the highest' in text) == ordered
    assert ('no order' in text) != ordered


def test_other_kinds_of_one_name_are_not_put_in_order(tmp_path):
    first, second = (card('video', 'Set', 'a.pth') for _ in range(2))
    second['corruptions']['kinds'] = {'fog': {'options': {'coherent': False}}}
    cards = {'a': first, 'b': second}
    write_board(tmp_path, board_rows(cards), list(cards.values()))
    assert 'no order' in (tmp_path / 'board.html').read_text()


def test_under_attack_joints_are_counted_where_scores_are_of_joints():
    one = card('person', None, 'a.pth') | {'attacks': [named(1)]}
    (samples,), (joints,) = board_rows({'a': one}), board_rows({'a': one | {'unit': 'joints'}})
    keys = ['weak_accuracy', 'weak_accuracy_low', 'weak_accuracy_high']
    assert [samples[key] for key in keys] == [0.25, 0.5, 1.0]
    assert [joints[key] for key in keys] == [0.25, None, None]


def test_without_a_script_it_is_a_plain_table(page):
    text = page.read_text()
    body = text[text.index('<main>') : text.index('</main>')]
    assert body.count('<tr>') == 4
    assert not re.search('<(form|input|select)|hidden', body)
    heads = re.findall(r'<button type="button">([^<]+)</button>', body)
    (choices,) = re.findall(r'<table class="sortable filtered" data-choices="([\d ]+)">', body)
    assert [heads[int(place)] for place in choices.split()] == ['data', 'kind']
    # Nothing is asked of anybody.
    assert not re.search(r'(src|href)="(?!data:)', text)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason='no browser')
def test_rows_are_found_by_words_and_by_what_they_are_of(page, tmp_path):
    text = page.read_text()
    text = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', '', text)
    path = tmp_path / 'steps.html'
    path.write_text(text.replace('</body>', f'<script>{STEPS}</script></body>'))
    words = [BROWSER, '--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', path.as_uri()]
    dom = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    title = re.search('<title>seen ([^<]*)', dom)[1]
    assert title == 'abc3 of 3 b1 of 3 ac2 of 3 c1 of 3 ab2 of 3 0 of 3'
