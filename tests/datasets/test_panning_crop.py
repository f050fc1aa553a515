"""The camera that pans: what stands still moves by its pixels per frame, to the left."""

import numpy as np
import pytest

from mmrobust.datasets.transforms.panning_crop import PanningCrop
from mmrobust.studies.spec import read_study
from tests.conftest import ROOT

WIDE, HIGH, SIZE, FRAMES = 30, 12, 10, 4


def clip(wide=WIDE):
    """Each pixel is its column; all frames are the same."""
    return [np.tile(np.arange(wide, dtype=np.uint8)[:, None], (HIGH, 1, 3)) for _ in range(FRAMES)]


@pytest.mark.parametrize('pan', [0, 1, 6])
def test_the_window_moves_by_pan_and_is_centred_halfway(pan):
    found = PanningCrop(SIZE, pan)({'imgs': clip()})
    assert found['img_shape'] == (SIZE, SIZE)
    firsts = [int(frame[0, 0, 0]) for frame in found['imgs']]
    assert np.diff(firsts).tolist() == [pan] * (FRAMES - 1)
    assert abs(firsts[0] + firsts[-1] - (WIDE - SIZE)) <= 1
    for frame, first in zip(found['imgs'], firsts, strict=True):
        assert frame.shape == (SIZE, SIZE, 3)
        assert (frame[..., 0] == np.arange(first, first + SIZE)).all()


def test_frames_that_are_too_narrow_are_refused():
    assert len(PanningCrop(SIZE, 6)({'imgs': clip(28)})['imgs']) == FRAMES
    with pytest.raises(
        ValueError, match=r'imgs must be at least 10 high and 28 wide, got \(12, 27'
    ):
        PanningCrop(SIZE, 6)({'imgs': clip(27)})


def test_several_clips_are_refused():
    with pytest.raises(ValueError, match=r'num_clips must be 1.* got 2'):
        PanningCrop(SIZE, 1)({'imgs': clip(), 'num_clips': 2})


@pytest.mark.parametrize(('size', 'pan'), [(0, 1), (10, -1), (10, 0.5)])
def test_options_that_break_their_rule_are_refused(size, pan):
    with pytest.raises(ValueError, match=r'crop_size|pan'):
        PanningCrop(size, pan)


def test_a_panned_victim_has_the_weights_of_the_still_one(tmp_path, monkeypatch):
    """Trained once, in the folder of the still one."""
    made = []

    def trained(config, folder, options, data):
        made.append((config, folder))
        return folder / 'weights.pth'

    monkeypatch.setattr('mmrobust.studies.study.trained', trained)
    spec = ROOT / 'projects' / 'motion_excited_sampler' / 'study.py'
    study = read_study(spec, tmp_path, overrides={})
    victims = {victim.name: victim for victim in study.victims}
    panned = victims['tsn_synthetic_panned']
    assert study.checkpoint(panned) == study.checkpoint(victims[panned.same_as])
    assert made == [made[0]] * 2
    assert made[0][1] == tmp_path / 'victims' / panned.same_as
    assert made[0][0].is_file()
