"""Which data sets saved videos can be verified of."""

import pytest
from mmengine.config import ConfigDict

from mmrobust.cli.verify import own_pipeline

STEPS = [{'type': 'DecordInit'}]
ONE = {'type': 'VideoDataset', 'pipeline': STEPS}


@pytest.mark.parametrize(
    'dataset',
    [
        ONE,
        {'type': 'RepeatDataset', 'times': 2, 'dataset': ONE},
        {'type': 'ConcatDataset', 'datasets': [ONE, {'type': 'RepeatDataset', 'dataset': ONE}]},
    ],
)
def test_the_pipeline_is_found_inside_wrappers(dataset):
    assert own_pipeline(ConfigDict(dataset)) == STEPS


def test_no_pipeline_and_different_ones_are_refused():
    with pytest.raises(ValueError, match='must have a pipeline, got Own'):
        own_pipeline(ConfigDict(type='Own'))
    other = {'type': 'VideoDataset', 'pipeline': [{'type': 'OpenCVInit'}]}
    with pytest.raises(ValueError, match=r'one pipeline in all its parts, got 2 .* ConcatDataset'):
        own_pipeline(ConfigDict(type='ConcatDataset', datasets=[ONE, other]))
