import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from mmrobust.functional.keypoint_metrics import (
    displacement,
    joint_scale,
    moved_joints,
    object_keypoint_similarity,
    success_curve,
    vanished_joints,
)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.fixture
def pose():
    """Two poses of three joints, and where they moved: by (3, 4), (0, 0), (6, 8) and so on."""
    reference = tensor([[[0, 0], [10, 0], [0, 20]], [[5, 5], [6, 6], [7, 7]]])
    step = tensor([[[3, 4], [0, 0], [6, 8]], [[0, 1], [5, 12], [0, 0]]])
    return reference + step, reference


def test_displacements_are_euclidean(pose):
    assert displacement(*pose).tolist() == [[5, 0, 10], [1, 13, 0]]


def test_a_missing_place_has_moved_where_it_counts(pose):
    moved, reference = pose
    moved[0, 1] = math.nan
    visible = torch.tensor([[1, 0, 1], [1, 1, 1]])
    scale = tensor([10.0, 10])
    assert not moved_joints(moved, reference, visible, scale, 9)[0, 1]
    assert moved_joints(moved, reference, visible.fill_(1), scale, 9)[0, 1]


def test_similarity_is_exp_of_minus_one_at_the_distance_of_its_spread():
    sigmas, areas = tensor([0.1, 0.05]), tensor([400.0])
    # 2 s^2 k^2 with s^2 = 400 and k = 0.2, 0.1.
    distance = (2 * areas * (2 * sigmas) ** 2).sqrt()
    reference = torch.zeros(1, 2, 2, dtype=torch.float64)
    moved = reference + torch.stack([distance, 0 * distance], -1)
    both = torch.ones(1, 2)
    found = object_keypoint_similarity(moved, reference, both, sigmas, areas)
    assert float(found) == pytest.approx(math.exp(-1), abs=1e-12)
    moved[0, 1] = 1e9
    found = object_keypoint_similarity(moved, reference, both, sigmas, areas)
    assert float(found) == pytest.approx(math.exp(-1) / 2, abs=1e-12)
    one = object_keypoint_similarity(moved, reference, torch.tensor([[1, 0]]), sigmas, areas)
    assert float(one) == pytest.approx(math.exp(-1), abs=1e-12)
    none = object_keypoint_similarity(moved, reference, torch.zeros(1, 2), sigmas, areas)
    assert none.isnan().all()


def test_an_area_of_zero_is_no_division_by_zero():
    place = torch.ones(1, 1, 2, dtype=torch.float64)
    one = torch.ones(1, 1)
    zero = tensor([0.0])
    similar = object_keypoint_similarity(place, place, one, tensor([0.1]), zero)
    apart = object_keypoint_similarity(place, place + 1, one, tensor([0.1]), zero)
    assert (float(similar), float(apart)) == (1, 0)


def test_moved_joints_complement_pck_at_the_threshold(pose):
    visible = torch.tensor([[1, 1, 1], [1, 1, 0]])
    scale = tensor([10.0, 10])
    moved = moved_joints(*pose, visible, scale, 0.5)
    assert moved.tolist() == [[True, False, True], [False, True, False]]
    assert not moved_joints(*pose, torch.zeros(2, 3), scale, 0.5).any()


@pytest.mark.parametrize('scale', [0.0, math.nan])
def test_a_pose_without_a_scale_counts_no_joint(pose, scale):
    visible, scales = torch.ones(2, 3), tensor([10.0, scale])
    assert not moved_joints(*pose, visible, scales, 0.5)[1].any()


def test_scales_are_the_longer_side_the_head_or_the_root_of_the_area():
    boxes = tensor([[1, 2, 11, 32], [0, 0, 8, 4]])
    assert joint_scale('box', boxes=boxes).tolist() == [30, 8]
    assert joint_scale('head', head_sizes=tensor([7.0, 8])).tolist() == [7, 8]
    assert joint_scale('area', areas=tensor([49.0, 64])).tolist() == [7, 8]


@pytest.mark.parametrize(
    ('kind', 'given', 'message'),
    [
        ('torso', {}, "kind must be one of .*'head'.*got 'torso'"),
        ('head', {}, r'head_sizes must be \(N,\) for displacements by head, got None'),
        ('area', {}, r'areas must be \(N,\)'),
        ('box', dict(boxes=torch.ones(2, 5)), r'boxes must be \(N, 4\).*got \(2, 5\)'),
    ],
)
def test_a_missing_yardstick_is_named(kind, given, message):
    with pytest.raises(ValueError, match=message):
        joint_scale(kind, **given)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(reference=torch.zeros(2, 4, 2)), r'reference must be of shape \(2, 3, 2\)'),
        (dict(visible=torch.ones(2, 4)), r'visible must be of shape \(2, 3\)'),
        (dict(scale=torch.ones(3)), r'scale must be of shape \(2,\)'),
        (dict(tau=math.nan), 'tau must be a number >= 0, got nan'),
        (dict(pose=torch.zeros(3, 2)), r'pose must be of shape \(N, K, D\)'),
    ],
)
def test_shapes_that_do_not_belong_together_are_refused(change, message):
    zero = torch.zeros(2, 3, 2)
    given = dict(pose=zero, reference=zero, visible=torch.ones(2, 3), scale=torch.ones(2), tau=0.1)
    with pytest.raises(ValueError, match=message):
        moved_joints(**{**given, **change})


def test_similarity_names_the_wrong_falloffs_and_areas():
    zero, one = torch.zeros(2, 3, 2), torch.ones(2, 3)
    with pytest.raises(ValueError, match=r'sigmas must be of shape \(3,\), got \(17,\)'):
        object_keypoint_similarity(zero, zero, one, torch.ones(17), torch.ones(2))
    with pytest.raises(ValueError, match=r'areas must be of shape \(2,\), got \(1,\)'):
        object_keypoint_similarity(zero, zero, one, torch.ones(3), torch.ones(1))


def test_a_response_that_is_not_positive_has_vanished():
    scores = tensor([[0.5, 0.0, -1.0], [math.nan, 1e-30, 1.0]])
    assert vanished_joints(scores).tolist() == [[False, True, True], [True, False, False]]


def test_success_curves_count_strictly_beyond_and_leave_unknown_samples_out():
    values = tensor([1.0, 2.0, math.nan, 4.0])
    taus = tensor([0.0, 1.0, 2.0, 4.0])
    found = success_curve(values, taus)
    assert found.tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0])
    found = success_curve(values, taus, targeted=True)
    assert found.tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3])
    assert success_curve(values[2:3], taus).isnan().all()
    with pytest.raises(ValueError, match=r'values must be of shape \(N,\)'):
        success_curve(values[None], taus)
    with pytest.raises(ValueError, match=r'taus must be of shape \(M,\)'):
        success_curve(values, taus[0])


# Parity with MMPose's own evaluators, on real annotations and jittered poses.


def annotations(path):
    """Places (N, K, 2), flags (N, K), boxes (N, 4), areas (N,) of labelled instances."""
    content = json.loads(path.read_text())
    kept = [a for a in content['annotations'] if any(a['keypoints'][2::3])]
    triplets = np.array([a['keypoints'] for a in kept], np.float64).reshape(len(kept), -1, 3)
    boxes = np.array([a['bbox'] for a in kept], np.float64)
    boxes[:, 2:] += boxes[:, :2]
    areas = np.array([a.get('area', math.nan) for a in kept], np.float64)
    return kept, triplets[..., :2], triplets[..., 2], boxes, areas


def jittered(places, seed=0, reach=30):
    """Each pose moved by up to its ``reach``, pixels: from well below to above every threshold."""
    rng = np.random.default_rng(seed)
    size = (np.linspace(0.05, 1, len(places)) * reach)[:, None, None]
    return places + rng.normal(size=places.shape) * size


SETS = [
    'coco/test_coco.json',
    'mpii/test_mpii.json',
    'jhmdb/test_jhmdb_sub1.json',
    'ochuman/test_ochuman.json',
    '300w/test_300w.json',
    'wflw/test_wflw.json',
    'freihand/test_freihand.json',
]


def mpii(path):
    """MPII's file is no COCO file: a list of joints with 1-based places."""
    content = json.loads(path.read_text())
    places = np.array([item['joints'] for item in content], np.float64)
    flags = np.array([item['joints_vis'] for item in content], np.float64)
    sides = 200 * np.array([item['scale'] for item in content])[:, None]
    centres = np.array([item['center'] for item in content])
    return places, flags, np.concatenate([centres - sides / 2, centres + sides / 2], 1)


def evaluate(metric, poses, places, flags, boxes, **more):
    samples = [
        dict(
            pred_instances=dict(keypoints=pose[None]),
            gt_instances=dict(
                keypoints=place[None],
                keypoints_visible=np.minimum(flag, 1)[None],
                bboxes=box[None],
                **{name: value[i] for name, value in more.items()},
            ),
        )
        for i, (pose, place, flag, box) in enumerate(zip(poses, places, flags, boxes, strict=True))
    ]
    metric.process([], samples)
    return metric.compute_metrics(metric.results)


@pytest.mark.real
@pytest.mark.parametrize('name', SETS, ids=lambda name: name.split('/')[0])
def test_pck_epe_and_nme_are_those_of_mmpose(real_data, name):
    from mmpose.evaluation.metrics import EPE, NME, PCKAccuracy

    path = real_data / 'mmpose_tests' / name
    if name.startswith('mpii'):
        places, flags, boxes = mpii(path)
    else:
        _, places, flags, boxes, _ = annotations(path)
    poses = jittered(places)
    heads = np.linspace(20, 60, len(places))
    mine = [torch.from_numpy(value) for value in (poses, places, flags)]
    scales = {
        'box': joint_scale('box', boxes=torch.from_numpy(boxes)),
        'head': joint_scale('head', head_sizes=torch.from_numpy(heads)),
    }
    for tau in (0.05, 0.2, 0.5):
        metric = PCKAccuracy(thr=tau, norm_item=['bbox', 'head'])
        # MMPose compares in single precision; no pose here lies that near the threshold.
        theirs = evaluate(metric, poses, places, flags, boxes, head_size=heads)
        for key, kind in (('PCK', 'box'), ('PCKh', 'head')):
            moved = moved_joints(*mine, scales[kind], tau)
            counts = (mine[2] > 0) & (scales[kind] > 0)[:, None]
            # MMPose: of each joint first, then the mean over those that count somewhere.
            found = float((1 - moved.sum(0) / counts.sum(0)).nanmean())
            assert found == pytest.approx(float(theirs[key]), abs=1e-6)
    distance, counts = displacement(*mine[:2]), mine[2] > 0
    theirs = evaluate(EPE(), poses, places, flags, boxes)['EPE']
    assert float(distance[counts].mean()) == pytest.approx(float(theirs), rel=1e-5)
    metric = NME(norm_mode='use_norm_item', norm_item='head_size')
    theirs = evaluate(metric, poses, places, flags, boxes, head_size=heads[:, None])['NME']
    relative = (distance / scales['head'][:, None])[counts].mean()
    assert float(relative) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.real
@pytest.mark.parametrize('name', ['coco', 'ochuman'])
def test_similarity_is_that_of_xtcocotools(real_data, name):
    from mmengine.config import Config
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    path = real_data / 'mmpose_tests' / name / f'test_{name}.json'
    sigmas = np.array(Config.fromfile(metainfo(name)).dataset_info.sigmas)
    kept, places, flags, _, areas = annotations(path)
    poses = jittered(places, seed=1, reach=0.3 * np.sqrt(areas))
    detections = [
        dict(
            image_id=a['image_id'],
            category_id=a['category_id'],
            keypoints=np.concatenate([pose, np.ones((len(pose), 1))], 1).ravel().tolist(),
            # Detections come back in the order of their scores.
            score=1 - i / 1000,
        )
        for i, (a, pose) in enumerate(zip(kept, poses, strict=True))
    ]
    truth = COCO(str(path))
    evaluation = COCOeval(truth, truth.loadRes(detections), 'keypoints', sigmas)
    evaluation._prepare()
    theirs = np.empty(len(kept))
    for image in {a['image_id'] for a in kept}:
        matrix = evaluation.computeOks(image, 1)
        columns = [a['id'] for a in evaluation._gts[image, 1]]
        here = [i for i, a in enumerate(kept) if a['image_id'] == image]
        for row, i in enumerate(here):
            theirs[i] = matrix[row, columns.index(kept[i]['id'])]
    mine = object_keypoint_similarity(
        *(torch.from_numpy(value) for value in (poses, places, flags, sigmas, areas))
    )
    assert len(theirs) > 2
    # Some near 0, some near 1: the jitter spans the range.
    assert theirs.min() < 0.4
    assert theirs.max() > 0.8
    np.testing.assert_allclose(mine.numpy(), theirs, rtol=1e-9, atol=1e-12)


def metainfo(name):
    import mmpose

    return Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets' / f'{name}.py'
