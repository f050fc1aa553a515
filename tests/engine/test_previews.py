"""What is written under a sample that people look at."""

from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch

from mmrobust.engine.artifacts import Artifacts
from mmrobust.engine.settings import RunSettings
from mmrobust.victims.action.previews import VideoPreviews
from mmrobust.victims.lifting.previews import LiftingPreviews
from mmrobust.victims.pose.previews import PosePreviews
from mmrobust.visualization.stills import decoded

META = {
    'num_keypoints': 2,
    'skeleton_links': [(0, 1)],
    'keypoint_id2name': {0: 'a', 1: 'b'},
    'keypoint_colors': [[255, 0, 0]] * 2,
    'skeleton_link_colors': [[0, 255, 0]],
}
POSE = {'success': True, 'joints_moved': 1, 'clean_joints': [[0, 0], [1, 1]], 'linf': 8.0}
LIFTED = {'success': False, 'shift': 0.25, 'linf': 4.0}


@pytest.mark.parametrize(
    ('measured', 'words'),
    [
        ({'clean_pck': 1.0, 'adversarial_pck': 0.5}, ', PCK@0.2 100.0 % → 50.0 %'),
        ({'clean_pck': None, 'adversarial_pck': None, 'displacement': 0.3},
         ', displacement 30.0 % of the box'),
        # Bottom-up: none of the persons of the clean prediction is found any more.
        ({'clean_pck': None, 'adversarial_pck': None, 'displacement': None}, ''),
    ],
)  # fmt: skip
def test_a_pose_is_captioned_with_what_is_known_of_it(measured, words):
    caption = PosePreviews(META).caption(POSE | measured)
    assert caption == f'fooled: 1 of 2 joints moved{words}, l_inf 8'


@pytest.mark.parametrize(
    ('errors', 'words'),
    [((0.05, 0.5), 'MPJPE 0.05 → 0.5'), ((None, None), 'joints shift by 0.25')],
)
def test_places_in_space_are_captioned_with_what_is_known_of_them(errors, words):
    measured = dict(zip(('clean_mpjpe', 'adversarial_mpjpe'), errors, strict=True))
    caption = LiftingPreviews(META).caption(LIFTED | measured)
    assert caption == f'held: {words}, l_inf 4 pixels'


@pytest.mark.parametrize(
    ('frames', 'words'),
    [
        ({'frames': 3, 'frames_total': 16}, ', 3 of 16 frames changed'),
        ({'frames': 16, 'frames_total': 16}, ''),
        # A line of an earlier version.
        ({'frames': 3}, ', 3 frames changed'),
    ],
)
def test_a_video_is_captioned_with_its_frames_unless_all_changed(frames, words):
    entry = {'success': True, 'label': 1, 'linf': 4.0} | frames
    assert VideoPreviews(['walk', 'run']).caption(entry) == f'run: fooled, l_inf 4{words}'


def test_the_caption_states_the_factor_of_the_difference():
    entry = {'success': True, 'label': 1, 'linf': 4.0, 'frames': 1}
    previews = VideoPreviews([])
    assert (
        previews.described(entry | {'amplified': 8.0})
        == f'{previews.caption(entry)}; difference × 8'
    )
    assert previews.described(entry) == previews.caption(entry)


class Drawn:
    """Takes what a preview is drawn of."""

    suffix, amplifies = '.mp4', True

    def write(self, path, loaded, outcome, entry):
        self.path, self.factor = path, entry['amplified']


def test_the_factor_of_the_run_reaches_the_picture_and_the_line(tmp_path):
    loop = SimpleNamespace(settings=RunSettings(amplify=3.0, previews=1))
    artifacts = Artifacts.__new__(Artifacts)
    artifacts.loop, artifacts.saved, artifacts.shown = loop, None, set()
    artifacts.folder, artifacts.previews = tmp_path, Drawn()
    outcome = SimpleNamespace(attacked=True)
    files = artifacts.save(7, None, outcome, {'index': 7})
    assert files == {'preview': 'previews/000007.mp4', 'amplified': 3.0}
    assert (artifacts.previews.path, artifacts.previews.factor) == (
        tmp_path / 'previews/000007.mp4',
        3.0,
    )


def test_videos_and_poses_are_drawn_with_the_factor_of_their_line(tmp_path):
    clean = torch.full((3, 2, 160, 160), 100, dtype=torch.uint8)
    entry = {'amplified': 5.0, 'clean_prediction': 0, 'adversarial_prediction': 1}
    loaded = SimpleNamespace(layouts=[SimpleNamespace(pixels=lambda: clean)])
    path = tmp_path / 'a.mp4'
    VideoPreviews([]).write(path, loaded, SimpleNamespace(adversarial=clean + 4), entry)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format='rgb24')
    assert abs(int(np.median(frame[40:, -150:])) - (128 + 5 * 4)) <= 2
    picture = torch.full((3, 320, 200), 100, dtype=torch.uint8)
    joints = [[10, 10], [20, 20]]
    entry = {'amplified': 5.0, 'clean_joints': joints, 'adversarial_joints': joints}
    loaded = SimpleNamespace(layouts=[SimpleNamespace(pixels=lambda: picture)])
    path = tmp_path / 'a.png'
    PosePreviews(META).write(path, loaded, SimpleNamespace(adversarial=picture + 4), entry)
    assert np.unique(decoded(path.read_bytes())[-300:, -190:]).tolist() == [128 + 5 * 4]


def test_maps_of_stored_flow_play_one_after_the_other_in_grey(tmp_path):
    """As a network of flow sees them in view space: channels x, y, x, y of one moment."""
    levels = torch.tensor([30, 60, 90, 120], dtype=torch.uint8)
    clean = levels[:, None, None, None].expand(-1, 1, 160, 160)
    entry = {'amplified': 5.0, 'clean_prediction': 0, 'adversarial_prediction': 1}
    loaded = SimpleNamespace(layouts=[SimpleNamespace(pixels=lambda: clean)])
    path = tmp_path / 'a.mp4'
    VideoPreviews([]).write(path, loaded, SimpleNamespace(adversarial=clean + 4), entry)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    shown = [np.median(frame[40:, :150], axis=(0, 1)) for frame in frames]
    assert np.allclose(shown, np.repeat(levels.numpy()[:, None], 3, 1), atol=2)
