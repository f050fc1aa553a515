import cv2
import numpy as np
import pytest

from mmrobust.io.video import read_video
from tools.data.prepare_weizmann import ACTIONS, prepare, read_strip


def write_strip(path, frames):
    path.parent.mkdir(parents=True, exist_ok=True)
    strip = np.concatenate(list(frames), 1)
    opaque = np.full((*strip.shape[:2], 1), 255, np.uint8)
    image = cv2.imencode('.png', np.concatenate([strip[..., ::-1], opaque], -1))[1]
    path.write_bytes(image.tobytes())


def test_strips_become_whole_clips_and_windows_split_by_person(tmp_path):
    rng = np.random.default_rng(0)
    clips = {}
    for number, action in enumerate(ACTIONS):
        for person in (0, 5):
            clip = rng.integers(0, 256, (11, 10, 10, 3), np.uint8)
            stem = f'{person * 8 + 2 * number:08d}'
            write_strip(tmp_path / 'source' / action / f'{stem}.jpg', clip)
            clips[action, person] = clip
    lines = prepare(tmp_path / 'source', tmp_path / 'out', 4, {5})
    assert len(lines['train']) == len(ACTIONS)
    assert len(lines['test']) == 2 * len(ACTIONS)
    assert lines['test'][3] == 'wave_both_hands/person5_004.mkv 1'
    videos = tmp_path / 'out/videos'
    whole, _ = read_video(videos / 'bend/person0_000.mkv')
    np.testing.assert_array_equal(whole, clips['4', 0])
    window, _ = read_video(videos / 'wave_both_hands/person5_004.mkv')
    np.testing.assert_array_equal(window, clips['1', 5][4:8])


def test_wrong_sources_are_named(tmp_path):
    with pytest.raises(ValueError, match='no strips'):
        prepare(tmp_path, tmp_path / 'out', 4, {5})
    write_strip(tmp_path / '0/00000000.jpg', np.zeros((2, 10, 7, 3), np.uint8))
    with pytest.raises(ValueError, match='14x10'):
        read_strip(tmp_path / '0/00000000.jpg')


@pytest.mark.real
def test_the_real_clips_are_cut_without_mixing_people(real_data, tmp_path):
    lines = prepare(real_data / 'weizmann4', tmp_path, 16, {4, 5})
    assert (len(lines['train']), len(lines['test'])) == (16, 36)
    people = {
        split: {line.split('person')[1][0] for line in entries} for split, entries in lines.items()
    }
    assert people == {'train': set('0123'), 'test': set('45')}
    frames, _ = read_video(tmp_path / 'videos' / lines['test'][0].split()[0])
    assert frames.shape == (16, 64, 64, 3)
