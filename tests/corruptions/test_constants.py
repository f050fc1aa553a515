"""What is published of each severity, typed once more from the sources."""

import pytest

from mmrobust.registry import CORRUPTIONS

TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5)
PUBLISHED = {
    # imagecorruptions, which has those of ImageNet-C.
    'GaussianNoise': (0.08, 0.12, 0.18, 0.26, 0.38),
    'ShotNoise': (60, 25, 12, 5, 3),
    'ImpulseNoise': (0.03, 0.06, 0.09, 0.17, 0.27),
    'SpeckleNoise': (0.15, 0.2, 0.35, 0.45, 0.6),
    'DefocusBlur': ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)),
    'GlassBlur': ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)),
    'MotionBlur': ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15)),
    'ZoomBlur': ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)),
    'GaussianBlur': (1, 2, 3, 4, 6),
    'Snow': (
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ),
    'Frost': ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)),
    'Fog': ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)),
    'Spatter': (
        (0.65, 0.3, 4, 0.69, 0.6, False),
        (0.65, 0.3, 3, 0.68, 0.6, False),
        (0.65, 0.3, 2, 0.68, 0.5, False),
        (0.65, 0.3, 1, 0.65, 1.5, True),
        (0.67, 0.4, 1, 0.65, 1.5, True),
    ),
    'Brightness': TENTHS,
    'Contrast': (0.4, 0.3, 0.2, 0.1, 0.05),
    'Saturate': ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)),
    'ElasticTransform': tuple(250 * one for one in (0.05, 0.065, 0.085, 0.1, 0.12)),
    'Pixelate': (0.6, 0.5, 0.4, 0.3, 0.25),
    'JPEGCompression': (25, 18, 15, 10, 7),
    # The code of Mini-Kinetics-C.
    'TemporalBlur': (3, 5, 7, 9, 11),
    'Rain': ((770, 10, 0.8), (770, 30, 0.8), (770, 60, 0.7), (500, 60, 0.6), (400, 80, 0.5)),
    # The codes of Kinetics-P.
    'Salt': TENTHS,
    'Pepper': TENTHS,
    'StaticRotation': (7.5, 15, 30, 45, 90),
    'RandomRotation': tuple(6 * severity + 1 for severity in range(1, 6)),
    'Translation': tuple(8 * severity for severity in range(1, 6)),
    # 3D Common Corruptions; this project's own.
    'ColorQuantization': (5, 4, 3, 2, 1),
    'Darkness': TENTHS,
    'Mask': TENTHS,
}


@pytest.mark.parametrize('name', PUBLISHED)
def test_constants_are_those_of_the_sources(name):
    found = CORRUPTIONS.build({'type': name}).constants
    flat = [one for row in found for one in (row if isinstance(row, tuple) else [row])]
    wanted = [one for row in PUBLISHED[name] for one in (row if isinstance(row, tuple) else [row])]
    assert flat == pytest.approx(wanted, rel=1e-12)
