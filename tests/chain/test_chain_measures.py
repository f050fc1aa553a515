"""What became of poses, counted by hand."""

import math

import pytest
import torch

from mmrobust.chain.measures import AREA, PosePair, pose_changes
from mmrobust.evaluation.chains import chain_summary
from mmrobust.visualization.sizes import perturbations

BOX = [10.0, 20.0, 30.0, 60.0]


def pair(nothing=0.0):
    """Two frames with places for two persons of two joints; the second is in frame 0 alone."""
    clean = torch.zeros(2, 2, 2, 3, dtype=torch.float64)
    clean[..., 2] = 0.8
    clean[1, 1] = 0
    boxes = torch.tensor(BOX).expand(2, 2, 4).clone()
    boxes[1, 1] = torch.nan
    attacked = clean.clone()
    attacked[0, 0, 0, :2] = torch.tensor([3.0, 4.0])
    attacked[0, 1, 1, 2] = 0.2
    return PosePair(clean, attacked, boxes, nothing)


def test_measures_are_those_counted_by_hand():
    found = pose_changes(pair(), torch.tensor([0.1, 0.2], dtype=torch.float64))
    # Six joints, one of which moved by 5 pixels; the box's longer side is 40.
    assert found['joint_displacement_pixels'] == pytest.approx(5 / 6)
    assert found['joint_displacement'] == pytest.approx(5 / 40 / 6)
    assert found['score_change'] == pytest.approx(-0.6 / 6)
    one = math.exp(-25 / (2 * 0.2**2 * AREA * 20 * 40))
    assert found['oks'] == pytest.approx(((one + 1) / 2 + 1 + 1) / 3)
    assert found['frames_without_person'] == 0


def test_joints_that_were_not_found_do_not_count():
    given = pair()
    given.clean[0, 0, 0, 2] = 0
    found = pose_changes(given, None)
    assert found['joint_displacement'] == 0
    assert found['oks'] is None
    given.clean[..., 2] = 0
    assert pose_changes(given, None)['joint_displacement'] is None


def test_frames_in_which_no_joint_has_a_response():
    given = pair(nothing=0.5)
    given.attacked[1, ..., 2] = 0.5
    assert pose_changes(given, None)['frames_without_person'] == 1
    given.attacked[0, 0, :, 2] = 0.1
    # The other person is there still.
    assert pose_changes(given, None)['frames_without_person'] == 1
    given.attacked[0, 1, :, 2] = 0.1
    assert pose_changes(given, None)['frames_without_person'] == 2


def rows():
    line = {'attacked': True, 'joint_displacement': 0.2, 'oks': 0.5, 'score_change': -0.1}
    other = line | {'joint_displacement': 0.4, 'oks': None, 'surrogate_oks': 0.3}
    return [line, other, line | {'attacked': False, 'joint_displacement': 9.0}]


def test_summary_is_of_the_attacked():
    found = chain_summary(rows())
    assert found['joint_displacement'] == pytest.approx(0.3)
    assert (found['oks'], found['surrogate_oks']) == (0.5, 0.3)
    assert 'surrogate_joint_displacement' not in found
    assert chain_summary([{'attacked': True, 'deviation': 1.0}]) is None


def test_page_has_a_row_for_each_measure():
    kind = {'noun': 'video', 'frames': True, 'unit': 'grey levels'}
    card = {'chain': chain_summary(rows()), 'perturbation': {}, 'sample': kind, 'space': 'video'}
    found = {name: values for name, *values in perturbations(card, rows())}
    assert found['joint, boxes'] == ['0.3', '0.4']
    # The worst of similarities is the least.
    worse = [rows()[0] | {'oks': 0.1}, rows()[0]]
    assert {name: worst for name, _, worst in perturbations(card, worse)}['OKS'] == '0.1'
    assert 'surrogate, OKS' in found
    assert 'frames, nobody' not in found
    assert not any('joint' in name for name, *_ in perturbations(card | {'chain': None}))
