"""Annotations inside wrappers, and the samples that wrappers lead to."""

import pytest
from mmengine.dataset import BaseDataset, ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.runner.runner import _SlicedDataset

from mmrobust.datasets.wrappers import annotations_digest, clipped, leaves, locate

pytestmark = pytest.mark.sampled(4)


class Listed(BaseDataset):
    """A data set of given lines."""

    def __init__(self, lines, **options):
        self.given = lines
        super().__init__(**options)

    def load_data_list(self):
        return [{'label': label} for label in self.given]

    def get_cat_ids(self, index):
        return [self.get_data_info(index)['label']]


class Combined(BaseDataset):
    """Like MMPose's: a pipeline of its own around data sets that have one each."""

    def __init__(self, *datasets):
        self.datasets = datasets
        super().__init__(pipeline=[])

    def full_init(self):
        self._fully_initialized = True

    def __len__(self):
        return sum(map(len, self.datasets))


class OwnWay:
    """Neither ``data_list`` nor ``data_bytes``."""

    pipeline = None

    def __init__(self, lines):
        self.lines = lines

    def __len__(self):
        return len(self.lines)


def balanced(inner):
    return ClassBalancedDataset(inner, oversample_thr=0.9)


WRAPPERS = {
    'plain': lambda lines: Listed(lines),
    'not serialised': lambda lines: Listed(lines, serialize_data=False),
    'combined': lambda lines: Combined(Listed([0, 0]), Listed(lines)),
    'concatenated': lambda lines: ConcatDataset([Listed([0]), Listed(lines)]),
    'repeated': lambda lines: RepeatDataset(Listed(lines), 2),
    'balanced': lambda lines: balanced(Listed(lines)),
    'nested': lambda lines: _SlicedDataset(ConcatDataset([Combined(Listed(lines))]), 2),
    'sliced': lambda lines: _SlicedDataset(Listed(lines), 2),
    'own way': OwnWay,
    'own way, wrapped': lambda lines: _SlicedDataset(OwnWay(lines), 2),
}


@pytest.mark.parametrize('kind', WRAPPERS)
def test_other_annotations_have_another_digest(kind):
    make = WRAPPERS[kind]
    assert annotations_digest(make([1, 2, 3])) == annotations_digest(make([1, 2, 3]))
    assert annotations_digest(make([1, 2, 3])) != annotations_digest(make([1, 2, 4]))


def test_samples_are_found_behind_the_places_of_every_wrapper():
    inner = Listed([5, 5, 5, 7])
    for wrapper in (balanced(inner), RepeatDataset(inner, 2), ConcatDataset([inner, inner])):
        for index in range(len(wrapper)):
            leaf, place = locate(wrapper, index)
            assert leaf is inner
            assert leaf.get_data_info(place)['label'] == wrapper.get_data_info(index)['label']


def test_a_slice_is_looked_through_and_ends_where_its_data_set_ends():
    inner = Listed([1, 2, 3])
    assert list(leaves(_SlicedDataset(inner, 2))) == [inner]
    assert locate(_SlicedDataset(inner, 2), 1) == (inner, 1)
    assert len(clipped(_SlicedDataset(inner, 2))) == 2
    assert len(clipped(_SlicedDataset(inner, 4))) == 3
    assert clipped(inner) is inner
