"""Frames of two sizes, and clips longer than their video, are no silent input."""

import numpy as np
import pytest
from torch import nn

from mmrobust.victims.action.decoded import check_decoded, flow_sampling


def state(indices, length, sizes=((4, 6),)):
    images = [np.zeros((*sizes[i % len(sizes)], 3), np.uint8) for i in range(len(indices))]
    return {'imgs': images, 'frame_inds': np.array(indices), 'clip_len': length, 'total_frames': 3}


@pytest.mark.parametrize('flow', [None, 'stack', 'pairs'])
def test_frames_of_two_sizes_are_refused(flow):
    with pytest.raises(ValueError, match=r'must have one size, got \[\(4, 6\), \(6, 4\)\]'):
        check_decoded(state([0, 1, 2, 3], 4, ((4, 6), (6, 4))), flow)


@pytest.mark.parametrize(
    ('indices', 'length', 'flow', 'fits'),
    [
        ([0, 1, 2, 0, 1], 5, 'stack', False),
        ([0, 1, 2, 0, 1], 5, None, True),
        # The last frame over again, or the only one: flow that is zero by construction.
        ([0, 1, 2, 2, 2], 5, 'stack', False),
        ([0, 0, 0], 3, 'stack', False),
        ([0, 1, 2, 2, 2], 5, None, True),
        # Two clips: the second may begin before the first one ends.
        ([0, 1, 2, 1, 2, 3], 3, 'stack', True),
        ([0, 1, 2, 1, 2, 0], 3, 'stack', False),
        # Pairs: only the two frames of a pair must be in order.
        ([4, 5, 0, 1], 4, 'pairs', True),
        ([4, 0, 1, 2], 4, 'pairs', False),
        ([1, 1, 1, 2], 4, 'pairs', False),
    ],
)
def test_flow_runs_forward_in_time(indices, length, flow, fits):
    if fits:
        check_decoded(state(indices, length), flow)
        return
    with pytest.raises(ValueError, match='clip must not be longer than the video where flow is'):
        check_decoded(state(indices, length), flow)


def test_the_model_says_which_frames_it_computes_flow_of():
    inner = nn.Module()
    assert flow_sampling(nn.Sequential(nn.Linear(1, 1), inner)) is None
    inner.flow_estimator, inner.sampling = object(), 'pairs'
    assert flow_sampling(nn.Sequential(nn.Linear(1, 1), inner)) == 'pairs'
