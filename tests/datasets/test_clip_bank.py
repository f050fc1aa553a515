"""Videos become a bank that Admix reads."""

import numpy as np
import pytest

from mmrobust.io.clip_bank import read_bank
from mmrobust.io.video import write_lossless
from tools.data.clip_bank import main


def test_frames_at_equal_distances_of_each_video(tmp_path):
    long = np.broadcast_to(np.arange(9, dtype=np.uint8)[:, None, None, None] * 20, (9, 8, 10, 3))
    write_lossless(tmp_path / 'long.mkv', np.ascontiguousarray(long), 25)
    short = np.full((1, 6, 14, 3), (10, 20, 30), dtype=np.uint8)
    write_lossless(tmp_path / 'short.mkv', short, 25)
    out = tmp_path / 'bank.npy'
    videos = [str(tmp_path / f'{name}.mkv') for name in ('long', 'short')]
    assert main([str(out), *videos, '--frames', '3', '--size', '4', '5']) == 0
    bank = read_bank(str(out))
    assert bank.shape == (2, 3, 4, 5, 3)
    assert [int(frame.mean()) for frame in bank[0]] == [0, 80, 160]
    assert bank[1].reshape(-1, 3).tolist() == [[10, 20, 30]] * 60


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['bank.npz', 'no.mkv'], "OUT must be a .npy file, got 'bank.npz'"),
        (['bank.npy', 'no.mkv'], 'no.mkv'),
        (['bank.npy', 'no.mkv', '--frames', '0'], '--frames and --size must be numbers >= 1'),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count('\n') == 1
    assert not list(tmp_path.iterdir())
