"""Confidence intervals of a rate and of the difference of two.

Wilson's is SciPy's. It has none for a difference of paired rates, which is built on Wilson's.
"""

import math


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a binomial proportion.

    Unlike the textbook interval, it stays inside 0..1 and is sound for few
    samples and for rates of 0 and 1.

    Paper: E. B. Wilson, 'Probable inference, the law of succession, and
    statistical inference', Journal of the American Statistical Association 22
    (1927), without continuity correction.

    Args:
        successes: How often it happened, 0..n.
        n: How often it was tried.
        confidence: Coverage of the two-sided interval, above 0 and below 1.

    Returns:
        The lower and the upper limit, (0, 1) when nothing was tried.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> low, high = wilson(8, 10)
        >>> round(low, 4), round(high, 4)
        (0.4902, 0.9433)
    """
    _check(successes, n, confidence)
    if n == 0:
        return 0.0, 1.0
    # Here: importing it takes longer than most of what mmrobust does without.
    from scipy.stats import binomtest

    low, high = binomtest(successes, n).proportion_ci(confidence, method='wilson')
    return float(low), float(high)


def newcombe_paired(
    both: int, first: int, second: int, neither: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of a difference of two proportions on the same samples.

    The difference is (first - second) / n. Paper: R. G. Newcombe, 'Improved
    confidence intervals for the difference between binomial proportions based on
    paired data', Statistics in Medicine 17 (1998), method 10: two Wilson
    intervals and the correlation of the pairs.

    Args:
        both: Samples where it happened both times.
        first: Where it happened the first time alone.
        second: Where it happened the second time alone.
        neither: Where it never happened.
        confidence: Coverage of the two-sided interval, above 0 and below 1.

    Returns:
        The lower and the upper limit, (-1, 1) without samples.

    Raises:
        ValueError: If a number is negative or the confidence outside its range.
    """
    if min(both, first, second, neither) < 0:
        raise ValueError(f'counts must be at least 0, got {(both, first, second, neither)}')
    n = both + first + second + neither
    ones, twos = both + first, both + second
    (low, high), (least, most) = wilson(ones, n, confidence), wilson(twos, n, confidence)
    if not n:
        return -1.0, 1.0
    one, two = ones / n, twos / n
    agreement: float = both * neither - first * second
    agreement = agreement if agreement < 0 else max(agreement - n / 2, 0)
    spread = math.sqrt(ones * (n - ones) * twos * (n - twos))
    phi = agreement / spread if spread else 0.0
    lower, upper = (
        math.sqrt(max(a * a - 2 * phi * a * b + b * b, 0.0))
        for a, b in ((one - low, most - two), (high - one, two - least))
    )
    return one - two - lower, one - two + upper


def _check(successes: int, n: int, confidence: float) -> None:
    if n < 0:
        raise ValueError(f'n must be at least 0, got {n!r}')
    if not 0 <= successes <= n:
        raise ValueError(f'successes must be in 0..{n}, got {successes!r}')
    if not 0 < confidence < 1:
        raise ValueError(f'confidence must be above 0 and below 1, got {confidence!r}')
