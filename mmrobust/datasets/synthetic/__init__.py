"""Embedded videos of people who move: rendered from a seed, with ground truth.

See :func:`synthesize`; nothing is read from disk and nothing is random beyond
(split, seed, index).
"""

from mmrobust.datasets.synthetic.film import Scene, joint_tracks
from mmrobust.datasets.synthetic.motion import CLASSES
from mmrobust.datasets.synthetic.sample import SyntheticSample, render, synthesize
from mmrobust.datasets.synthetic.script import FRAMES, HEIGHT, SPLITS, WIDTH
from mmrobust.datasets.synthetic.skeleton import KEYPOINTS

__all__ = [
    'CLASSES',
    'FRAMES',
    'HEIGHT',
    'KEYPOINTS',
    'SPLITS',
    'WIDTH',
    'Scene',
    'SyntheticSample',
    'joint_tracks',
    'render',
    'synthesize',
]
