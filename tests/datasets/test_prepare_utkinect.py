"""UTKinect's file becomes annotations that the stock data set reads."""

import pickle

import numpy as np
import pytest
import scipy.io

from tools.data.prepare_utkinect import ACTIONS, prepare


def write(path, people=3, **changes):
    rng = np.random.default_rng(0)
    skeletons = rng.normal(size=(people, 2, 10, 7, 20, 3))
    lengths = rng.integers(1, 8, (people, 2, 10)).astype(np.uint8)
    lengths[0, 1, 3] = 0
    content = {'complete_skeleton': skeletons, 'action_length': lengths} | changes
    scipy.io.savemat(path, {k: v for k, v in content.items() if v is not None})
    return skeletons, lengths


def test_utkinect_becomes_annotations_split_by_person(tmp_path):
    skeletons, lengths = write(tmp_path / 'a.mat')
    split = prepare(tmp_path / 'a.mat', tmp_path / 'out' / 'a.pkl', {2})
    content = pickle.loads((tmp_path / 'out' / 'a.pkl').read_bytes())
    assert content['split'] == split
    assert {name.split('_')[0] for name in split['train']} == {'person0', 'person1'}
    assert {name.split('_')[0] for name in split['test']} == {'person2'}
    assert (len(split['train']), len(split['test'])) == (39, 20)
    known = {one['frame_dir']: one for one in content['annotations']}
    one = known['person1_trial0_throw']
    assert one['label'] == ACTIONS.index('throw') == 5
    assert one['total_frames'] == lengths[1, 0, 5]
    wanted = skeletons[1, 0, 5, : lengths[1, 0, 5]]
    assert one['keypoint'].dtype == np.float32
    assert np.array_equal(one['keypoint'][0], wanted.astype(np.float32))


def test_utkinect_is_read_by_the_stock_data_set(tmp_path):
    from mmaction.datasets import PoseDataset

    write(tmp_path / 'a.mat')
    prepare(tmp_path / 'a.mat', tmp_path / 'a.pkl', {2})
    found = PoseDataset(str(tmp_path / 'a.pkl'), pipeline=[], split='test', test_mode=True)
    assert len(found) == 20


@pytest.mark.parametrize(('changes', 'words'), [
    ({'action_length': None}, 'a file with action_length'),
    ({'complete_skeleton': np.zeros((3, 2, 10, 7, 25, 3))}, 'complete_skeleton must be of shape'),
    ({'action_length': np.zeros((3, 2, 9))}, r'action_length must be \(3, 2, 10\)'),
])  # fmt: skip
def test_utkinect_file_that_is_another_is_named(tmp_path, changes, words):
    write(tmp_path / 'a.mat', **changes)
    with pytest.raises(ValueError, match=words):
        prepare(tmp_path / 'a.mat', tmp_path / 'a.pkl', {2})
