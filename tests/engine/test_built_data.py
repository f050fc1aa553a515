"""A file that a data set or a metric cannot read is named, whatever the reader says of it."""

import json

import pytest
from mmengine.registry import init_default_scope
from mmpose.datasets import CocoDataset
from mmpose.evaluation import CocoMetric

from mmrobust.engine.built_data import naming_files

POINTS = [10.0, 20.0, 2] * 17
PERSON = {'id': 1, 'image_id': 7, 'category_id': 1, 'iscrowd': 0, 'area': 100.0}
GOOD = {
    'images': [{'id': 7, 'file_name': 'a.jpg', 'width': 64, 'height': 48}],
    'annotations': [PERSON | {'bbox': [1, 2, 30, 40], 'keypoints': POINTS, 'num_keypoints': 17}],
    'categories': [{'id': 1, 'name': 'person'}],
}
BOX = {'bbox': [1, 2, 30, 40], 'category_id': 1, 'image_id': 7, 'score': 0.9}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def told(folder, annotations, boxes=None):
    """What is said of a data set of these files; the files' names stand for themselves."""
    path, found = folder / 'a.json', folder / 'b.json'
    for file, content in ((path, annotations), (found, boxes)):
        if content is not None:
            file.write_text(content if isinstance(content, str) else json.dumps(content))
    more = {} if boxes is None else {'bbox_file': str(found)}
    with pytest.raises(ValueError, match='test') as caught, naming_files():
        CocoDataset(ann_file=str(path), pipeline=[], test_mode=True, **more)
    text = str(caught.value)
    assert '\n' not in text
    return text.replace(f'{folder}/', '')


def test_good_files_are_read(tmp_path):
    for name, content in (('a', GOOD), ('b', [BOX])):
        (tmp_path / f'{name}.json').write_text(json.dumps(content))
    words = {'ann_file': str(tmp_path / 'a.json'), 'pipeline': [], 'test_mode': True}
    with naming_files():
        assert len(CocoDataset(**words)) == 1
        assert len(CocoDataset(bbox_file=str(tmp_path / 'b.json'), **words)) == 1


HERE = 'test_dataloader.dataset (CocoDataset, ann_file a.json'
SHORT = json.loads(json.dumps(GOOD))
SHORT['annotations'][0]['keypoints'] = POINTS[:10]
EMPTY = 'must hold at least one sample, got an empty annotation list (CocoDataset, ann_file a.json'


@pytest.mark.parametrize(
    ('annotations', 'message'),
    [
        (None, f'{HERE}): Annotation file `a.json`does not exist'),
        ('{"images": [', f'{HERE}): Expecting value: line 1'),
        ('[' * 100_000, f'{HERE}): RecursionError: maximum recursion depth'),
        ('[]', f"{HERE}): annotation file format <class 'list'> not supported"),
        ('{"annotations": [{"id": 1}]}', f"{HERE}): the key 'image_id' is not there"),
        ('{}', EMPTY),
        (SHORT, f'{HERE}): cannot reshape array of size 10'),
    ],
)
def test_a_bad_annotation_file_is_named(tmp_path, annotations, message):
    assert message in told(tmp_path, annotations)


BOTH = f'{HERE}, bbox_file b.json)'


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ('[{"bbox"', f'{BOTH}: Expecting '),
        ('{}', f'{BOTH}: BBox file `b.json` should be a list of dict'),
        ([BOX | {'bbox': [1, 2]}], f'{BOTH}: cannot reshape array of size 2'),
        ([{k: v for k, v in BOX.items() if k != 'image_id'}], f"{BOTH}: the key 'image_id' is not"),
        ([BOX | {'image_id': 99}], f'{BOTH}: the key 99 is not there'),
        ([], f'{EMPTY}, bbox_file b.json)'),
    ],
)
def test_a_bad_file_of_boxes_is_named(tmp_path, boxes, message):
    assert message in told(tmp_path, GOOD, boxes)


def test_a_file_of_a_metric_is_named(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"images": [')
    where = rf'^test_evaluator \(CocoMetric, ann_file {path}\): Expecting value'
    with pytest.raises(ValueError, match=where), naming_files():
        CocoMetric(ann_file=str(path))


def test_what_names_itself_or_is_of_no_data_set_is_left_as_it_is(tmp_path):
    with pytest.raises(KeyError, match='NoSuchStep is not in the'), naming_files():
        CocoDataset(ann_file='a.json', pipeline=[{'type': 'NoSuchStep'}], lazy_init=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'ann'"), naming_files():
        CocoDataset(ann='a.json')
    with pytest.raises(ValueError, match='^elsewhere$'), naming_files():
        raise ValueError('elsewhere')
