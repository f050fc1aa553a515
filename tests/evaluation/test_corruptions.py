"""Means over cells, against numbers counted by hand."""

import numpy as np
import pytest

from mmrobust.evaluation.corruptions import cell_name, corruption_summary, kept

KINDS = {'fog': 'weather', 'noise': 'noise'}


def line(index, clean, cells, unit=None):
    """A recogniser's line: right or wrong in each cell."""
    found = {'clean': {'prediction': 0, 'correct': clean}}
    for name, right in cells.items():
        found[name] = {'prediction': 0 if right else 1, 'correct': right, 'psnr': 20.0}
    return {
        'index': index,
        'name': str(index),
        'unit': index if unit is None else unit,
        'cells': found,
    }


def cells(fog1, fog3, noise1, noise3):
    return {'fog/1': fog1, 'fog/3': fog3, 'noise/1': noise1, 'noise/3': noise3}


def test_means_over_kinds_and_share_of_clean():
    rows = [
        line(0, True, cells(True, True, True, False)),
        line(1, True, cells(True, False, False, False)),
        line(2, False, cells(True, False, False, False)),
        line(3, True, cells(True, True, True, True)),
    ]
    found = corruption_summary(rows, KINDS, [1, 3])
    assert found['clean']['score'] == 0.75
    assert found['kinds']['fog']['mean'] == 0.75
    assert found['kinds']['noise']['mean'] == 0.375
    assert found['mpc'] == pytest.approx((0.75 + 0.375) / 2)
    assert found['rpc'] == pytest.approx((0.75 + 0.375) / 2 / 0.75)
    assert found['worst'] == 'noise/3'
    assert found['mpc_low'] is None
    assert found['holes'] == {}


def test_persons_of_a_picture_are_one_unit():
    rows = [line(i, True, cells(*[i < 3] * 4), unit='same' if i < 3 else i) for i in range(9)]
    found = corruption_summary(rows, KINDS, [1, 3])
    assert found['units'] == 7
    # Three persons of one picture are right, six of other pictures wrong.
    assert found['mpc'] == pytest.approx(1 / 7)
    assert found['clean']['score'] == 1.0


def test_a_missing_cell_leaves_no_mean():
    rows = [line(i, True, cells(True, True, True, True)) for i in range(8)]
    rows[2]['cells']['fog/3'] = {'hole': 'no encoder'}
    found = corruption_summary(rows, KINDS, [1, 3])
    assert found['holes'] == {'fog/3': {'samples': 1, 'why': 'no encoder'}}
    assert found['mpc'] is None
    assert found['rpc'] is None
    assert found['kinds']['fog']['mean'] is None
    assert found['consistency'] is None
    assert found['kinds']['noise']['mean'] == 1.0


def test_what_is_kept_needs_no_annotation():
    assert kept({'prediction': 3}, {'prediction': 3}) == 1.0
    assert kept({'prediction': 3}, {'prediction': 4}) == 0.0
    pose = {'joint_errors': [None] * 4, 'pck': None}
    assert kept(pose | {'joints_moved': 1}, pose) == 0.75
    assert kept({'pck': 1.0}, {'pck': 1.0}) is None
    rows = [line(i, None, cells(i < 2, True, True, True)) for i in range(4)]
    for row in rows:
        for cell in row['cells'].values():
            cell['correct'] = None
    found = corruption_summary(rows, KINDS, [1, 3])
    assert found['mpc'] is None
    assert found['consistency'] == pytest.approx((0.75 + 1) / 2)
    assert found['worst'] == 'fog/1'


def test_names():
    assert cell_name('fog', 3) == 'fog/3'


@pytest.mark.slow
def test_interval_of_the_ratio_holds_the_truth_as_often_as_it_says():
    """Clean right with 0.8; under corruption right with 0.5 where clean is right, else 0.1."""
    rng = np.random.default_rng(0)
    truth = (0.8 * 0.5 + 0.2 * 0.1) / 0.8
    held = 0
    for _ in range(200):
        clean = rng.random(40) < 0.8
        bad = rng.random((40, 4)) < np.where(clean, 0.5, 0.1)[:, None]
        rows = [
            line(i, bool(c), cells(*map(bool, b)))
            for i, (c, b) in enumerate(zip(clean, bad, strict=True))
        ]
        found = corruption_summary(rows, KINDS, [1, 3])
        held += found['rpc_low'] <= truth <= found['rpc_high']
    # 95 %, and three standard deviations of 200 draws.
    assert held >= 0.9 * 200
    assert held < 200


def test_limits_stay_in_the_range_and_a_ratio_to_nothing_has_none():
    rows = [line(i, i == 0, cells(*[i < 5] * 4)) for i in range(6)]
    found = corruption_summary(rows, KINDS, [1, 3])
    assert 0 <= found['mpc_low'] <= found['mpc'] <= found['mpc_high'] <= 1
    assert found['rpc'] == pytest.approx(5)
    assert found['rpc_low'] is None


def test_a_share_of_clean_is_not_below_nothing():
    rows = [line(i, True, cells(*[i < 1] * 4)) for i in range(6)]
    found = corruption_summary(rows, KINDS, [1, 3])
    assert (found['mpc_low'], found['rpc_low']) == (0.0, 0.0)
    assert found['rpc_high'] < 1
