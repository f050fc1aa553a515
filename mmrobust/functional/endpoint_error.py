"""The distance between estimated and true flow, pixel by pixel."""

from torch import Tensor
from torch.linalg import vector_norm

from mmrobust.functional.checks import require


def endpoint_error(flow: Tensor, truth: Tensor) -> Tensor:
    """Endpoint error (..., H, W), pixels: the length of the difference.

    Its mean over all pixels is the usual average endpoint error (Otte and
    Nagel 1994; Baker et al., IJCV 2011, section 4.1).

    Args:
        flow: Displacements (..., 2, H, W), pixels.
        truth: True ones, of the same shape.

    Raises:
        ValueError: The shapes differ, or hold no flow.
    """
    fits = flow.dim() >= 3 and flow.shape[-3] == 2
    require(fits, 'flow', 'of shape (..., 2, H, W)', tuple(flow.shape))
    same = flow.shape == truth.shape
    require(same, 'truth', f'of shape {tuple(flow.shape)} like flow', tuple(truth.shape))
    error: Tensor = vector_norm(flow - truth, dim=-3)
    return error
