"""The FlowNet2 family (Ilg et al. 2016, arXiv:1612.01925) as flow estimators.

Shapes: M pairs, H, W pixels.
"""

import logging
from typing import ClassVar

from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.flow.flownet2.checkpoint import MEMBERS, load_member
from mmrobust.flow.flownet2.preprocessing import normalise, pad
from mmrobust.functional.checks import require
from mmrobust.registry import FLOWS

logger = logging.getLogger('mmrobust')


class FlowNet2Member(FlowEstimator):
    """What the members share; see the registered ones.

    Official setting: NVIDIA's flownet2-pytorch at width 1 and its checkpoints.
    Deviations: sides that are no multiples of 64 are padded with the border's
    pixels and the flow cropped back, where NVIDIA's scripts crop the frames;
    networks always return flow in pixels, where NVIDIA's in training mode
    return units of 20; the cascades show all levels of their last network.

    Args:
        width: Multiplier of every channel count but those of frames, flow and
            the correlation, above 0; 1 is the published network.
        checkpoint: File of NVIDIA's layout and of this member and width; without
            one a warning says that the weights are random, and that the flow means
            nothing until they are trained.

    Attributes:
        network: The network alone. Its ``state_dict`` has NVIDIA's names, so
            that ``torch.save({'state_dict': estimator.network.state_dict()}, path)``
            writes a file of NVIDIA's layout.

    Raises:
        ValueError: A width that is none, a checkpoint of another member or
            width, or one with values that are not finite.
    """

    differentiable = True
    member: ClassVar[str]

    def __init__(self, *, width: float = 1.0, checkpoint: str | None = None) -> None:
        super().__init__()
        self.network = MEMBERS[self.member](width)
        if checkpoint is None:
            logger.warning(
                '%s has random weights and gives no flow until it is trained; '
                'checkpoint=FILE names weights in the layout of NVIDIA',
                type(self).__name__,
            )
        else:
            load_member(self.network, self.member, checkpoint)

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W) from ``first`` to ``second``, each (M, 3, H, W).

        In the precision of the weights, whatever that of the frames.
        """
        height, width = first.shape[-2:]
        return self.network.full(self._input(first, second))[..., :height, :width]

    def pyramid(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """Flow at every level, finest first, for a multi-scale loss.

        Levels are at 1/4, 1/8, 1/16, 1/32 and 1/64 of the sides, those of
        ``FlowNet2`` at 1, 1/2 and 1/4, each (M, 2, ., .) in pixels of the
        frames. Sides are those after padding to multiples of 64: what belongs
        to the frames is the upper left part.
        """
        flows: list[Tensor] = self.network(self._input(first, second))
        return flows

    def _input(self, first: Tensor, second: Tensor) -> Tensor:
        fits = first.dim() == 4 and first.shape[1] == 3
        require(fits, 'first', 'frames (M, 3, H, W)', tuple(first.shape))
        require(second.shape == first.shape, 'second', 'shaped as first', tuple(second.shape))
        weight = next(self.network.parameters())
        return pad(normalise(first.to(weight.dtype), second.to(weight.dtype)))


@FLOWS.register_module()
class FlowNet2(FlowNet2Member):
    """The full network: C, S, S, SD and their fusion; 162,518,834 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2'


@FLOWS.register_module()
class FlowNet2C(FlowNet2Member):
    """FlowNetC alone, with a correlation layer; 39,175,298 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2C'


@FLOWS.register_module()
class FlowNet2S(FlowNet2Member):
    """FlowNetS alone, convolutions only; 38,676,506 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2S'


@FLOWS.register_module()
class FlowNet2SD(FlowNet2Member):
    """FlowNetSD alone, for small displacements; 45,371,666 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2SD'


@FLOWS.register_module()
class FlowNet2CS(FlowNet2Member):
    """FlowNetC refined by one FlowNetS; 77,870,620 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2CS'


@FLOWS.register_module()
class FlowNet2CSS(FlowNet2Member):
    """FlowNetC refined by two FlowNetS; 116,565,942 parameters.

    Options as for :class:`FlowNet2Member`.
    """

    member = 'FlowNet2CSS'
