"""A sample whose file cannot be read says what is wrong with the file."""

import os

import cv2
import numpy as np
import pytest

from mmrobust.datasets.broken_files import blaming_the_file
from mmrobust.functional.checks import BrokenFileError, one_line
from mmrobust.io.video import write_lossless

NOISE = np.random.default_rng(0).integers(0, 256, (6, 40, 48, 3), dtype=np.uint8)


class FirstInit:
    """A reader that fails."""

    def fail(self, state):
        with blaming_the_file(self, state):
            raise RuntimeError('Error reading 6 bytes...\nand more')


class FirstDecode(FirstInit):
    pass


class LoadPicture(FirstInit):
    pass


class Flip(FirstInit):
    pass


def told(transform, **state) -> str:
    with pytest.raises((BrokenFileError, RuntimeError)) as caught:
        transform().fail(state)
    return one_line(caught.value)


@pytest.fixture
def files(tmp_path):
    """Whole files, halves of them, texts and empty ones."""
    write_lossless(tmp_path / 'whole.mkv', NOISE, 10)
    for ending in ('jpg', 'png', 'bmp'):
        cv2.imwrite(str(tmp_path / f'whole.{ending}'), NOISE[0])
    for ending in ('mkv', 'jpg', 'png'):
        content = (tmp_path / f'whole.{ending}').read_bytes()
        (tmp_path / f'cut.{ending}').write_bytes(content[: len(content) // 2])
        (tmp_path / f'text.{ending}').write_text('hello ' * 20)
        (tmp_path / f'empty.{ending}').write_text('')
    return tmp_path


def test_videos(files):
    def of(name, transform=FirstInit):
        return told(transform, filename=str(files / name))

    missing = os.path.getsize(files / 'whole.mkv') - os.path.getsize(files / 'cut.mkv')
    assert of('empty.mkv') == of('empty.mkv', FirstDecode) == 'the file is empty'
    assert of('cut.mkv') == f'the file is cut short by {missing} bytes: FirstInit cannot read it'
    raw = 'RuntimeError: Error reading 6 bytes...'
    assert of('text.mkv') == f'the file is no video that FirstInit can read ({raw})'
    assert of('text.mkv', FirstDecode) == 'the file is no video that FirstDecode can read'


@pytest.mark.parametrize('ending', ['jpg', 'png'])
def test_pictures(files, ending):
    def of(name):
        return told(LoadPicture, img_path=str(files / f'{name}.{ending}'))

    assert of('empty') == 'the file is empty'
    assert of('cut') == 'the file is cut short: LoadPicture cannot read it'
    assert of('text') == 'the file is no picture that LoadPicture can read'


def test_other_errors_stay_what_they_are(files):
    raw = 'RuntimeError: Error reading 6 bytes...'
    assert told(FirstDecode, filename=str(files / 'whole.mkv')) == raw
    assert told(LoadPicture, img_path=str(files / 'whole.bmp')) == raw
    # Whatever this one does, it reads no file.
    assert told(Flip, filename=str(files / 'empty.mkv')) == raw
    assert told(FirstInit, filename=str(files / 'nowhere.mkv')) == raw
    assert told(FirstInit) == raw
