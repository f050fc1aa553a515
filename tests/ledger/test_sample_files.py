"""A video that was replaced is another one; a copy, or one that was touched, is not."""

import os
import shutil
from types import SimpleNamespace

import pytest

from mmrobust.ledger.ledger import OtherRunError
from mmrobust.ledger.sample_files import SampleFiles, stamp
from tests.engine.runs import attack_run, derived_config, rows
from tests.engine.test_bad_input import file_config


class Listed:
    """A data set of files, as mmengine's."""

    pipeline = None

    def __init__(self, *infos):
        self.infos = infos

    def __len__(self):
        return len(self.infos)

    def get_data_info(self, index):
        return self.infos[index]


def filled(path, size, last=b'x'):
    path.write_bytes(b'a' * (size - 1) + last)
    return stamp(path)


@pytest.mark.parametrize('size', [1, 4096, 10_000, 1_000_000])
def test_size_and_ends_count_and_names_and_times_do_not(tmp_path, size):
    path, other = tmp_path / 'a.mkv', tmp_path / 'b.mkv'
    first = filled(path, size)
    shutil.copy(path, other)
    os.utime(path, (1, 1))
    assert stamp(path) == stamp(other) == first
    assert filled(path, size, b'y') != first
    assert filled(path, size + 1) != first
    path.unlink()
    assert stamp(path) is None


def test_the_middle_counts(tmp_path):
    path = tmp_path / 'a.bmp'
    first = filled(path, 100_000)
    content = bytearray(path.read_bytes())
    content[50_000] = 0
    path.write_bytes(content)
    assert stamp(path) != first


def test_a_folder_of_frames_counts_by_names_and_sizes(tmp_path):
    for name in ('1.jpg', '2.jpg'):
        (tmp_path / name).write_bytes(b'abc')
    first = stamp(tmp_path)
    (tmp_path / '2.jpg').write_bytes(b'abcd')
    second = stamp(tmp_path)
    (tmp_path / '2.jpg').rename(tmp_path / '3.jpg')
    assert len({first, second, stamp(tmp_path)}) == 3


def test_a_sample_without_a_file_has_no_stamp(tmp_path):
    found = SampleFiles(Listed({'index': 0}, {'filename': 's3://there/a.mp4'}, {'img_path': 3}))
    assert [found.stamp(index) for index in range(3)] == [None] * 3


def test_lines_of_files_that_have_changed_are_refused(tmp_path):
    infos = [{'filename': str(tmp_path / name)} for name in ('a.mkv', 'b.mkv', 'late.mkv')]
    files = SampleFiles(Listed(*infos))
    for name in ('a.mkv', 'b.mkv'):
        filled(tmp_path / name, 20)
    entries = {line: {'file': files.stamp(line // 2)} for line in range(6)}
    ledger = SimpleNamespace(folder=tmp_path, entries=entries)
    filled(tmp_path / 'late.mkv', 20)
    samples = {line: line // 2 for line in entries}
    (tmp_path / 'a.mkv').unlink()
    files.check(ledger, samples)
    filled(tmp_path / 'b.mkv', 21)
    with pytest.raises(OtherRunError, match=r'files of the data: \S+b\.mkv has changed \('):
        files.check(ledger, samples)


@pytest.mark.slow
def test_a_video_that_was_replaced_is_another_run(checkpoints, tmp_path):
    config = file_config(tmp_path, ['good1.mkv', 'good2.mkv'])
    words = (checkpoints['tiny_3d'], tmp_path / 'w', '--resume')
    attack_run(*words, config=str(config))
    assert all(len(row['file']) == 16 for row in rows(tmp_path / 'w'))
    os.utime(tmp_path / 'good1.mkv')
    attack_run(*words, config=str(config))
    (tmp_path / 'good1.mkv').write_bytes((tmp_path / 'good1.mkv').read_bytes() + b'0')
    with pytest.raises(OtherRunError, match=r'files of the data: .*good1\.mkv has changed'):
        attack_run(*words, config=str(config))


@pytest.mark.slow
def test_synthetic_videos_have_no_file(checkpoints, tmp_path):
    config = derived_config(tmp_path, 'tiny_3d')
    attack_run(checkpoints['tiny_3d'], tmp_path / 'w', '--max-samples', '1', config=str(config))
    assert [row['file'] for row in rows(tmp_path / 'w')] == [None]
