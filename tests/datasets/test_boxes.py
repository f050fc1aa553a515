"""Boxes from JSON: both forms, names in short, every rule with file and entry."""

import json

import numpy as np
import pytest

from mmrobust.datasets.boxes import read_boxes

NAMES = ['a.jpg', 'deep/b.png', '000000000785.jpg', 'walk.mp4#0', 'walk.mp4#1']


def written(folder, content):
    path = folder / 'boxes.json'
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_boxes_of_detections_are_corners_with_scores_by_picture(tmp_path):
    detections = [
        {'file_name': 'a.jpg', 'bbox': [10, 20, 30, 40], 'score': 0.5, 'category_id': 1},
        {'image_id': 785, 'bbox': [1, 2, 3, 4]},
        {'file_name': 'a.jpg', 'bbox': [0, 0, 5.5, 5], 'score': 0.25},
        {'file_name': 'a.jpg', 'bbox': [0, 0, 1, 1], 'category_id': 3},
        {'image_id': 'b', 'bbox': [-4, 0, 8, 8]},
        {'file_name': 'elsewhere.jpg', 'bbox': [0, 0, 1, 1]},
    ]
    found = read_boxes(written(tmp_path, detections), NAMES)
    assert list(found.rows) == ['a.jpg', '000000000785.jpg', 'deep/b.png']
    expected = np.array([[10, 20, 40, 60, 0.5], [0, 0, 5.5, 5, 0.25]], np.float32)
    np.testing.assert_array_equal(found.rows['a.jpg'], expected)
    np.testing.assert_array_equal(found.rows['000000000785.jpg'], [[1, 2, 4, 6, 1]])
    np.testing.assert_array_equal(found.rows['deep/b.png'], [[-4, 0, 4, 8, 1]])
    assert found.without == ('walk.mp4#0', 'walk.mp4#1')
    assert found.unused == ('elsewhere.jpg',)
    assert found.other_categories == 1


def test_boxes_by_picture_are_corners(tmp_path):
    content = {'walk.mp4#1': [[1, 2, 3, 5], [0, 0, 9, 9]], 'b.png': [], 'a.jpg': [[0, 0, 1, 1]]}
    found = read_boxes(written(tmp_path, content), NAMES)
    np.testing.assert_array_equal(found.rows['walk.mp4#1'], [[1, 2, 3, 5, 1], [0, 0, 9, 9, 1]])
    assert set(found.rows) == {'walk.mp4#1', 'a.jpg'}
    assert 'deep/b.png' in found.without


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', 'must be JSON'),
        ('[' * 100_000, 'must be JSON'),
        ('5', "a list of detections, or an object of lists by picture, got 'int'"),
        ([5], 'entry 0 must be an object'),
        ([{'bbox': [0, 0, 1, 1]}], 'entry 0: file_name or image_id must be a name or a number'),
        ([{'file_name': 'a.jpg'}], r'entry 0: bbox must be four finite numbers \[x, y, width'),
        ([{'file_name': 'a.jpg', 'bbox': [0, 0, 1]}], 'entry 0: bbox must be four'),
        ([{'file_name': 'a.jpg', 'bbox': [0, 0, 0, 1]}], 'wider and higher than 0'),
        ([{'file_name': 'a.jpg', 'bbox': [0, 0, 1, 1], 'score': 'x'}], 'score must be a finite'),
        ({'a.jpg': 5}, "entry 'a.jpg' must be a list"),
        ({'a.jpg': [0, 0, 1, 1]}, r"entry 'a.jpg' must be a list of boxes, \[\[left"),
        ({'images': [], 'annotations': []}, "no file of COCO's annotations"),
        ({'a.jpg': [[0, 0, 1]]}, "entry 'a.jpg' must be four finite numbers"),
        ('{"a.jpg": [[0, 0, NaN, 1]]}', "entry 'a.jpg' must be four finite numbers"),
        ({'a.jpg': [[5, 0, 5, 1]]}, 'right and bottom exceed left and top'),
        ({'x.jpg': [[0, 0, 1, 1]]}, "boxes of the pictures, such as 'a.jpg', got"),
    ],
)
def test_boxes_that_break_a_rule_are_named(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(ValueError, match=message) as error:
        read_boxes(path, NAMES)
    assert path in str(error.value)


def test_boxes_of_a_name_that_several_pictures_have_are_refused(tmp_path):
    path = written(tmp_path, {'a.jpg': [[0, 0, 1, 1]]})
    with pytest.raises(ValueError, match='one/a.jpg or two/a.jpg'):
        read_boxes(path, ['one/a.jpg', 'two/a.jpg'])
    assert set(read_boxes(path, ['a.jpg', 'two/a.jpg']).rows) == {'a.jpg'}


def test_boxes_need_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'boxes .*none.json does not exist'):
        read_boxes(str(tmp_path / 'none.json'), NAMES)
