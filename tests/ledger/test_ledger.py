import json

import pytest

from mmrobust.ledger.ledger import Ledger, OtherRunError, read_entries


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
    with pytest.raises(
        ValueError, match=r"differs in: attack: 'PGD', now 'FGSM'; seed: 0, now 1 \("
    ):
        ledger(tmp_path, resume=True, attack='FGSM', seed=1)


def test_a_refusal_says_what_to_do(tmp_path):
    ledger(tmp_path).append(entry(0))
    with pytest.raises(OtherRunError) as caught:
        ledger(tmp_path, resume=True, seed=1)
    assert str(caught.value) == (
        f'--resume: the results in {tmp_path} belong to another run; it differs in: seed: 0, '
        'now 1 (another --work-dir starts anew; the results that are there stay)'
    )


def test_a_run_file_of_somebody_else_is_told_from_another_run(tmp_path):
    (tmp_path / 'run.json').write_text('{"a": 1, "seed": 3}')
    rule = "run.json must be of a run of mmrobust, got a file without 'mmrobust version': give"
    with pytest.raises(ValueError, match=rule) as caught:
        ledger(tmp_path, resume=True, **{'mmrobust version': '1'})
    assert not isinstance(caught.value, OtherRunError)


def test_earlier_results_are_set_aside_not_overwritten(tmp_path):
    ledger(tmp_path).append(entry(0, 'precious'))
    ledger(tmp_path)
    (kept,) = tmp_path.glob('results.before_*')
    assert 'precious' in kept.read_text()
    assert read_entries(tmp_path) == {}


def lines(folder, name='results.jsonl'):
    return (folder / name).read_text().splitlines()


def test_every_line_has_the_run_that_it_belongs_to(tmp_path):
    made = ledger(tmp_path)
    made.append(entry(0))
    assert json.loads(lines(tmp_path)[0]) == entry(0) | {'run': made.run}
    assert ledger(tmp_path, resume=True, seed=0).run == made.run
    assert ledger(tmp_path, seed=1).run != made.run


def test_files_of_other_names_are_neither_read_nor_renamed(tmp_path):
    names = ('results_eps1.jsonl', 'results.old.jsonl', 'results.01.jsonl', 'myresults.jsonl')
    for name in names:
        (tmp_path / name).write_text(json.dumps(entry(7)) + '\n')
    ledger(tmp_path).append(entry(0))
    assert set(ledger(tmp_path, resume=True).entries) == set(read_entries(tmp_path)) == {0}
    ledger(tmp_path)
    assert all((tmp_path / name).read_text() == json.dumps(entry(7)) + '\n' for name in names)


@pytest.mark.parametrize('name', ['results.jsonl', 'results.1.jsonl'])
def test_lines_of_another_run_are_refused(tmp_path, name):
    ledger(tmp_path).append(entry(0))
    with (tmp_path / name).open('a') as file:
        file.write(json.dumps(entry(1) | {'run': 'another'}) + '\n')
    with pytest.raises(OtherRunError, match=rf"{name}, line \d: run must be '\w+', .* 'another'"):
        ledger(tmp_path, resume=True)


def test_earlier_results_of_one_second_are_all_kept(tmp_path, monkeypatch):
    monkeypatch.setattr('time.strftime', lambda form: '20260131_120000')
    for value in 'abc':
        ledger(tmp_path).append(entry(0, value))
    kept = sorted(path.read_text() for path in tmp_path.glob('results.before_*'))
    assert [json.loads(text)['value'] for text in kept] == ['a', 'b']


def test_one_stamp_for_all_that_a_run_has_left(tmp_path):
    ledger(tmp_path).append(entry(0))
    (tmp_path / 'report.json').write_text('of the first')
    made = Ledger(tmp_path, {'attack': 'FGSM'}, rank=0, resume=False)
    made.start([tmp_path / 'report.json', tmp_path / 'report.html'])
    stamps = {path.name.split('.')[1] for path in tmp_path.glob('*.before_*')}
    assert len(stamps) == 1
    assert {path.name.split('.')[0] for path in tmp_path.glob('*.before_*')} == {
        'results',
        'run',
        'report',
    }


@pytest.mark.parametrize(
    ('line', 'told'),
    [
        (b'5', 'must be a JSON object in UTF-8, got .5.'),
        (b'null', 'must be a JSON object'),
        (b'[1, 2]', 'must be a JSON object'),
        (b'[' * 100_000, 'must be a JSON object'),
        (b'', 'must be a JSON object'),
        (b'{"index": 1, "na\xff\xfe"}', 'must be a JSON object in UTF-8'),
        (b'{}', 'index must be a whole number, at least 0 and below 5, got None'),
        (b'{"index": "1"}', "index must be .*, got '1'"),
        (b'{"index": true}', 'index must be .*, got True'),
        (b'{"index": 1.0}', 'index must be .*, got 1.0'),
        (b'{"index": -1}', 'index must be .*, got -1'),
        (b'{"index": 5}', 'index must be .* below 5, got 5'),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, told):
    made = ledger(tmp_path)
    made.append(entry(0))
    with made.path.open('ab') as file:
        file.write(line + b'\n')
    made.append(entry(2))
    with pytest.raises(ValueError, match=rf'results\.jsonl, line 2: .*{told}.*; remove the line'):
        Ledger(tmp_path, {'attack': 'PGD', 'seed': 0}, rank=0, resume=True, size=5)


def test_a_last_line_without_an_end_is_whole_and_checked(tmp_path):
    made = ledger(tmp_path)
    made.append(entry(0))
    with made.path.open('ab') as file:
        file.write(b'{"index": 9}')
    with pytest.raises(ValueError, match=r'results\.jsonl, line 2: index must be .* got 9'):
        Ledger(tmp_path, made.fingerprint, rank=0, resume=True, size=5)


def test_a_line_that_the_run_cannot_use_is_named(tmp_path):
    made = ledger(tmp_path)
    made.append(entry(0))
    made.append(entry(1, 3))

    def check(found):
        if found['value'] != 'x':
            raise ValueError('value must be x')

    with pytest.raises(ValueError, match=r'line 2: value must be x; remove'):
        Ledger(tmp_path, made.fingerprint, rank=0, resume=True, check=check)


@pytest.mark.parametrize('content', ['', '{"attack": "PG', '[]', '5', '[' * 100_000])
def test_a_damaged_run_file_is_named(tmp_path, content):
    ledger(tmp_path).append(entry(0))
    (tmp_path / 'run.json').write_text(content)
    with pytest.raises(ValueError, match=r'run\.json must be a JSON object, .* got '):
        ledger(tmp_path, resume=True)
    ledger(tmp_path)
    assert len(list(tmp_path.glob('results.before_*'))) == 1


def test_a_sample_that_was_done_twice_counts_once_and_says_so(tmp_path, capsys):
    made = ledger(tmp_path)
    made.append(entry(0, 'early'))
    made.append(entry(1) | {'error': 'no such file'})
    made.append(entry(1))
    made.append(entry(0, 'late'))
    again = ledger(tmp_path, resume=True)
    assert [again.entries[index]['value'] for index in (0, 1)] == ['late', 'x']
    # One that had failed is done again by every resumed run.
    assert '1 line repeats a sample and counts in its place: ' in capsys.readouterr().out


def test_a_run_knows_whether_the_last_one_was_the_same(tmp_path):
    assert not ledger(tmp_path).repeated
    assert ledger(tmp_path).repeated
    assert not ledger(tmp_path, seed=1).repeated
