import numpy as np
import pytest

from mmrobust.corruptions import Clip, Draws
from mmrobust.corruptions.base import snake

FRAMES = np.zeros((2, 4, 5, 3), np.uint8)


def test_frames_are_numbered_from_0_unless_said_otherwise():
    assert Clip(FRAMES).indices == (0, 1)
    assert Clip(FRAMES, (7, 3)).indices == (7, 3)
    assert Clip(FRAMES).size == (4, 5)


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'frames': FRAMES.astype(np.float32)}, 'frames'),
        ({'frames': FRAMES[0]}, 'frames'),
        ({'frames': FRAMES[..., :2]}, 'frames'),
        ({'frames': FRAMES[:0]}, 'frames'),
        ({'frames': [[1]]}, 'frames'),
        ({'frames': FRAMES, 'indices': (1,)}, 'indices'),
        ({'frames': FRAMES, 'indices': (1, -1)}, 'indices'),
        ({'frames': FRAMES, 'rate': 0}, 'rate'),
        ({'frames': FRAMES, 'bit_rate': 0}, 'bit_rate'),
        ({'frames': FRAMES, 'bit_rate': float('inf')}, 'bit_rate'),
    ],
)
def test_refused_clips(values, named):
    with pytest.raises(ValueError, match=f'^{named} must be'):
        Clip(**values)


def test_streams_differ_by_everything_that_names_them():
    draws = Draws(0, 'fog', 0)
    streams = [draws.of_clip(), draws.of_clip('b'), draws.of_frame(0), draws.of_frame(1)]
    streams += [Draws(1, 'fog', 0).of_clip(), Draws(0, 'rain', 0).of_clip()]
    streams += [Draws(0, 'fog', 1).of_clip()]
    numbers = [stream.random() for stream in streams]
    assert len(set(numbers)) == len(streams)
    assert draws.of_clip().random() == numbers[0]


def test_names():
    names = ['gaussian_noise', 'h264_crf', 'h265_abr', 'jpeg', 'mpeg4', 'low_light']
    classes = ['GaussianNoise', 'H264CRF', 'H265ABR', 'JPEG', 'MPEG4', 'LowLight']
    assert [snake(one) for one in classes] == names
