"""Sheets of corrupted tracks, by where their colours are."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mmrobust.visualization.track_sheet import CLEAN, CORRUPTED, track_sheet


def places(sheet, colour):
    """Rows and columns (n, 2) of the pixels that are nearly of a colour."""
    wanted = np.array(to_rgb(colour)) * 255
    return np.argwhere(np.abs(sheet.astype(float) - wanted).max(-1) < 20)


def person(frames=4):
    """Three joints high up in space, and one far below."""
    joints = np.array([[1, 9, 2], [2, 9, 2], [3, 9, 2], [2, 1, 2]], float)
    return np.broadcast_to(joints, (1, frames, 4, 3)).copy()


@pytest.mark.parametrize(('down', 'above'), [(False, True), (True, False)])
def test_persons_stand_upright(down, above):
    grey = places(track_sheet({'clean': person()}, [], down=down), CLEAN)
    middle = (grey[:, 0].min() + grey[:, 0].max()) / 2
    assert ((grey[:, 0] < middle).mean() > 0.6) == above


def test_versions_are_red_over_grey_and_joints_that_are_lost_are_grey():
    clean, changed = person(), person(2)
    changed[..., 3, :] = 0
    sheet = track_sheet({'clean': clean, 'severity 1': changed}, [(0, 1), (1, 3)], down=False)
    half = len(sheet) // 2
    red, grey = places(sheet, CORRUPTED), places(sheet, CLEAN)
    assert len(red)
    assert red[:, 0].min() > half
    # The lost joint is seen in grey, below all that is red.
    assert grey[:, 0].max() > red[:, 0].max() + 20
    # All four frames are drawn, whose middles are a quarter of the room apart.
    columns = np.unique(red[:, 1])
    assert (np.diff(columns) > 20).sum() == 3
