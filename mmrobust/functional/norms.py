"""Per-sample norms of clips of any layout.

Shapes: the first axis counts samples (N); every other axis belongs to one
sample. A norm never mixes samples, whatever N equals.
"""

from torch import Tensor


def expand_to(per_sample: Tensor, like: Tensor) -> Tensor:
    """View (N,) as (N, 1, ..., 1) so that it broadcasts against ``like``."""
    return per_sample.reshape(-1, *([1] * (like.dim() - 1)))


def l1_norm(x: Tensor) -> Tensor:
    """Sum of the absolute values of each sample; (N, ...) -> (N,)."""
    return x.abs().flatten(1).sum(dim=1)


def l1_mean(x: Tensor) -> Tensor:
    """Mean absolute value of each sample; (N, ...) -> (N,)."""
    return x.abs().flatten(1).mean(dim=1)


def l1_mean_of_frames(x: Tensor) -> Tensor:
    """Mean absolute value of each frame; (N, C, T, H, W) -> (N, 1, T, 1, 1)."""
    return x.abs().mean(dim=(1, 3, 4), keepdim=True)


def l2_norm(x: Tensor) -> Tensor:
    """Euclidean norm of each sample; (N, ...) -> (N,).

    ``Tensor.norm`` adds a row up one by one, which in float32 is off by 1e-3
    on a clip of some million values; ``sum`` adds in pairs.
    """
    return x.flatten(1).square().sum(dim=1).sqrt()


def linf_norm(x: Tensor) -> Tensor:
    """Largest absolute value of each sample; (N, ...) -> (N,)."""
    return x.abs().flatten(1).amax(dim=1)


def unit_l2(x: Tensor) -> Tensor:
    """Each sample scaled to Euclidean norm 1; an all-zero sample stays zero.

    Values are first divided by their largest, so that gradients as small as
    1e-30 neither underflow in the square nor vanish.
    """
    peak = expand_to(linf_norm(x), x)
    scaled = x / peak.where(peak > 0, 1.0)
    norm = expand_to(l2_norm(scaled), x)
    return scaled / norm.where(norm > 0, 1.0)


def unit_l1(x: Tensor) -> Tensor:
    """Each sample scaled to an l_1 norm of 1; an all-zero sample stays zero."""
    total = expand_to(l1_norm(x), x)
    return x / total.where(total > 0, 1.0)
