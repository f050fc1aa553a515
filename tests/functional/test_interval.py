"""The Wilson score interval against published and closed-form values."""

import math

import numpy as np
import pytest

from mmrobust.functional.interval import newcombe_paired, wilson

# R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(('successes', 'n', 'low', 'high'), NEWCOMBE)
def test_published_values(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize('confidence', [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(('successes', 'n'), [(0, 1), (1, 1), (3, 7), (60, 64), (5000, 10000)])
def test_limits_solve_wilsons_equation(successes, n, confidence):
    # |rate - p| = z * sqrt(p (1 - p) / n) defines both limits p.
    z = {0.5: 0.674490, 0.9: 1.644854, 0.95: 1.959964, 0.99: 2.575829}[confidence]
    low, high = wilson(successes, n, confidence)
    assert 0 <= low <= successes / n <= high <= 1
    for p in (low, high):
        gap = abs(successes / n - p)
        inside = math.sqrt(p * (1 - p) / n) * z
        assert gap == pytest.approx(inside, abs=1e-6) or p in (0.0, 1.0)


def test_symmetry_and_ends():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    low, high = wilson(3, 11)
    assert wilson(8, 11) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((1, -1), 'n must be at least 0, got -1'),
        ((-1, 5), r'successes must be in 0\.\.5, got -1'),
        ((6, 5), r'successes must be in 0\.\.5, got 6'),
        ((1, 5, 1.0), 'confidence must be above 0 and below 1, got 1.0'),
        ((1, 5, 0.0), 'got 0.0'),
    ],
)
def test_arguments_outside_their_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        wilson(*arguments)


def unpaired(successes, n, others, m):
    """R. G. Newcombe, Statistics in Medicine 17 (1998), method 10 for independent samples."""
    first, second = wilson(successes, n), wilson(others, m)
    one, two = successes / n, others / m
    low = math.hypot(one - first[0], second[1] - two)
    high = math.hypot(first[1] - one, two - second[0])
    return one - two - low, one - two + high


# Table II.
@pytest.mark.parametrize(
    ('counts', 'low', 'high'),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((5, 56, 0, 29), -0.0381, 0.1926)],
)
def test_published_differences(counts, low, high):
    assert unpaired(*counts) == pytest.approx((low, high), abs=5e-5)


# R. G. Newcombe, Statistics in Medicine 17 (1998), paired data, method 10.
@pytest.mark.parametrize(
    ('cells', 'low', 'high'), [((36, 12, 2, 0), 0.0569, 0.3404), ((20, 12, 2, 16), 0.0562, 0.3292)]
)
def test_published_paired_differences(cells, low, high):
    assert newcombe_paired(*cells) == pytest.approx((low, high), abs=5e-5)


def test_pairs_without_correlation_are_two_samples():
    # both * neither == first * second: phi is zero.
    assert newcombe_paired(6, 4, 9, 6) == pytest.approx(unpaired(10, 25, 15, 25))
    # All or nothing has no correlation either.
    assert newcombe_paired(8, 0, 0, 0) == pytest.approx(unpaired(8, 8, 8, 8))


def test_pairs_that_agree_have_a_narrower_interval_and_others_a_wider_one():
    wide = np.ptp(unpaired(30, 60, 30, 60))
    assert np.ptp(newcombe_paired(29, 1, 1, 29)) < 0.5 * wide
    assert np.ptp(newcombe_paired(1, 29, 29, 1)) > 1.3 * wide


def test_a_paired_difference_changes_sign_with_its_sides():
    low, high = newcombe_paired(20, 12, 2, 16)
    assert low < 0.2 < high
    assert newcombe_paired(20, 2, 12, 16) == pytest.approx((-high, -low))
    assert newcombe_paired(0, 0, 0, 0) == (-1.0, 1.0)
    with pytest.raises(ValueError, match='counts must be at least 0, got'):
        newcombe_paired(1, -1, 0, 0)


@pytest.mark.parametrize('cells', [(0.7, 0.15, 0.05, 0.1), (0.45, 0.1, 0.02, 0.43)])
def test_the_paired_interval_covers_the_difference(cells):
    draws = np.random.default_rng(0).multinomial(60, cells, size=2000)
    limits = np.array([newcombe_paired(*map(int, draw)) for draw in draws])
    difference = cells[1] - cells[2]
    hits = (limits[:, 0] < difference) & (limits[:, 1] > difference)
    # Three standard errors of 95 % in 2000, and the paper's slack to the wide side.
    assert 0.935 < hits.mean() < 0.985
