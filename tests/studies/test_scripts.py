"""Scripts of a study run on one thread, unless the user says otherwise."""

import subprocess

import pytest

from mmrobust.studies.scripts import run_script, trained

WORDS = 'import os, sys; print(os.environ["OMP_NUM_THREADS"], *sys.argv[1:])'


@pytest.mark.parametrize(('told', 'threads'), [(None, '1'), ('3', '3')])
def test_one_thread_unless_the_user_says_otherwise(told, threads, tmp_path, monkeypatch, capfd):
    script = tmp_path / 'script.py'
    script.write_text(WORDS)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    if told:
        monkeypatch.setenv('OMP_NUM_THREADS', told)
    run_script(script, 'a', tmp_path, 2)
    assert capfd.readouterr().out.split() == [threads, 'a', str(tmp_path), '2']


def test_a_script_that_fails_ends_the_study(tmp_path):
    script = tmp_path / 'script.py'
    script.write_text('raise SystemExit(2)')
    with pytest.raises(subprocess.CalledProcessError):
        run_script(script)


TRAINING = """
import pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index('--work-dir') + 1])
folder.mkdir(parents=True)
(folder / 'epoch_1.pth').write_text(' '.join(sys.argv[4:]))
(folder / 'last_checkpoint').write_text('/elsewhere/epoch_1.pth')
with pathlib.Path(__file__).with_name('calls').open('a') as file:
    file.write('x')
"""


def test_a_victim_is_trained_once_for_each_training(tmp_path, capsys):
    tool, config, data = (tmp_path / name for name in ('train.py', 'config.py', 'train.json'))
    tool.write_text(TRAINING)
    config.write_text('epochs = 1')
    data.write_text('one')
    folder, calls = tmp_path / 'victims' / 'a', tmp_path / 'calls'
    words = config, folder
    assert trained(*words, data=[data], tool=[tool]) == folder / 'epoch_1.pth'
    assert trained(*words, data=[data], tool=[tool]).exists()
    assert calls.read_text() == 'x'

    for number, change in enumerate((config, data)):
        change.write_text('epochs = 2')
        assert trained(*words, data=[data], tool=[tool]).exists()
        assert trained(*words, data=[data], tool=[tool]).exists()
        assert calls.read_text() == 'x' * (2 + number)
        assert (tmp_path / 'victims' / f'a.old{number + 1}' / 'epoch_1.pth').exists()
        assert 'weights of another training' in capsys.readouterr().out
    found = trained(*words, ['epochs=3'], [data], [tool])
    assert found.read_text() == '--cfg-options epochs=3'


def test_a_training_that_was_broken_off_begins_again(tmp_path):
    tool, config, folder = tmp_path / 'train.py', tmp_path / 'config.py', tmp_path / 'a'
    tool.write_text(TRAINING)
    config.write_text('epochs = 1')
    folder.mkdir()
    (folder / 'epoch_7.pth').touch()
    assert trained(config, folder, tool=[tool]) == folder / 'epoch_1.pth'
    assert not (folder / 'epoch_7.pth').exists()
    assert [path.name for path in tmp_path.glob('a*')] == ['a']
