"""Presets: every one can be built, and says what it is."""

import pytest
from mmengine.config import Config

from mmrobust.corruptions import Corruption
from mmrobust.registry import CORRUPTIONS, TRACK_CORRUPTIONS
from tests.conftest import ROOT

PRESETS = sorted((ROOT / 'configs' / '_base_' / 'corruptions').glob('*.py'))


@pytest.mark.parametrize('path', PRESETS, ids=lambda path: path.stem)
def test_presets_are_kinds_and_say_where_from(path):
    assert path.read_text().startswith('# ')
    kinds = [CORRUPTIONS.build(one) for one in Config.fromfile(path).corruptions]
    assert all(isinstance(kind, Corruption) for kind in kinds)
    assert len({kind.name for kind in kinds}) == len(kinds) > 0


def test_each_kind_of_order_stream_sensor_and_shift_stands_in_a_preset():
    texts = ''.join(path.read_text() for path in PRESETS)
    groups = ('order', 'stream', 'sensor', 'shift')
    for name, kind in CORRUPTIONS.everything().items():
        own = kind.__module__.startswith('mmrobust.')
        if own and kind.group in groups:
            assert f"type='{name}'" in texts


def test_every_kind_for_tracks_stands_in_its_preset():
    path = ROOT / 'configs' / '_base_' / 'track_corruptions' / 'skeleton.py'
    assert path.read_text().startswith('# ')
    kinds = [TRACK_CORRUPTIONS.build(one) for one in Config.fromfile(path).corruptions]
    assert {type(kind).__name__ for kind in kinds} == set(TRACK_CORRUPTIONS.everything())


# As read in the code of the two benchmarks.
PUBLISHED = {
    'BitError': (100_000, 50_000, 30_000, 20_000, 10_000),
    'BoxJumble': (4, 9, 16, 25, 36),
    'Freeze': (0.12, 0.24, 0.36, 0.48, 0.6),
    'FrameRate': (20, 16, 12, 9, 6),
    'H264ABR': (2, 4, 8, 16, 32),
    'H264CRF': (23, 30, 37, 44, 51),
    'H265ABR': (2, 4, 8, 16, 32),
    'H265CRF': (27, 33, 39, 45, 51),
    'Jumble': (32, 16, 8, 4, 2),
    'MPEG2': (20, 40, 60, 80, 100),
    'MPEG4': (15, 30, 45, 60, 75),
    'PacketLoss': (0.01, 0.02, 0.03, 0.04, 0.06),
    'Reversal': (2, 4, 8, 16, 32),
    'Sampling': (2, 4, 8, 16, 32),
}


def test_published_constants():
    kinds = CORRUPTIONS.everything()
    for name, constants in PUBLISHED.items():
        assert kinds[name].constants == constants, name
