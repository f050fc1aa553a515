"""The motion vectors of a video codec as optical flow.

Shapes: M pairs of frames, H, W pixels.
"""

from fractions import Fraction
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require
from mmrobust.registry import FLOWS

Picture = NDArray[np.uint8]
Vectors = NDArray[np.float32]
# Side of the codec's blocks, pixels.
BLOCK = 16
# The finest quantiser, no bidirectional frames, and no key frame in place of a
# predicted one, however different the pictures are.
ENCODER = {
    'qmin': '1',
    'qmax': '1',
    'bf': '0',
    'g': '12',
    'sc_threshold': '1000000000',
}


@FLOWS.register_module()
class CodecMotion(FlowEstimator):
    """Where FFmpeg's MPEG-4 encoder takes each block of 16 x 16 pixels from.

    The motion source of Zhang, Zhu, Zhu and Yang (2020, arXiv:2003.07637), in
    half pixels. An encoder looks for what is cheap to predict, not for what
    moves: in smooth areas the vectors may be anything. A pair of frames is
    encoded in memory, ``second`` as the key frame and ``first`` predicted from
    it; the vectors of ``first`` lead to ``second``, as flow does. Blocks that
    the encoder did not predict have no vector and get zero.

    Official setting: the release encodes its videos by ``ffmpeg -c:v mpeg4
    -q:v 1``; here the quantiser is held at 1. Deviations: pairs of frames,
    rounded to whole levels, in place of whole videos; how vectors are added up
    over frames is the caller's business.

    Sides of any size: frames are continued to the right and below by their last
    column and row, to multiples of 16, and the flow is cropped.

    Args:
        backward: Estimator whose gradient stands in for the missing one.
    """

    differentiable = False

    def estimate(self, first: Tensor, second: Tensor) -> Tensor:
        """Flow (M, 2, H, W), float32 on the CPU, of frames (M, 3, H, W), 0..255.

        Raises:
            ValueError: The frames are not finite.
        """
        height, width = first.shape[2:]
        pairs = zip(_pictures(first), _pictures(second), strict=True)
        flow = np.zeros((len(first), 2, height, width), np.float32)
        for row, pair in enumerate(pairs):
            flow[row] = _vectors(*pair)[:, :height, :width]
        return torch.from_numpy(flow)


def _pictures(frames: Tensor) -> list[Picture]:
    """uint8 (H', W', 3), H' and W' multiples of the block, of frames (M, 3, H, W)."""
    require(bool(frames.isfinite().all()), 'frames', 'finite', 'inf or nan')
    pixels = frames.detach().round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    below, right = (-side % BLOCK for side in frames.shape[2:])
    rows = np.pad(pixels.cpu().numpy(), ((0, 0), (0, below), (0, right), (0, 0)), mode='edge')
    return list(rows)


def _vectors(picture: Picture, reference: Picture) -> Vectors:
    """Motion (2, H', W') from ``picture`` to the ``reference`` it is predicted from."""
    flow = np.zeros((2, *picture.shape[:2]), np.float32)
    decoder: Any = av.CodecContext.create('mpeg4', 'r')
    decoder.options = {'flags2': '+export_mvs'}
    packets = _encoded([reference, picture])
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    found = decoded[1].side_data.get('MOTION_VECTORS')
    if found is None:
        return flow
    for vector in found.to_ndarray():
        # FFmpeg: source = destination + motion / scale; a place is a block's centre.
        width, height = int(vector['w']), int(vector['h'])
        left, top = vector['dst_x'] - width // 2, vector['dst_y'] - height // 2
        motion = np.array([vector['motion_x'], vector['motion_y']]) / vector['motion_scale']
        flow[:, top : top + height, left : left + width] = motion[:, None, None]
    return flow


def _encoded(pictures: list[Picture]) -> list[Any]:
    """The packets of a short MPEG-4 video: a key frame, then predicted ones."""
    encoder: Any = av.CodecContext.create('mpeg4', 'w')
    encoder.height, encoder.width = pictures[0].shape[:2]
    encoder.pix_fmt, encoder.time_base = 'yuv420p', Fraction(1, 25)
    encoder.options = ENCODER
    packets = []
    for number, picture in enumerate(pictures):
        frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
        frame.pts = number
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)
