"""One damaged file is one counted, named failure or one flag, and never the end of a run."""

import pytest

from tests.engine.runs import attack_run, rows
from tests.engine.test_bad_input import fails, file_config

pytestmark = pytest.mark.slow


def decoding(reader):
    path = 'test_dataloader.dataset.pipeline'
    return ['--cfg-options', f'{path}.0.type={reader}Init', f'{path}.2.type={reader}Decode']


@pytest.fixture
def config(tmp_path):
    found = file_config(tmp_path, ['good1.mkv', 'good2.mkv'])
    whole = (tmp_path / 'good1.mkv').read_bytes()
    (tmp_path / 'good1.mkv').write_bytes(whole[: len(whole) // 2])
    return found


@pytest.mark.parametrize('reader', ['OpenCV', 'Decord'])
def test_a_video_that_was_cut_is_flagged(checkpoints, tmp_path, config, reader, capsys):
    words = ['--save-adv', str(tmp_path / 'adv'), *decoding(reader)]
    found = attack_run(checkpoints['tiny_3d'], tmp_path / 'w', *words, config=str(config))
    first, second = rows(tmp_path / 'w')
    assert 'frames_missing' in first['flags']
    assert 'frames_missing' not in second['flags']
    assert found['flags']['frames_missing'] == 1
    assert found['failed'] == 0
    assert 'shorter than it says' in capsys.readouterr().out


def test_views_of_a_video_that_was_cut_are_flagged_too(checkpoints, tmp_path, config):
    words = ['--space', 'view', *decoding('OpenCV')]
    attack_run(checkpoints['tiny_3d'], tmp_path / 'w', *words, config=str(config))
    flags = [row['flags'] for row in rows(tmp_path / 'w')]
    assert ['frames_missing' in each for each in flags] == [True, False]


def test_a_reader_that_finds_no_length_is_named(checkpoints, tmp_path, config, capsys):
    words = ['--work-dir', tmp_path / 'w', *decoding('PyAV')]
    found = fails(capsys, config, checkpoints['tiny_3d'], *words)
    assert 'PyAVInit must find the number of frames, got 0' in found
    assert 'good1.mkv' in found


def test_a_label_outside_names_its_own_video(checkpoints, tmp_path, capsys):
    config = file_config(tmp_path, ['good1.mkv', 'good2.mkv'])
    (tmp_path / 'list.txt').write_text('good1.mkv 1\ngood2.mkv 77\n')
    words = ['--work-dir', tmp_path / 'w', '--cfg-options', 'attack.goal.reference=label']
    found = fails(capsys, config, checkpoints['tiny_3d'], *words)
    assert 'got 77' in found
    assert 'good2.mkv' in found
    assert 'good1.mkv' not in found
