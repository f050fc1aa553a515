import cv2
import numpy as np
import pytest

from mmrobust.datasets.synthetic import CLASSES, KEYPOINTS, synthesize
from mmrobust.datasets.synthetic.flow import invert, optical_flow


@pytest.fixture(scope='module', params=range(len(CLASSES)), ids=CLASSES)
def sample(request):
    return synthesize(request.param, seed=1, split='val')


def warp_back(image, flow):
    """Frame t+1 seen from frame t; cv2.remap rounds positions to 1/32 pixel."""
    height, width = flow.shape[1:]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    position = x + flow[0], y + flow[1]
    return cv2.remap(image, *position, cv2.INTER_LINEAR, borderValue=(-1e3,) * 3), position


def surely_seen(owner, after, position):
    """Pixels inside one part both now and where they go."""
    inner = np.ones(owner.shape, bool)
    layers = [cv2.erode((owner == k).astype(np.uint8), np.ones((3, 3))) for k in np.unique(owner)]
    inner &= np.sum(layers, 0) > 0
    height, width = owner.shape
    x, y = position
    inside = (x >= 1) & (x <= width - 2) & (y >= 1) & (y <= height - 2)
    target = np.zeros(owner.shape, bool)
    after_inner = {
        k: cv2.erode((after == k).astype(np.uint8), np.ones((3, 3))) for k in np.unique(owner)
    }
    ix, iy = np.rint(x).astype(int).clip(0, width - 1), np.rint(y).astype(int).clip(0, height - 1)
    for k, mask in after_inner.items():
        target |= (owner == k) & (mask[iy, ix] > 0)
    return inner & inside & target


def test_flow_carries_each_frame_to_the_next(sample):
    """In grey levels; what is left comes from resampling fine texture and from shading."""
    frames = sample.frames.astype(np.float32)
    errors = {'background': [], 'body': [], 'fast': [], 'fast, uncorrected': []}
    for t in range(0, len(frames) - 1, 5):
        back, position = warp_back(frames[t + 1], sample.flow[t])
        seen = surely_seen(sample.parts[t], sample.parts[t + 1], position)
        assert seen.mean() > 0.6
        error = np.abs(back - frames[t]).mean(-1)
        body = sample.parts[t] > 0
        fast = seen & body & (np.hypot(*sample.flow[t]) > 1.5)
        errors['background'].append(error[seen & ~body])
        errors['body'].append(error[seen & body])
        errors['fast'].append(error[fast])
        errors['fast, uncorrected'].append(np.abs(frames[t + 1] - frames[t]).mean(-1)[fast])
    errors = {name: np.concatenate(values) for name, values in errors.items()}
    assert errors['background'].mean() < 2.0
    assert errors['body'].mean() < 7.0
    assert np.percentile(errors['body'], 99) < 30
    assert errors['fast'].mean() < 0.5 * errors['fast, uncorrected'].mean()


def test_a_still_camera_leaves_the_background_still():
    still = synthesize(2, drift=0.0)
    background = still.parts[:-1] == 0
    assert background.any()
    assert np.abs(np.moveaxis(still.flow, 1, -1)[background]).max() == 0.0
    assert np.abs(still.flow).max() > 1.0
    near = cv2.dilate((still.parts > 0).any(0).astype(np.uint8), np.ones((5, 5)))
    # Above the ground, where the soft shadow falls.
    far = (near == 0) & (np.arange(len(near))[:, None] < 60)
    assert (still.frames[:, far] == still.frames[:1, far]).all()


def test_a_drifting_camera_moves_the_background_as_a_whole():
    sample = synthesize(2, drift=3.0)
    background = sample.parts[0] == 0
    flow = sample.flow[0][:, background]
    assert np.abs(flow).max() > 0
    assert np.ptp(flow, axis=1).max() < 1e-5


def test_visible_keypoints_lie_on_the_person(sample):
    visible = sample.visible
    assert visible.mean() > 0.5
    t, _ = np.nonzero(visible)
    x, y = np.rint(sample.keypoints[visible]).astype(int).T
    assert (sample.parts[t, y, x] > 0).all()


def test_keypoints_move_with_the_flow(sample):
    """The head is one rigid part: its keypoint must follow the flow under it."""
    head = KEYPOINTS.index('head')
    for t in range(0, len(sample.frames) - 1, 7):
        if sample.visible[t, head] and CLASSES[sample.label] != 'spin':
            x, y = np.rint(sample.keypoints[t, head]).astype(int)
            moved = sample.keypoints[t + 1, head] - sample.keypoints[t, head]
            assert np.abs(moved - sample.flow[t, :, y, x]).max() < 0.35


def test_optical_flow_of_a_known_rotation():
    angle = 0.1
    turn = np.array([[np.cos(angle), -np.sin(angle), 2.0], [np.sin(angle), np.cos(angle), -1.0]])
    identity = np.eye(2, 3)
    affine = np.stack([np.stack([identity, identity]), np.stack([identity, turn])])
    owner = np.zeros((2, 3, 5), np.uint8)
    owner[:, :, 2:] = 1
    flow = optical_flow(affine, owner)
    assert (flow[0, :, :, :2] == 0).all()
    expected = turn @ np.array([4.0, 1.0, 1.0]) - [4.0, 1.0]
    np.testing.assert_allclose(flow[0, :, 1, 4], expected, atol=1e-6)


def test_invert_is_the_inverse():
    affine = np.random.default_rng(0).normal(size=(3, 4, 2, 3))
    full = np.concatenate([affine, np.broadcast_to([[[[0.0, 0, 1]]]], (3, 4, 1, 3))], -2)
    np.testing.assert_allclose(invert(affine), np.linalg.inv(full)[..., :2, :], atol=1e-9)
