"""What saved videos can be verified of."""

import json
import shutil

import pytest
from mmengine.config import ConfigDict

from mmrobust.cli import verify, verify_attack
from mmrobust.io.pipelines import own_pipeline
from tests.engine.runs import attack_run
from tests.engine.test_bad_input import file_config

STEPS = [{'type': 'DecordInit'}]
ONE = {'type': 'VideoDataset', 'pipeline': STEPS}


@pytest.mark.parametrize(
    'dataset',
    [
        ONE,
        {'type': 'RepeatDataset', 'times': 2, 'dataset': ONE},
        {'type': 'ConcatDataset', 'datasets': [ONE, {'type': 'RepeatDataset', 'dataset': ONE}]},
    ],
)
def test_the_pipeline_is_found_inside_wrappers(dataset):
    assert own_pipeline(ConfigDict(dataset)) == STEPS


def test_no_pipeline_and_different_ones_are_refused():
    with pytest.raises(ValueError, match='must have a pipeline, got Own'):
        own_pipeline(ConfigDict(type='Own'))
    other = {'type': 'VideoDataset', 'pipeline': [{'type': 'OpenCVInit'}]}
    with pytest.raises(ValueError, match=r'one pipeline in all its parts, got 2 .* ConcatDataset'):
        own_pipeline(ConfigDict(type='ConcatDataset', datasets=[ONE, other]))


def test_pictures_are_not_played(tmp_path):
    (tmp_path / 'adv').mkdir()
    card = {'n': 1, 'adversarial_videos': str(tmp_path / 'adv')}
    (tmp_path / 'report.json').write_text(json.dumps(card))
    (tmp_path / 'results.jsonl').write_text('{"index": 0, "picture": "a.png"}\n')
    with pytest.raises(ValueError, match='of a run that saved videos, not pictures'):
        verify.run(['any.py', 'any.pth', str(tmp_path)])


def test_one_is_no_plural(capsys):
    row = {'success': True, 'adversarial_prediction': 3, 'video': '000000.mkv'}
    verify_attack.report([row], [3], 1)
    assert capsys.readouterr().out.splitlines() == [
        '1 of 1 reported success still succeeds through the stock pipeline',
        '1 of 1 prediction is that of the report',
    ]
    verify_attack.report([row, row], [3, 3], 2)
    assert '2 of 2 reported successes still succeed' in capsys.readouterr().out


@pytest.mark.parametrize('content', ['', '{"n": 1', '[1]', '5', '{}', '{"n": 1}', '[' * 100_000])
def test_a_damaged_report_is_named(tmp_path, content):
    (tmp_path / 'report.json').write_text(content)
    with pytest.raises(ValueError, match=r'report\.json must be the report of a run, .*, got '):
        verify.run(['any.py', 'any.pth', str(tmp_path)])


def test_values_of_a_report_are_checked_by_name(tmp_path):
    for changes, told in (
        ({'n': 'x'}, "n must be a whole number, at least 0, got 'x'"),
        ({'adversarial_videos': 5}, 'adversarial_videos must be a folder or null, got 5'),
    ):
        card = {'n': 1, 'adversarial_videos': None} | changes
        (tmp_path / 'report.json').write_text(json.dumps(card))
        with pytest.raises(ValueError, match=rf'report\.json: {told}'):
            verify.run(['any.py', 'any.pth', str(tmp_path)])


def test_a_folder_of_nothing_is_named(tmp_path):
    with pytest.raises(ValueError, match='nowhere must be the folder of a finished run or card'):
        verify.run(['any.py', 'any.pth', str(tmp_path / 'nowhere')])


def test_a_run_of_raw_files_is_verified_with_them(tmp_path):
    report = {'corruptions': {}, 'input': {'folder': 'clips', 'files': 2}}
    (tmp_path / 'report.json').write_text(json.dumps(report))
    rule = '--input must be that of the run, which is of the files of clips, got None'
    with pytest.raises(ValueError, match=rule):
        verify.run(['any.py', __file__, str(tmp_path)])


@pytest.fixture(scope='module')
def saved(checkpoints, tmp_path_factory):
    folder = tmp_path_factory.mktemp('verify')
    words = ['--max-samples', '2', '--attack', 'FGSM', '--save-adv', str(folder / 'adv')]
    attack_run(checkpoints['tiny_3d'], folder / 'w', *words, config=playable(folder))
    return folder


def playable(folder):
    """The tiny config with a pipeline that reads files, whatever its data set is made of."""
    return str(file_config(folder, ['good1.mkv', 'good2.mkv']))


def verified(folder, checkpoint):
    verify.run([playable(folder), str(checkpoint), str(folder / 'w')])


@pytest.fixture
def copied(saved, tmp_path):
    shutil.copytree(saved, tmp_path, dirs_exist_ok=True)
    path = tmp_path / 'w' / 'report.json'
    card = json.loads(path.read_text()) | {'adversarial_videos': str(tmp_path / 'adv')}
    path.write_text(json.dumps(card))
    return tmp_path


@pytest.mark.slow
def test_a_line_without_a_prediction_is_named(copied, checkpoints, capsys):
    verified(copied, checkpoints['tiny_3d'])
    assert '2 of 2 predictions are those of the report' in capsys.readouterr().out
    path = copied / 'w' / 'results.jsonl'
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1].pop('adversarial_prediction')
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    told = r'results\.jsonl: index 1: adversarial_prediction must be a class, got None'
    with pytest.raises(ValueError, match=told):
        verified(copied, checkpoints['tiny_3d'])


@pytest.mark.slow
def test_a_saved_video_that_is_damaged_is_named(copied, checkpoints):
    path = copied / 'adv' / '000001.mkv'
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ValueError, match=r'000001\.mkv must be whole, as it was saved; .* got \d+$'
    ):
        verified(copied, checkpoints['tiny_3d'])
    path.write_bytes(b'no video')
    with pytest.raises(ValueError, match=r'000001\.mkv must be as it was saved, with sha256'):
        verified(copied, checkpoints['tiny_3d'])
    # A run of an earlier version has left no hashes.
    ledger = copied / 'w' / 'results.jsonl'
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    for line in lines:
        line.pop('sha256')
    ledger.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    with pytest.raises(RuntimeError, match=r'playing \S+000001\.mkv: RuntimeError: '):
        verified(copied, checkpoints['tiny_3d'])


@pytest.mark.slow
def test_another_checkpoint_and_missing_videos_are_refused(copied, checkpoints):
    with pytest.raises(ValueError, match='CHECKPOINT .*tiny_2d.pth must be that of the run'):
        verified(copied, checkpoints['tiny_2d'])
    ledger = copied / 'w' / 'results.jsonl'
    lines = [json.loads(line) | {'success': False} for line in ledger.read_text().splitlines()]
    ledger.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    (copied / 'adv' / '000000.mkv').unlink()
    with pytest.raises(RuntimeError, match=r'1 saved video missing: 000000\.mkv'):
        verified(copied, checkpoints['tiny_3d'])


@pytest.mark.slow
def test_a_line_that_is_gone_is_noticed(copied, checkpoints):
    ledger = copied / 'w' / 'results.jsonl'
    ledger.write_text(ledger.read_text().splitlines(keepends=True)[0])
    with pytest.raises(RuntimeError, match='n is 2, of its lines 1; evaluated is 2'):
        verified(copied, checkpoints['tiny_3d'])


@pytest.mark.slow
def test_all_altered_and_deleted_videos_are_named(copied, checkpoints):
    for name in ('000000', '000001'):
        (copied / 'adv' / f'{name}.mkv').write_bytes(b'no video')
    with pytest.raises(ValueError, match=r'000000\.mkv must .*; \S+000001\.mkv must be as it'):
        verified(copied, checkpoints['tiny_3d'])
