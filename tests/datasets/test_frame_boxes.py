"""Boxes of the sampled frames, as the data set or a file gives them; whole videos as clips."""

import json

import numpy as np
import pytest

from mmrobust.datasets import FrameBoxes, SampleAll, SyntheticVideoDataset
from mmrobust.datasets.synthetic import render
from mmrobust.datasets.synthetic.visibility import figure_boxes
from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.datasets.transforms.frame_boxes import write_boxes


def state(**changes):
    found = {
        'filename': 'films/a.mp4', 'start_index': 0, 'frame_inds': np.array([[2, 0]]),
        'img_shape': (50, 60), 'original_shape': (100, 240),
    }  # fmt: skip
    return found | changes


def file_of(tmp_path, content):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(content))
    return str(path)


FRAMES = [[[0, 0, 40, 100]], [], [[40, 20, 80, 60], [8, 10, 12, 14]]]


@pytest.mark.parametrize('name', ['films/a.mp4', 'a.mp4', 'a'])
def test_boxes_of_a_file_follow_sampling_and_resize(tmp_path, name):
    found = FrameBoxes(file_of(tmp_path, {name: FRAMES})).transform(state())
    # Frames 2 and 0; half as high, a quarter as wide.
    assert found['boxes'].dtype == np.float32
    assert found['boxes'][0].tolist() == [[10, 10, 20, 30], [2, 5, 3, 7]]
    assert found['boxes'][1, 0].tolist() == [0, 0, 10, 50]
    assert np.isnan(found['boxes'][1, 1]).all()
    assert found['boxes_shape'] == (50, 60)


def test_frames_are_counted_from_the_first(tmp_path):
    steps = FrameBoxes(file_of(tmp_path, {'a': FRAMES}))
    later = state(start_index=1, frame_inds=np.array([3, 1]))
    assert np.array_equal(
        steps.transform(later)['boxes'], steps.transform(state())['boxes'], equal_nan=True
    )


@pytest.mark.parametrize(('content', 'changes', 'words'), [
    ({'b': FRAMES}, {}, "boxes of films/a.mp4 must be in FrameBoxes' file"),
    ({'a': FRAMES[:2]}, {}, 'boxes of films/a.mp4 must be those of 3 frames at least, got 2'),
    ({'a': [[], [], []]}, {}, "'a' must be boxes of somebody in one frame at least"),
    ({'a': [[[0, 0, 0, 9]], [], []]}, {}, r"'a', frame 0 must be \[left, top, right, bottom\]"),
    ({'a': [[[0, 0, 9]], [], []]}, {}, 'left < right'),
    ({'a': 5}, {}, 'a list of frames'),
    ({'a': FRAMES}, {'crop_bbox': [0, 0, 5, 5]}, 'in a pipeline without crops'),
])  # fmt: skip
def test_bad_boxes_are_refused(tmp_path, content, changes, words):
    with pytest.raises(ValueError, match=words):
        FrameBoxes(file_of(tmp_path, content)).transform(state(**changes))


def test_bad_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='boxes .*none.json does not exist'):
        FrameBoxes(str(tmp_path / 'none.json'))
    (tmp_path / 'bad.json').write_text('{')
    with pytest.raises(ValueError, match='must be JSON'):
        FrameBoxes(str(tmp_path / 'bad.json'))
    with pytest.raises(ValueError, match='must be videos by name, got'):
        FrameBoxes(file_of(tmp_path, [1]))
    with pytest.raises(ValueError, match='given by the data set, or in a.boxes.json beside it'):
        FrameBoxes().transform(state())


def test_whole_videos_are_one_clip():
    found = SampleAll().transform({'total_frames': 5, 'start_index': 1})
    assert found['frame_inds'].tolist() == [1, 2, 3, 4, 5]
    assert (found['clip_len'], found['num_clips'], found['frame_interval']) == (5, 1, 1)
    with pytest.raises(ValueError, match='total_frames'):
        SampleAll().transform({'total_frames': 0, 'start_index': 0})


def test_embedded_videos_have_the_boxes_of_their_pictures():
    videos = SyntheticVideoDataset(num_videos=1, pipeline=[], split='test', window=16)
    whole = SyntheticVideoDataset(num_videos=1, pipeline=[], split='test')
    pictures = SyntheticPoseDataset(1, [], frames_per_video=32, split='test', test_mode=True)
    expected = [pictures.get_data_info(i)['bbox'] for i in range(32)]
    assert np.array_equal(whole[0]['boxes'], expected)
    assert np.array_equal(videos[1]['boxes'], expected[16:])


def test_nobody_has_no_box():
    parts = render(0, split='test').parts[:2].copy()
    parts[1] = 0
    found = figure_boxes(parts)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_boxes_beside_a_video_come_back(tmp_path):
    given = np.array([[[0.1, 2, 3, 4.7]], [[np.nan] * 4], [[1, 1, 9, 9]]], np.float32)
    video = tmp_path / '000003.mkv'
    write_boxes(video, given)
    assert (tmp_path / '000003.boxes.json').is_file()
    shown = state(filename=str(video), img_shape=(100, 240), frame_inds=np.arange(3))
    assert np.array_equal(FrameBoxes().transform(shown)['boxes'], given, equal_nan=True)
