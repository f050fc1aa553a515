"""Work directories: files of the user's, of other runs, and what kills leave behind."""

import json

import numpy as np
import pytest

from mmrobust.ledger.lock import FolderInUseError
from tests.engine.runs import attack_run, card, outcome, rows
from tests.ledger.test_lock import in_child

ONE = ('--max-samples', '1')


@pytest.fixture(scope='module')
def weights(checkpoints):
    return checkpoints['tiny_3d']


@pytest.mark.slow
def test_files_of_the_user_stay_whatever_is_run(weights, tmp_path):
    theirs = {
        'previews/mine.mp4': 'a',
        'previews/notes.txt': 'b',
        'previews/.hidden.mp4': 'c',
        'results_eps1.jsonl': 'd',
        '.writable': 'e',
        'answers/notes.bin': 'f',
        'report.txt': 'g',
        f'.{"a" * 32}.mkv': 'h',
    }
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for arguments in ((), ('--resume',), ('--seed', '1')):
        attack_run(weights, tmp_path, *ONE, *arguments)
    assert {name: (tmp_path / name).read_text() for name in theirs} == theirs


@pytest.mark.slow
def test_a_report_that_is_a_link_is_replaced_not_followed(weights, tmp_path):
    theirs = tmp_path / 'theirs.json'
    theirs.write_text('mine')
    work = tmp_path / 'work'
    attack_run(weights, work, *ONE)
    (work / 'report.json').unlink()
    (work / 'report.json').symlink_to(theirs)
    attack_run(weights, work, *ONE, '--resume')
    assert theirs.read_text() == 'mine'
    assert not (work / 'report.json').is_symlink()
    assert card(work)['n'] == 1


@pytest.mark.slow
def test_previews_and_reports_of_another_run_are_set_aside(weights, tmp_path):
    attack_run(weights, tmp_path, *ONE)
    first = {name: (tmp_path / name).read_bytes() for name in ('report.json', 'report.html')}
    picture = (tmp_path / 'previews' / '000000.mp4').read_bytes()
    attack_run(weights, tmp_path, *ONE, '--cfg-options', 'attack.threat.eps=1')
    for name, content in first.items():
        stem, ending = name.split('.')
        (kept,) = tmp_path.glob(f'{stem}.before_*.{ending}')
        assert kept.read_bytes() == content
    (kept,) = (tmp_path / 'previews').glob('000000.before_*.mp4')
    assert kept.read_bytes() == picture


@pytest.mark.slow
def test_a_half_written_preview_of_a_killed_run_neither_blocks_nor_stays(weights, tmp_path):
    whole = tmp_path / 'whole'
    attack_run(weights, whole, '--save-adv', str(whole / 'adv'))
    for path in sorted(whole.rglob('*')):
        if path.name in ('run.json', 'results.jsonl', 'adversarial.json'):
            (tmp_path / 'w' / path.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / 'w' / path.relative_to(whole)).write_bytes(path.read_bytes())
    work, token = tmp_path / 'w', 'a' * 32
    left = [f'previews/.000001.{token}.mp4', f'.report.{token}.html', f'adv/.000003.{token}.mkv']
    other = [f'previews/.{token}.mp4', f'.notes.{token}.html', f'adv/.film.{token}.mkv']
    for name in left + other:
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_bytes(b'half')
    attack_run(weights, work, '--resume', '--save-adv', str(work / 'adv'))
    assert [outcome(row) for row in rows(work)] == [outcome(row) for row in rows(whole)]
    assert not [name for name in left if (work / name).exists()]
    assert all((work / name).exists() for name in other)


def test_a_second_run_in_the_folder_is_refused_before_anything_is_written(weights, tmp_path):
    import os

    ended, end = os.pipe()
    child = in_child(tmp_path, lambda: os.read(ended, 1))
    with pytest.raises(FolderInUseError, match=r'another run is at work in .*: wait for its end'):
        attack_run(weights, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['.lock']
    os.write(end, b'.')
    os.waitpid(child, 0)


@pytest.mark.slow
def test_videos_of_another_run_in_the_folder_are_kept_and_not_taken_for_its_own(weights, tmp_path):
    saved = ('--save-adv', str(tmp_path / 'adv'), '--max-samples', '2')
    attack_run(weights, tmp_path / 'one', *saved)
    first = (tmp_path / 'adv' / '000000.mkv').read_bytes()
    attack_run(weights, tmp_path / 'two', *saved, '--cfg-options', 'attack.threat.eps=1')
    (kept,) = (tmp_path / 'adv').glob('000000.before_*.mkv')
    assert kept.read_bytes() == first
    attack_run(weights, tmp_path / 'one', '--resume', *saved)
    assert (tmp_path / 'adv' / '000000.mkv').read_bytes() == first


def test_whether_videos_can_be_saved_is_tried_before_the_first_attack(
    weights, tmp_path, monkeypatch
):
    from mmrobust.attacks import Attack
    from mmrobust.victims.action import video_files

    def unreadable(path, frames, pipeline):
        assert path.exists()
        assert len(np.unique(frames)) > 1
        raise ValueError('save_adv: cannot be read back')

    monkeypatch.setattr(video_files, 'check_readable', unreadable)
    monkeypatch.setattr(Attack, '__call__', lambda *args, **options: pytest.fail('was attacked'))
    with pytest.raises(ValueError, match='cannot be read back'):
        attack_run(weights, tmp_path, '--save-adv', str(tmp_path / 'adv'))
    assert sorted(path.name for path in (tmp_path / 'adv').iterdir()) == [
        '.lock',
        'adversarial.json',
    ]


def test_the_folder_of_the_videos_themselves_is_refused(tmp_path):
    from mmrobust.victims.action.video_files import VideoFiles

    class Videos:
        pipeline = None
        data_prefix = {'video': str(tmp_path / 'videos')}

        def __len__(self):
            return 0

    VideoFiles(tmp_path / 'adv', Videos())
    with pytest.raises(ValueError, match='save_adv must be another folder than that of the vide'):
        VideoFiles(tmp_path / 'adv' / '..' / 'videos', Videos())


def test_videos_of_raw_files_keep_their_names_and_other_files_are_left_alone(tmp_path):
    from mmrobust.datasets.raw_videos import RawVideos
    from mmrobust.victims.action.video_files import VideoFiles

    inputs, folder = tmp_path / 'in', tmp_path / 'adv'
    for place in (inputs, folder):
        place.mkdir()
    for name in ('my clip.mp4', f'{"x" * 200}.avi'):
        (inputs / name).write_bytes(b'')
    steps = [{'type': 'DecordInit'}, {'type': 'DecordDecode'}]
    files = VideoFiles(folder, RawVideos([str(inputs)], steps))
    assert files.names == ['my_clip_000000.mkv', f'{"x" * 60}_000001.mkv']
    assert files.owns('my_clip_000000.mkv')
    for name in ('my_clip_000000.mkv', 'old_000003.mkv', 'own_000004.mkv', '000005.mkv'):
        (folder / name).write_bytes(b'')
    # A run of other files has written the one that its list names.
    (folder / 'annotations.txt').write_text('old_000003.mkv -1\n')
    mine = {'my_clip_000000.mkv', '000005.mkv', 'annotations.txt'}
    assert {path.name for path in files.existing()} == mine
    (folder / 'adversarial.json').write_text('{}')
    assert {path.name for path in files.existing()} == mine | {'old_000003.mkv'}


@pytest.mark.parametrize(
    ('key', 'value', 'told'),
    [
        ('linf', '8', "linf must be a number, got '8'"),
        ('frames', 2.5, 'frames must be a whole number, got 2.5'),
        ('success', 1, 'success must be true or false, got 1'),
        ('clean_confidence', 'high', "clean_confidence must be a number, got 'high'"),
        ('flags', None, 'flags must be a list of texts, got None'),
        ('name', 3, 'name must be a text, got 3'),
        ('measures', 5, 'measures must be numbers by name'),
        ('evaluator', {}, 'evaluator must hold, encoded'),
        ('index', 5, 'index must be a whole number, at least 0 and below 5, got 5'),
    ],
)
def test_a_damaged_line_is_named_before_anything_is_attacked(
    weights, whole, tmp_path, monkeypatch, key, value, told
):
    from mmrobust.attacks import Attack

    lines = rows(whole)
    assert lines[1]['attacked']
    lines[1][key] = value
    (tmp_path / 'run.json').write_text((whole / 'run.json').read_text())
    (tmp_path / 'results.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines[:2]))
    monkeypatch.setattr(Attack, '__call__', lambda *args, **options: pytest.fail('was attacked'))
    with pytest.raises(ValueError, match=f'results.jsonl, line 2: {told}'):
        attack_run(weights, tmp_path, '--resume')


@pytest.fixture(scope='module')
def whole(weights, tmp_path_factory):
    folder = tmp_path_factory.mktemp('whole')
    attack_run(weights, folder)
    return folder


@pytest.mark.slow
def test_a_loader_that_is_cut_to_some_batches_gives_those(weights, whole, tmp_path):
    options = ('--cfg-options', 'test_dataloader.num_batch_per_epoch=1')
    found = attack_run(weights, tmp_path / 'one', *options)
    assert found['n'] == 2
    assert [outcome(r) for r in rows(tmp_path / 'one')] == [outcome(r) for r in rows(whole)[:2]]
    # Three batches of two are one sample more than there is.
    options = ('--cfg-options', 'test_dataloader.num_batch_per_epoch=3')
    assert attack_run(weights, tmp_path / 'all', *options)['n'] == 5
