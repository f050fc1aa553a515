"""Annotations of skeletons are data, and what a pickle may do besides is refused."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest

from mmrobust.compat import healed
from mmrobust.compat.data_pickles import read_tracks

RAN = []


class Malicious:
    """Runs a function when it is unpickled."""

    def __reduce__(self):
        return RAN.append, (1,)


def tracks(count=3):
    return [
        {'frame_dir': f'v{i}', 'label': i, 'total_frames': 4, 'keypoint': np.full((1, 4, 5, 2), i)}
        for i in range(count)
    ]


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return str(path)


def built(path, **options):
    from mmaction.datasets import PoseDataset

    return PoseDataset(ann_file=path, pipeline=[], test_mode=True, **options)


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
def test_arrays_of_any_protocol_are_data(tmp_path, protocol):
    content = OrderedDict(
        a=np.arange(6, dtype=np.float16).reshape(2, 3),
        b=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        c=[np.float32(1.5), 'text', None, True, (1, 2), b'bytes'],
    )
    found = read_tracks(write(tmp_path / 'a.pkl', content, protocol))
    assert np.array_equal(found['a'], content['a'])
    assert found['a'].dtype == np.float16
    assert np.array_equal(found['b'], content['b'])
    assert found['c'] == content['c']


def test_pickle_that_would_run_code_is_refused_and_does_not(tmp_path):
    path = write(tmp_path / 'a.pkl', [*tracks(), {'frame_dir': Malicious()}])
    with (
        healed(),
        pytest.raises(ValueError, match='must be a pickle of data alone: it holds') as got,
    ):
        built(path)
    assert '\n' not in str(got.value)
    assert RAN == []


@pytest.mark.parametrize('content', [b'', b'no pickle', pickle.dumps([1, 2])[:-3]])
def test_file_of_another_kind_is_named(tmp_path, content):
    path = tmp_path / 'a.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'a.pkl must be a pickle of data alone'):
        read_tracks(path)


def test_splits_are_named(tmp_path):
    content = {'split': {'train': ['v0'], 'val': ['v1', 'v2']}, 'annotations': tracks()}
    path = write(tmp_path / 'a.pkl', content)
    with healed():
        assert len(built(path, split='val')) == 2
        for split in (None, 'test'):
            words = rf'split must be one of those of .*a.pkl \(train, val\), got {split!r}'
            with pytest.raises(ValueError, match=words):
                built(path, split=split)
        plain = write(tmp_path / 'b.pkl', tracks())
        assert len(built(plain)) == 3
        with pytest.raises(ValueError, match='split must be None: .*b.pkl has no splits'):
            built(plain, split='val')


def test_annotations_of_another_shape_are_named(tmp_path):
    with healed():
        with pytest.raises(ValueError, match='must be a dict of split and annotations, or a list'):
            built(write(tmp_path / 'a.pkl', {'annotations': tracks()}))
        with pytest.raises(ValueError, match='must be a list of one dict for each track'):
            built(write(tmp_path / 'b.pkl', [1, 2]))
        with pytest.raises(ValueError, match='ann_file must be a pickle'):
            built(write(tmp_path / 'c.json', tracks()))
