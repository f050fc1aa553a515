"""Skeletons that play: where they stand in each frame, and the line in time."""

import numpy as np

from mmrobust.visualization.skeleton_strips import ADVERSARIAL, CLEAN, CURSOR, skeleton_strip


def places(frames, colour):
    """Mean column and row of a colour in every frame (T, 2), of exact hits alone."""
    return np.array([np.argwhere((frame == colour).all(-1)).mean(0)[::-1] for frame in frames])


def strip(down):
    """One bone that walks to the right and downwards; the adversarial one lies to its right."""
    clean = np.zeros((1, 4, 2, 2))
    clean[0, :, :, 0] = np.arange(4)[:, None] + 1.0
    clean[0, :, :, 1] = np.arange(4)[:, None] + np.array([1.0, 3.0])
    lost = np.zeros((1, 4, 1, 2))
    clean = np.concatenate([clean, lost], axis=2)
    found = (clean != 0).any(-1, keepdims=True)
    other = clean + found * np.array([0.5, 0.0])
    return skeleton_strip((clean, other), [(0, 1), (1, 2)], np.ones(1), down=down, unit='bodies')


def test_skeletons_play_frame_by_frame():
    frames = strip(down=True)
    assert frames.shape == (4, 640, 1000, 3)
    assert frames.dtype == np.uint8
    grey, red = (places(frames[:, :390], colour) for colour in (CLEAN, ADVERSARIAL))
    line = places(frames[:, 400:], CURSOR)
    # A step each to the right and down.
    for found in (grey, red):
        assert (np.diff(found, axis=0) > 5).all()
    assert len({tuple(row) for row in line.round(1)}) == 4
    up = places(strip(down=False)[:, :390], CLEAN)
    assert (np.diff(up[:, 1]) < -5).all()
    # Nobody's joint is drawn nowhere: the lost one would pull a bone to the corner.
    assert np.allclose(up[:, 0], grey[:, 0], atol=2)
