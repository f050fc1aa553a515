"""The flow networks of ptlflow, for example RAFT and its successors.

https://github.com/hmorimitsu/ptlflow, version 0.4; not installed with this
package. Shapes: M pairs of frames, H, W pixels.
"""

from __future__ import annotations

import importlib

import torch
from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.registry import FLOWS


@FLOWS.register_module()
class PTLFlow(FlowEstimator):
    """A network of ptlflow, with its gradient.

    The network pads the frames to its stride and crops the flow itself; how
    small a frame may be is its own matter.

    Args:
        model: Name of the network, as in ``ptlflow.get_model_names()``.
        checkpoint: Name of published weights, which ptlflow downloads, or a
            file. None leaves random weights.

    Raises:
        ImportError: ptlflow is not installed.
        ValueError: ptlflow knows no such network or checkpoint.
    """

    differentiable = True

    def __init__(self, model: str = 'raft_small', checkpoint: str | None = 'things') -> None:
        super().__init__()
        try:
            library = importlib.import_module('ptlflow')
        except ModuleNotFoundError as error:
            if error.name != 'ptlflow':
                raise
            raise ImportError('PTLFlow needs ptlflow: pip install ptlflow') from error
        self.model = library.get_model(model, ckpt_path=checkpoint).eval()

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W) of RGB frames (M, 3, H, W), 0..255.

        In the precision of the weights, whatever that of the frames.
        """
        # Its networks take BGR, 0..1, as OpenCV reads images.
        images = torch.stack([first, second], dim=1).flip(2) / 255
        weights = next(self.model.parameters())
        flow: Tensor = self.model({'images': images.to(weights)})['flows'][:, 0]
        return flow
