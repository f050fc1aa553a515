"""Boxes of a detector: which annotation is whose, and a run on them beside mmengine's own."""

import json

import numpy as np
import pytest
import torch
from detector_toys import (
    FOUND,
    MATCHED,
    WEIGHTS,
    build_boxes,
    dataset_config,
    write_config,
    write_set,
)
from mmengine.config import Config
from pose_toys import build_model

from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims import PoseVictim
from mmrobust.victims.pose.detections import annotate_boxes, matches


@pytest.fixture(autouse=True)
def _scope():
    import mmpose.datasets  # noqa: F401
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp('boxes'))


def item(picture, left, score=1.0, width=10.0):
    corners = np.array([[left, 0, left + width, 10]], np.float32)
    return {'img_id': picture, 'bbox': corners, 'bbox_score': np.array([score], np.float32)}


def test_pose_boxes_choose_in_the_order_of_their_scores():
    persons = [item(1, 0), item(1, 4), item(2, 0)]
    # Both overlap the first person most; the surer one has it, the other takes the second.
    boxes = [item(1, 1, 0.3), item(1, 0.5, 0.8), item(2, 0, 0.1), item(3, 0, 0.9)]
    found = matches(boxes, persons)
    assert found.keys() == {0, 1, 2}
    assert all(found[row] is persons[one] for row, one in ((1, 0), (0, 1), (2, 2)))


def test_pose_boxes_that_overlap_by_less_than_half_match_none():
    # Intersection over union: 6.5 / 13.5, and 7 / 13.
    assert not matches([item(1, 3.5)], [item(1, 0)])
    assert list(matches([item(1, 3)], [item(1, 0)])) == [0]
    assert not matches([item(1, 0)], [])
    assert not matches([], [item(1, 0)])


@pytest.mark.parametrize('serialize', [True, False])
@pytest.mark.slow
def test_pose_boxes_take_joints_and_keep_all_else(folder, serialize):
    known = [one['data_samples'] for one in build_boxes(folder, bbox_file=None)]
    dataset = build_boxes(folder, serialize_data=serialize)
    before = [dataset.get_data_info(row) for row in range(len(dataset))]
    annotate_boxes(dataset)
    assert len(dataset) == len(FOUND)
    for row, (old, matched) in enumerate(zip(before, MATCHED, strict=True)):
        new = dataset.get_data_info(row)
        for key in ('id', 'img_id', 'bbox', 'bbox_score', 'img_path'):
            assert np.array_equal(new[key], old[key])
        assert ('raw_ann_info' in new) == matched
        if matched:
            person = known[new['img_id']]
            assert new['raw_ann_info']['id'] == 100 + new['img_id']
            assert np.array_equal(new['keypoints'], person.gt_instances.keypoints)
        else:
            assert not new['keypoints'].any()


def test_pose_boxes_inside_a_combined_data_set_take_joints_too(folder):
    from mmpose.registry import DATASETS

    names = {'from_file': 'configs/_base_/datasets/crowdpose.py'}
    parts = [dataset_config(folder)]
    combined = DATASETS.build({'type': 'CombinedDataset', 'metainfo': names, 'datasets': parts})
    annotate_boxes(combined)
    inner = combined.datasets[0]
    found = ['raw_ann_info' in inner.get_data_info(row) for row in range(len(inner))]
    assert found == MATCHED


def test_pose_annotated_persons_without_boxes_are_left_alone(folder):
    dataset = build_boxes(folder, bbox_file=None)
    before = dataset.data_bytes
    annotate_boxes(dataset)
    assert dataset.data_bytes is before


def test_pose_target_of_a_box_that_matches_none_is_refused(folder):
    def victim(index):
        found = PoseVictim(build_model('heatmap'), target=f'sample:{index}')
        found.install(build_boxes(folder))
        return found

    rule = r'target must be a sample with an annotation .*dataset\.bbox_file=None.*got.*sample:3'
    with pytest.raises(ValueError, match=rule):
        victim(3)
    assert victim(1).target.known.any()


def attack(config, out, *options, arguments=()):
    words = [config, WEIGHTS, '--attack', 'PGD', '--work-dir', out, *arguments]
    words += ['--cfg-options', 'attack.steps=3', 'attack.threat.eps=16', *options]
    return main([str(word) for word in words])


def stock(config, out):
    """What mmengine's own test says."""
    from mmengine.runner import Runner

    cfg = Config.fromfile(config)
    cfg.load_from, cfg.work_dir, cfg.log_level = str(WEIGHTS), str(out), 'ERROR'
    return Runner.from_cfg(cfg).test()


@pytest.mark.slow
def test_pose_boxes_are_attacked_as_stock_tests_them(folder, tmp_path, capsys):
    config = write_config(folder)
    assert attack(config, tmp_path) == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    shown = capsys.readouterr().out
    assert shown.count('no_annotation (3)') == 1
    expected = stock(config, tmp_path / 'stock')
    assert report['clean'] == pytest.approx(expected, abs=0)
    assert report['clean']['coco/AP'] > 0.3
    assert report['adversarial'].keys() == expected.keys()
    assert report['attacked'] == report['n'] == len(FOUND)
    assert report['flags']['no_annotation'] == 3
    assert [line['labelled'] for line in report['pose']['by_joint']] == [2] * 14
    rows = read_entries(tmp_path)
    for index, matched in enumerate(MATCHED):
        row = rows[index]
        assert ('no_annotation' in row['flags']) != matched
        for name in ('pck', 'oks', 'error', 'correct'):
            for side in ('clean', 'adversarial'):
                assert (row[f'{side}_{name}'] is not None) == matched, (index, name)
        assert row['displacement'] is not None
    # Those without an annotation are fooled where half of their joints have left their place.
    for index in (0, 3, 4):
        assert rows[index]['success'] == (rows[index]['joints_moved'] >= 7)


@pytest.mark.slow
def test_pose_boxes_are_attacked_through_the_picture(folder, tmp_path):
    config = write_config(folder)
    assert attack(config, tmp_path, arguments=('--space', 'image')) == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['clean'] == pytest.approx(stock(config, tmp_path / 'stock'), abs=0)
    assert report['n'] == report['attacked'] == 3
    # One of the two boxes of the first and of the second picture, and that of the third.
    assert report['flags']['no_annotation'] == 3
    rows = read_entries(tmp_path)
    found = [[one['clean_pck'] is not None for one in rows[i]['by_person']] for i in range(3)]
    assert found == [MATCHED[:2], MATCHED[2:4], MATCHED[4:]]
    assert [rows[i]['clean_pck'] is not None for i in range(3)] == [True, True, False]


@pytest.mark.slow
def test_pose_boxes_may_be_left_out_by_an_option(folder, tmp_path):
    config = write_config(folder)
    assert attack(config, tmp_path, 'test_dataloader.dataset.bbox_file=None') == 0
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['n'] == 2
    assert 'no_annotation' not in report['flags']
