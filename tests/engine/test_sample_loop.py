"""The loop over samples says what it keeps where an attack fails."""

import pytest

from mmrobust.engine.sample_loop import attack_samples, loaded_ones
from mmrobust.ledger.ledger import Ledger
from mmrobust.victims.samples import Failure, Loaded


def batches(count):
    return [Loaded({}, [None], [f'video {number}'], [0], {}) for number in range(count)]


@pytest.mark.parametrize(('good', 'told'), [(0, []), (1, ['1 line is']), (2, ['2 lines are'])])
def test_a_failure_says_that_finished_lines_are_kept(tmp_path, good, told):
    ledger = Ledger(tmp_path, {}, rank=0, resume=False)
    ledger.start()

    def work(number, loaded, indices):
        if number == good:
            raise KeyError('oops')
        return [{'index': index} for index in indices]

    with pytest.raises(KeyError, match='oops') as caught:
        list(attack_samples(batches(3), [0, 1, 2], work, ledger, strict=False))
    notes = [f'{what} kept in {tmp_path / "results.jsonl"}' for what in told]
    assert getattr(caught.value, '__notes__', []) == notes
    assert len((tmp_path / 'results.jsonl').read_text().splitlines()) == good


def test_lines_of_samples_that_do_not_load_and_of_those_that_do(tmp_path):
    ledger = Ledger(tmp_path, {}, rank=0, resume=False)
    ledger.start()
    mixed = Loaded({}, [None, None], ['b', 'd'], [0, 2], {1: Failure('c', 'broken')})
    seen = []

    def work(number, loaded, indices):
        seen.append((number, indices))
        return [{'index': 3 * index, 'error': None} for index in indices]

    options = {'strict': False, 'lines': 3}
    found = list(attack_samples([*batches(1), mixed], [4, 7, 8, 9], work, ledger, **options))
    assert seen == [(0, [4]), (1, [7, 9])]
    assert [(e['index'], e.get('sample'), e['error']) for e in found] == [
        *((12, None, None), (24, 8, 'broken'), (21, None, None), (27, None, None))
    ]
    assert all(entry['run'] == ledger.run for entry in found)


@pytest.mark.parametrize(
    ('failure', 'strict', 'told'),
    [
        (Failure('c', 'no such space', refused=True), False, '^no such space$'),
        (Failure('c', 'broken'), True, '^c: broken$'),
    ],
)
def test_what_ends_a_run(tmp_path, failure, strict, told):
    ledger = Ledger(tmp_path, {}, rank=0, resume=False)
    ledger.start()
    loaded = Loaded({}, [], [], [], {0: failure})
    with pytest.raises(ValueError, match=told):
        list(attack_samples([loaded], [0], lambda *_: [], ledger, strict=strict))


def test_nothing_that_loads_is_no_result():
    failed = {'index': 0, 'name': 'c', 'error': 'broken'}
    good = failed | {'index': 1, 'error': None}
    assert loaded_ones([failed, good]) == [good]
    with pytest.raises(ValueError, match='all 1 failed; the first: c: broken'):
        loaded_ones([failed])
