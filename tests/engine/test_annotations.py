"""COCO's metric over part of its annotations, and annotations that a metric cannot use."""

import json

import numpy as np
import pytest

from mmrobust.engine.annotations import check_annotations, leave_out

JOINTS = 17
# Picture -> the persons on it; the last one is a crowd, which no data set loads.
PICTURES = {1: [10, 11], 2: [20], 3: [30, 31, 32]}


class Dataset:
    """Persons one by one, as MMPose's top-down data sets list them."""

    def __init__(self, persons, bottomup=False):
        self.pipeline, self.bottomup = None, bottomup
        self.persons = list(persons)

    def __len__(self):
        return len(self.persons)

    def get_data_info(self, index):
        person = self.persons[index]
        return {'img_id': person['image_id'], 'id': person['id'], 'raw_ann_info': person}


class Pictures(Dataset):
    def __len__(self):
        return len(PICTURES)

    def get_data_info(self, index):
        picture = list(PICTURES)[index]
        raw = [one for one in self.persons if one['image_id'] == picture]
        return {'img_id': picture, 'id': [one['id'] for one in raw], 'raw_ann_info': [*raw, None]}


@pytest.fixture
def persons():
    rng = np.random.default_rng(0)
    found = []
    for picture, ids in PICTURES.items():
        for number in ids:
            corner = rng.uniform(0, 40, 2)
            places = np.column_stack([corner + rng.uniform(0, 50, (JOINTS, 2)), [2] * JOINTS])
            found.append(
                {
                    'id': number,
                    'image_id': picture,
                    'category_id': 1,
                    'bbox': [*corner, 50.0, 50.0],
                    'area': 2000.0,
                    'iscrowd': int(number == 32),
                    'num_keypoints': JOINTS,
                    'keypoints': places.flatten().tolist(),
                }
            )
    return found


@pytest.fixture
def metric(persons, tmp_path):
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.evaluation.metrics import CocoMetric

    images = [{'id': i, 'width': 100, 'height': 100, 'file_name': f'{i}.png'} for i in PICTURES]
    content = {'images': images, 'annotations': persons, 'info': {}}
    content['categories'] = [{'id': 1, 'name': 'person', 'keypoints': [], 'skeleton': []}]
    path = tmp_path / 'persons.json'
    path.write_text(json.dumps(content))
    found = CocoMetric(ann_file=str(path), nms_mode='none', score_mode='bbox')
    found.dataset_meta = parse_pose_metainfo({'from_file': 'configs/_base_/datasets/coco.py'})
    return found


def perfect(metric, people):
    """Predict these persons as they are; the metric's numbers."""
    samples = []
    for one in people:
        places = np.array(one['keypoints']).reshape(1, JOINTS, 3)
        instances = {'keypoints': places[..., :2], 'keypoint_scores': np.ones((1, JOINTS))}
        truth = {'bbox_scores': np.ones(1), 'bbox_scales': np.array([[50.0, 50.0]])}
        samples.append(
            {'id': one['id'], 'img_id': one['image_id'], 'pred_instances': instances,
             'gt_instances': truth}
        )  # fmt: skip
    metric.process({}, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('kept', [{0}, {1}, {0, 2}, {0, 1, 2, 3, 4}])
def test_perfect_predictions_of_a_part_are_all_that_there_is(metric, persons, kept):
    dataset = Dataset(one for one in persons if not one['iscrowd'])
    before = perfect(metric, [dataset.persons[i] for i in kept])['coco/AR']
    assert before == pytest.approx(len(kept) / 5)
    leave_out([metric], dataset, kept)
    found = perfect(metric, [dataset.persons[i] for i in kept])
    assert found['coco/AR'] == pytest.approx(1.0)
    assert found['coco/AP'] == pytest.approx(1.0)
    left = {one['id'] for one in metric.coco.dataset['annotations']}
    wanted = {dataset.persons[i]['id'] for i in kept}
    # What the data set never loads stays with its picture.
    assert left == wanted | ({32} if {3, 4} & kept else set())


def test_pictures_are_left_out_with_all_their_persons(metric, persons):
    leave_out([metric], Pictures(persons), {1, 2})
    assert {one['id'] for one in metric.coco.dataset['annotations']} == {20, 30, 31, 32}
    assert set(metric.coco.imgs) == {2, 3}


def test_boxes_of_a_detector_have_numbers_that_are_no_persons(metric, persons):
    class Boxes(Dataset):
        def get_data_info(self, index):
            return {'img_id': [1, 1, 2][index], 'id': [10, 20, 30][index]}

    leave_out([metric], Boxes(persons[:3]), {0, 2})
    assert len(metric.coco.dataset['annotations']) == len(persons)
    leave_out([metric], Boxes(persons[:3]), {2})
    assert {one['image_id'] for one in metric.coco.dataset['annotations']} == {2, 3}


def test_a_whole_run_leaves_the_annotations_alone(metric, persons):
    dataset, before = Dataset(persons), metric.coco
    leave_out([metric], dataset, set(range(len(persons))))
    assert metric.coco is before


def test_annotations_without_an_area_are_refused_before_anything_is_attacked(metric, persons):
    check_annotations([metric], Dataset(persons))
    del metric.coco.dataset['annotations'][2]['area']
    with pytest.raises(ValueError, match='must find an area in every annotation, got none in that'):
        check_annotations([metric], Dataset(persons))
    metric.format_only = True
    check_annotations([metric], Dataset(persons))
    metric.format_only, metric.use_area = False, False
    check_annotations([metric], Dataset(persons))
    # Without a file, the metric converts what the data set carries.
    metric.use_area, metric.coco = True, None
    del persons[2]['area']
    with pytest.raises(ValueError, match='with id 20; use_area=False evaluates'):
        check_annotations([metric], Dataset(persons))


def test_head_sizes_that_the_data_set_lacks_are_refused(persons):
    from mmpose.evaluation.metrics import MpiiPCKAccuracy

    with pytest.raises(ValueError, match='must find head_size in the data set, got'):
        check_annotations([MpiiPCKAccuracy()], Dataset(persons))

    class Measured(Dataset):
        def get_data_info(self, index):
            return {'head_size': 10.0}

    check_annotations([MpiiPCKAccuracy()], Measured(persons))


def test_metrics_that_others_evaluate_are_looked_at_too(persons, metric):
    from mmengine.registry import init_default_scope
    from mmpose.evaluation.metrics import KeypointPartitionMetric

    init_default_scope('mmpose')
    options = {'type': 'CocoMetric', 'score_mode': 'bbox', 'nms_mode': 'none'}
    parted = KeypointPartitionMetric(options, {'legs': [0, 1], 'arms': [2, 3]})
    check_annotations([parted], Dataset(persons))
    del persons[2]['area']
    with pytest.raises(ValueError, match='CocoMetric must find an area .*with id 20'):
        check_annotations([parted], Dataset(persons))
    # Each part counts what was evaluated, and nothing else.
    parted.metrics['arms'].coco = metric.coco
    leave_out([parted], Dataset(persons[:3]), {2})
    left = parted.metrics['arms'].coco.dataset['annotations']
    assert {one['image_id'] for one in left} == {2, 3}
