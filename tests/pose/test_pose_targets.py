import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmrobust.datasets.synthetic import KEYPOINTS
from mmrobust.pose_targets import PROTOCOLS, PoseTemplate, load_target
from mmrobust.pose_targets.files import HUMAN36M

SETS = ('coco', 'h36m', 'mpii', 'jhmdb', 'aic', 'crowdpose', 'ochuman')
BOX = (20.0, 10.0, 60.0, 110.0)


def joints_of(name):
    import mmpose

    path = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets' / f'{name}.py'
    info = Config.fromfile(path).dataset_info.keypoint_info
    return [info[i]['name'] for i in range(len(info))]


def template(places, names=None, known=None):
    places = np.array(places, np.float64)
    return PoseTemplate(places, np.ones(len(places), bool) if known is None else known, names)


def named(protocol):
    pose = PROTOCOLS[protocol]()
    return dict(zip(pose.names, pose.places, strict=True))


@pytest.mark.parametrize('name', [*SETS, 'synthetic'])
@pytest.mark.parametrize('protocol', ['walk', 'sit'])
def test_the_protocols_know_every_joint_of_the_body_sets(name, protocol):
    joints = list(KEYPOINTS) if name == 'synthetic' else joints_of(name)
    pose = load_target(protocol).onto(joints)
    assert pose.known.all()
    assert pose.names == tuple(joints)
    # Aliases of one place aside, all joints are apart.
    distinct = {tuple(place.round(6)) for place in pose.places}
    assert len(distinct) == len(joints)


@pytest.mark.parametrize('protocol', ['walk', 'sit'])
def test_a_body_is_put_together_the_right_way_round(protocol):
    at = named(protocol)
    for side in ('left', 'right'):
        assert at['head_top'][1] < at[f'{side}_eye'][1] < at['neck'][1]
        assert at['neck'][1] < at['pelvis'][1] < at[f'{side}_ankle'][1]
        # Turned to the left of the image, towards which the nose points.
        assert at['nose'][0] < at[f'{side}_ear'][0]
    assert abs(at['left_ankle'][1] - at['right_ankle'][1]) < 0.3


def test_walking_swings_arms_against_legs_and_sitting_bends_the_hips():
    walk, sit = named('walk'), named('sit')
    legs = walk['left_ankle'][0] - walk['right_ankle'][0]
    arms = walk['left_wrist'][0] - walk['right_wrist'][0]
    assert legs < -0.2
    assert arms > 0.1

    def hip(at):
        thigh = at['left_knee'] - at['left_hip']
        trunk = at['neck'] - at['pelvis']
        cosine = thigh @ trunk / np.linalg.norm(thigh) / np.linalg.norm(trunk)
        return np.degrees(np.arccos(cosine))

    assert hip(walk) > 135
    assert hip(sit) < 115
    # Thighs foreshorten the figure: it sits lower than it walks.
    assert np.ptp([p[1] for p in sit.values()]) < 0.9 * np.ptp([p[1] for p in walk.values()])


@pytest.mark.parametrize('protocol', ['walk', 'sit'])
def test_a_fitted_pose_touches_two_sides_of_the_box_and_keeps_its_shape(protocol):
    pose = load_target(protocol).onto(joints_of('coco'))
    places = pose.fitted(BOX)
    low, high = places.min(0), places.max(0)
    assert np.allclose((low + high) / 2, [40, 60])
    assert (low >= np.array(BOX[:2]) - 1e-9).all()
    assert (high <= np.array(BOX[2:]) + 1e-9).all()
    assert np.isclose((high - low) / [40, 100], 1).any()
    spans = [np.linalg.norm(p[1:] - p[:-1], axis=1) for p in (places, pose.places)]
    assert np.ptp(spans[0] / spans[1]) < 1e-9


def test_fitting_in_closed_form():
    pose = template([[0, 0], [2, 1], [1, 4]])
    # 40 / 2 across, 100 / 4 down: the smaller one counts.
    assert np.allclose(pose.fitted(BOX), [[20, 20], [60, 40], [40, 100]])
    line = template([[7, 0], [7, 5]])
    assert np.allclose(line.fitted(BOX), [[40, 10], [40, 110]])
    assert np.allclose(template([[7, 3]]).fitted(BOX), [[40, 60]])
    partial = template([[0, 0], [2, 4], [np.nan, 1e9]], known=np.array([True, True, False]))
    assert np.allclose(partial.fitted(BOX), [[20, 20], [60, 100], [40, 60]])


@pytest.mark.parametrize('box', [(0, 0, 0, 5), (0, 0, 5, -1), (0, 0, 5), (0, 0, np.nan, 5)])
def test_a_box_without_an_inside_is_refused(box):
    with pytest.raises(ValueError, match='box must be left, top, right, bottom with an inside'):
        template([[0, 0], [1, 1]]).fitted(box)


def test_joints_are_matched_by_name_and_the_missing_ones_left_alone():
    pose = template([[1, 2], [3, 4], [5, 6]], ('left_foot', 'head', 'neck'))
    found = pose.onto(['neck', 'left_wrist', 'left_ankle', 'head_top', 'thorax'])
    assert found.known.tolist() == [True, False, True, True, True]
    assert found.places[found.known].tolist() == [[5, 6], [1, 2], [3, 4], [5, 6]]
    unknown = template([[1, 2], [3, 4]], ('head', 'neck'), np.array([True, False]))
    assert unknown.onto(['neck', 'head_top']).known.tolist() == [False, True]
    with pytest.raises(ValueError, match=r'\(head\) has no joint of the data set \(paw, tail\)'):
        unknown.onto(['paw', 'tail'])


def test_a_misspelt_joint_of_a_file_is_an_error(tmp_path):
    path = tmp_path / 'pose.json'
    path.write_text(json.dumps({'left_writs': [1, 2], 'nose': [3, 4]}))
    with pytest.raises(ValueError, match="got 'left_writs': did you mean 'left_wrist'"):
        load_target(str(path)).onto(joints_of('coco'))
    path.write_text(json.dumps({'left_writs': None, 'nose': [3, 4], 'left_foot': [5, 6]}))
    assert load_target(str(path)).onto(joints_of('coco')).known.sum() == 2


def test_another_number_of_joints_is_an_error_that_names_both():
    pose = template([[1, 2], [3, 4], [5, 6]])
    assert pose.onto(['a', 'b', 'c']).names == ('a', 'b', 'c')
    with pytest.raises(ValueError, match='the target pose has 3 joints, the data set 17'):
        pose.onto(joints_of('coco'))


def test_another_samples_pose_goes_through_the_names_of_its_data_set():
    from mmrobust.datasets import SyntheticPoseDataset

    sample = SyntheticPoseDataset(1, [], frames_per_video=1)[0]
    visible = sample['keypoints_visible'][0] > 0
    pose = PoseTemplate(sample['keypoints'][0].astype(float), visible, KEYPOINTS)
    found = pose.onto(joints_of('coco'))
    assert found.known.tolist() == [False] * 5 + [True] * 12
    index = KEYPOINTS.index('right_knee')
    assert np.allclose(found.places[14], sample['keypoints'][0, index])


def test_poses_are_read_from_json(tmp_path):
    path = tmp_path / 'pose.json'
    path.write_text(json.dumps({'nose': [1, 2.5], 'left_hip': None, 'right_hip': [3, 4]}))
    pose = load_target(str(path))
    assert pose.names == ('nose', 'left_hip', 'right_hip')
    assert pose.known.tolist() == [True, False, True]
    assert pose.places[[0, 2]].tolist() == [[1, 2.5], [3, 4]]
    path.write_text(json.dumps([[1, 2], None]))
    pose = load_target(str(path))
    assert pose.names is None
    assert pose.known.tolist() == [True, False]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'[[1, 2, 3]]', r'pose.json: joint 0 must be \[x, y\] or null, got \[1, 2, 3\]$'),
        (b'{"nose": {"x": 1}}', r"pose.json: joint 'nose' must be \[x, y\] or null, got {'x': 1}"),
        (b'{"nose": [1, 2], "mouth": 3}', "joint 'mouth' must be .*, got 3$"),
        (b'[["a", 2]]', r"joint 0 must be .*, got \['a', 2\]"),
        (b'[null, [NaN, 1]]', r'joint 1 must be .*, got \[nan, 1\]'),
        (b'{}', 'must be a list or an object of .* for each joint, got {}'),
        (b'[]', 'must be a list or an object of .* for each joint'),
        (b'7', 'must be a list or an object of .* for each joint, got 7'),
        (b'', 'pose.json must be JSON in UTF-8: Expecting value'),
        (b'\xff\xfe{', "pose.json must be JSON in UTF-8: 'utf-8' codec"),
        (b'[[1, 2], [3', 'pose.json must be JSON in UTF-8'),
        (b'[' * 100_000, 'pose.json must be JSON in UTF-8: maximum recursion depth'),
    ],
)
def test_a_json_file_without_places_is_refused(tmp_path, content, message):
    path = tmp_path / 'pose.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_target(str(path))


@pytest.mark.parametrize('bad', [[1, 2, 3], 'x' * 10**6])
def test_one_bad_row_of_many_is_named_not_echoed(tmp_path, bad):
    path = tmp_path / 'pose.json'
    path.write_text(json.dumps([[1, 2]] * 3000 + [bad]))
    with pytest.raises(ValueError, match='joint 3000 must be') as caught:
        load_target(str(path))
    assert len(str(caught.value)) < 500


def test_an_npz_file_that_is_none(tmp_path):
    path = tmp_path / 'poses.npz'
    for content in (b'', b'nothing', b'PK\x03\x04'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'poses.npz must be an .npz file of arrays'):
            load_target(f'{path}:frame')


def write_human36m(path, joints=17):
    places = np.random.default_rng(0).uniform(0, 999, (2, joints, 3))
    places[1, 4, 0] = np.nan
    images = np.array(['S1/Walking_1.jpg', 'S5/SittingDown_2.jpg'])
    np.savez(path, imgname=images, part=places)
    return places


def test_frames_of_human36m_files_are_found_by_name(tmp_path):
    path = tmp_path / 'poses.npz'
    places = write_human36m(path)
    pose = load_target(f'{path}:Sitting')
    assert pose.names == HUMAN36M == tuple(joints_of('h36m'))
    assert not pose.known[4]
    assert pose.known.sum() == 16
    assert np.array_equal(pose.places[:4], places[1, :4, :2])
    for frame, count in (('Phoning', 0), ('S', 2)):
        with pytest.raises(ValueError, match=f"must be named by '{frame}', got {count}"):
            load_target(f'{path}:{frame}')
    write_human36m(path, joints=32)
    with pytest.raises(ValueError, match='must hold 17 joints a frame, got 32'):
        load_target(f'{path}:Walking')
    np.savez(path, S=places)
    with pytest.raises(ValueError, match=r"must hold imgname and part, got \['S'\]"):
        load_target(f'{path}:Walking')


@pytest.mark.parametrize('source', ['wlak', 'pose.txt', 'poses.npz', 'poses.npz:'])
def test_an_unknown_source_is_named(source):
    with pytest.raises(ValueError, match=f'FILE.json or FILE.npz:FRAME, got {source!r}'):
        load_target(source)
    with pytest.raises(ValueError, match="did you mean 'walk'"):
        load_target('wlak')


@pytest.mark.parametrize(
    ('places', 'known', 'names', 'message'),
    [
        (np.zeros((2, 3)), np.ones(2, bool), None, r'places must be of shape \(K, 2\)'),
        (np.zeros((2, 2)), np.ones(3, bool), None, r'known must be of shape \(2,\)'),
        (np.zeros((2, 2)), np.zeros(2, bool), None, 'known must be true for at least one joint'),
        (np.full((2, 2), np.inf), np.ones(2, bool), None, 'places must be finite'),
        (np.zeros((2, 2)), np.ones(2, bool), ('a', 'a'), 'names must be 2 different names'),
        (np.zeros((2, 2)), np.ones(2, bool), ('a',), 'names must be 2 different names'),
    ],
)
def test_bad_poses_are_refused(places, known, names, message):
    with pytest.raises(ValueError, match=message):
        PoseTemplate(places, known, names)


@pytest.mark.real
def test_real_frames_of_human36m_walk_and_sit(real_data):
    path = real_data / 'mmpose_tests/h36m/test_h36m_body3d.npz'
    for frame in ('WalkDog', 'SittingDown'):
        pose = load_target(f'{path}:{frame}')
        found = pose.onto(joints_of('coco'))
        # Human3.6M has no eyes, ears, or tip of the nose.
        assert found.known.tolist() == [False] * 5 + [True] * 12
        assert np.array_equal(found.places[15], pose.places[HUMAN36M.index('left_foot')])
        places = found.fitted(BOX)
        inside = (places >= np.array(BOX[:2]) - 1e-9) & (places <= np.array(BOX[2:]) + 1e-9)
        assert inside.all()
