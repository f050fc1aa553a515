"""Confidence interval of a rate."""

import math
from statistics import NormalDist


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
    if n < 0:
        raise ValueError(f'n must be at least 0, got {n!r}')
    if not 0 <= successes <= n:
        raise ValueError(f'successes must be in 0..{n}, got {successes!r}')
    if not 0 < confidence < 1:
        raise ValueError(f'confidence must be above 0 and below 1, got {confidence!r}')
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / n
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    # Rounding must not leave 0 or 1 outside at the ends, where they are limits exactly.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high
