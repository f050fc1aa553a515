import json

import pytest

from mmrobust.engine.ledger import Ledger, read_entries


def ledger(folder, *, rank=0, resume=False, **fingerprint):
    made = Ledger(folder, {'attack': 'PGD', 'seed': 0} | fingerprint, rank=rank, resume=resume)
    if rank == 0:
        made.start()
    return made


def entry(index, value='x'):
    return {'index': index, 'value': value}


def test_lines_are_there_as_samples_finish(tmp_path):
    made = ledger(tmp_path)
    for index in (0, 1):
        made.append(entry(index))
        assert len((tmp_path / 'results.jsonl').read_text().splitlines()) == index + 1


def test_a_cut_line_is_dropped_and_does_not_spoil_the_next(tmp_path):
    made = ledger(tmp_path)
    made.append(entry(0))
    with made.path.open('a') as file:
        file.write('{"index": 1, "val')
    again = ledger(tmp_path, resume=True)
    assert set(again.entries) == {0}
    again.append(entry(1))
    assert set(read_entries(tmp_path)) == {0, 1}


def test_processes_merge_sorted(tmp_path):
    first = ledger(tmp_path)
    second = ledger(tmp_path, rank=1)
    second.append(entry(1))
    first.append(entry(2))
    first.append(entry(0))
    assert (tmp_path / 'results.1.jsonl').exists()
    first.rewrite(read_entries(tmp_path))
    lines = (tmp_path / 'results.jsonl').read_text().splitlines()
    assert [json.loads(line)['index'] for line in lines] == [0, 1, 2]
    assert not (tmp_path / 'results.1.jsonl').exists()


def test_killed_with_two_processes_resumes_with_one(tmp_path):
    ledger(tmp_path).append(entry(0))
    ledger(tmp_path, rank=1, resume=True).append(entry(1))
    assert set(ledger(tmp_path, resume=True).entries) == {0, 1}


def test_another_run_is_refused_by_name(tmp_path):
    ledger(tmp_path).append(entry(0))
    with pytest.raises(ValueError, match=r'differs in: attack, seed$'):
        ledger(tmp_path, resume=True, attack='FGSM', seed=1)


def test_earlier_results_are_set_aside_not_overwritten(tmp_path):
    ledger(tmp_path).append(entry(0, 'precious'))
    ledger(tmp_path)
    (kept,) = tmp_path.glob('results.before_*')
    assert 'precious' in kept.read_text()
    assert read_entries(tmp_path) == {}
