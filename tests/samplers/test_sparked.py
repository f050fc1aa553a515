"""Noise that follows the motion of a video."""

import pytest
import torch

from mmrobust.flow.estimators.farneback import Farneback
from mmrobust.flow.estimators.flownet2 import FlowNet2S
from mmrobust.flow.estimators.no_motion import NoMotion
from mmrobust.flow.estimators.tvl1 import TVL1
from mmrobust.functional.noise_warp import accumulate
from mmrobust.registry import SAMPLERS
from mmrobust.samplers import OneNoise, Sparked
from mmrobust.samplers.motion import backward_motion, describe_motion
from mmrobust.samplers.sparked import _Warped
from tests.samplers.toys import Planted, draw, video


def test_noise_follows_the_content():
    # Content moves 2 to the right and 1 up in each frame; backward: the other way.
    noise = draw(Sparked(Planted([-2.0, 1.0])).bind(video(height=30, width=40)))
    for t in range(1, 5):
        assert torch.equal(noise[:, t, : 30 - t, 2 * t :], noise[:, 0, t:, : 40 - 2 * t])
        assert (noise[:, t, 30 - t :] == 0).all()
        assert (noise[:, t, :, : 2 * t] == 0).all()


def test_noise_follows_the_content_of_a_real_estimator():
    wave = torch.linspace(0, 30, 90).sin() + torch.linspace(0, 22, 60)[:, None].cos()
    canvas = (255 * (wave + 2) / 4).expand(3, 60, 90)
    # The window goes 2 pixels to the right: the content 2 to the left.
    clip = torch.stack([canvas[:, :50, 2 * t : 2 * t + 70] for t in range(3)], dim=1)
    maps = backward_motion(Farneback(), clip)
    inner = maps[1:, :, 10:-10, 10:-10]
    assert (inner[:, 0] - 2).abs().mean() < 0.2
    assert inner[:, 1].abs().mean() < 0.2
    noise = draw(Sparked(Farneback()).bind(clip))[:, :, 10:-10, 10:-10]
    follows = torch.corrcoef(
        torch.stack([noise[:, 1, :, :-2].flatten(), noise[:, 0, :, 2:].flatten()])
    )
    stays = torch.corrcoef(torch.stack([noise[:, 1].flatten(), noise[:, 0].flatten()]))
    assert follows[0, 1] > 0.8
    assert stays[0, 1] < 0.3


def test_motion_is_asked_once_and_backward():
    planted, pixels = Planted([1.0, 0.0]), video()
    noise = Sparked(planted).bind(pixels)
    draw(noise)
    draw(noise, iteration=20)
    ((first, second),) = planted.calls
    frames = pixels.transpose(0, 1)
    assert torch.equal(first, frames[1:])
    assert torch.equal(second, frames[:-1])


def test_views_are_videos_of_their_own():
    # Two clips of the video, of three and two frames, one after the other.
    generator = torch.Generator().manual_seed(4)
    maps = torch.randn(3, 2, 7, 9, generator=generator)

    class Listed(Planted):
        def estimate(self, first, second):
            self.calls.append((first.clone(), second.clone()))
            return maps[: len(first)]

    listed, pixels = Listed(None), video()
    noise = Sparked(listed).bind(pixels, (0, 3))
    ((first, second),) = listed.calls
    frames = pixels.transpose(0, 1)
    assert torch.equal(first, frames[[1, 2, 4]])
    assert torch.equal(second, frames[[0, 1, 3]])
    found = draw(noise)
    assert torch.equal(found[:, 0], found[:, 3])
    assert not torch.equal(found[:, 1], found[:, 4])
    assert torch.equal(found[:, :3], draw(Sparked(listed).bind(pixels[:, :3])))


def test_views_of_one_frame_have_no_motion():
    planted = Planted([1.0, 0.0])
    noise = Sparked(planted).bind(video(frames=3), (0, 1, 2))
    assert noise.flags == ('no_motion',)
    assert not planted.calls


def test_lookup_never_reads_at_the_first_frame_of_a_view():
    noise = Sparked(Planted(steps()), form='lookup', refresh=1).bind(video(), (0, 3))
    found = [draw(noise, iteration=i) for i in range(6)]
    for each in found:
        assert len(each[0].unique()) > 1
    # Frames 1, 2 and 4 have maps; those of the first frames of both clips are alike.
    assert torch.equal(found[0], found[3])
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


def steps(height=7, width=9):
    places = torch.arange(height * width).reshape(height, width)
    return torch.stack([places % 5, places % 3]).float()


def test_lookup_is_equal_in_all_frames_and_over_equal_motion():
    planted = Planted(steps())
    noise = Sparked(planted, form='lookup').bind(video())
    found = draw(noise)
    assert torch.equal(found, found[:, :1].expand_as(found))
    for channel in found[:, 0]:
        assert len(channel.unique()) == 15
    assert (found[:, 0, 0, 0] == found[:, 0, 1, 6]).all()


def test_a_warp_along_maps_of_zero_is_one_noise():
    """What does not move is not changed by the warp itself: the fallback is no other noise."""
    pixels = video()
    maps = torch.zeros(pixels.shape[1], 2, *pixels.shape[2:])
    for tile in (1, 3):
        found = draw(_Warped(pixels, tile, maps, (0,)))
        torch.testing.assert_close(found, draw(OneNoise(tile=tile).bind(pixels)))


def test_lookup_changes_with_the_refresh():
    maps = steps()
    noise = Sparked(Planted(maps), form='lookup', refresh=3).bind(video(frames=4))
    found = [draw(noise, iteration=i) for i in range(12)]
    for i in range(12):
        assert torch.equal(found[i], found[i // 3 * 3 % 9])
    assert not torch.equal(found[0], found[3])
    assert not torch.equal(found[3], found[6])
    # The first map is the motion from frame 1 to frame 0, the last from frame 3.
    whole = accumulate(maps.expand(4, 2, 7, 9))
    frame = draw(OneNoise().bind(video()))[:, 0]
    for iteration, k in ((0, 1), (6, 3)):
        place = (whole[k] - whole[k].min())[:, 2, 4]
        if (place == place.round()).all() and place[0] < 9 and place[1] < 7:
            x, y = place.int().tolist()
            assert torch.equal(found[iteration][:, 0, 2, 4], frame[:, y, x])


@pytest.mark.parametrize('form', ['warp', 'lookup'])
@pytest.mark.parametrize(
    ('motion', 'pixels'),
    [
        (Planted([0.0009, -0.0009]), video()),
        (NoMotion(), video()),
        (Planted([1.0, 0.0]), video(frames=1)),
        (TVL1(), torch.full((3, 3, 20, 24), 77.0)),
    ],
    ids=['small', 'none', 'one-frame', 'flat'],
)
def test_without_motion_it_is_one_noise_or_an_error(form, motion, pixels):
    noise = Sparked(motion, form=form).bind(pixels)
    assert noise.flags == ('no_motion',)
    assert torch.equal(draw(noise), draw(OneNoise().bind(pixels)))
    with pytest.raises(ValueError, match='something moves .fallback=error., by 0.001 pixels'):
        Sparked(motion, form=form, fallback='error').bind(pixels)


def test_with_motion_there_is_no_flag():
    for form in ('warp', 'lookup'):
        assert Sparked(Planted([0.0, 0.002]), form=form).bind(video()).flags == ()


def test_motion_of_another_size_or_not_finite_is_refused():
    with pytest.raises(ValueError, match=r'the flow of Planted must be shaped.*\(4, 2, 7, 9\)'):
        Sparked(Planted(torch.ones(2, 9, 7))).bind(video())
    for value in (torch.nan, torch.inf):
        with pytest.raises(ValueError, match='the flow of Planted must be finite'):
            Sparked(Planted([1.0, value])).bind(video())


@pytest.mark.parametrize('channels', [1, 2, 4])
def test_motion_needs_colours(channels):
    with pytest.raises(ValueError, match='pixels must be an RGB video'):
        Sparked(Planted([1.0, 0.0])).bind(video(channels=channels))


BAD = [
    (dict(motion='TVL1'), 'motion must be a flow estimator or its config'),
    (dict(form='chain'), 'form must be warp or lookup'),
    (dict(refresh=0), 'refresh must be a whole number >= 1'),
    (dict(refresh=True), 'refresh must be a whole number >= 1'),
    (dict(fallback='zero'), 'fallback must be one_noise or error'),
]


@pytest.mark.parametrize(('options', 'message'), BAD)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Sparked(**options)


def test_the_default_motion_is_tvl1():
    sampler = SAMPLERS.build({'type': 'mmrobust.Sparked'})
    assert isinstance(sampler.motion, TVL1)
    assert sampler.describe()['motion']['lambda_'] == 0.15


def test_an_estimator_is_described_by_what_decides_its_flow(tmp_path):
    found = describe_motion(Farneback(levels=2, workers=2, cache=str(tmp_path)))
    assert found['type'] == 'Farneback'
    assert found['levels'] == 2
    assert not {'workers', 'cache', 'progress', 'backward'} & set(found)
    assert SAMPLERS.build({'type': 'Sparked', 'motion': found}).describe()['motion'] == found
    assert describe_motion(Planted([1.0, 2.0])) == {'type': 'Planted', 'motion': [1.0, 2.0]}


def test_networks_are_described_by_their_weights():
    torch.manual_seed(0)
    network = FlowNet2S(width=0.05)
    found = describe_motion(network)
    assert set(found) == {'type', 'weights'}
    assert describe_motion(network) == found
    with torch.no_grad():
        next(network.parameters()).flatten()[0] += 1e-6
    assert describe_motion(network) != found


def test_an_estimator_that_hides_its_options_is_named():
    class Hidden(Planted):
        def __init__(self, scale):
            super().__init__([1.0, 0.0])
            self._scale = scale

    with pytest.raises(ValueError, match="Hidden must be an estimator that keeps .*'scale'"):
        Sparked(Hidden(2)).describe()


def test_a_network_is_used_in_evaluation_mode():
    network = FlowNet2S(width=0.05)
    assert network.training
    assert not Sparked(network).motion.training
