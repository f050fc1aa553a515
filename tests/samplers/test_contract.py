"""What every sampler must do, whichever it is."""

import inspect

import pytest
import torch

from mmrobust.registry import SAMPLERS
from mmrobust.samplers import Geometric, MultiNoise, OneNoise, Sparked
from tests.conftest import ROOT
from tests.samplers.toys import Planted, draw, video

SAMPLERS_BUILT = {
    'MultiNoise': lambda **more: MultiNoise(**more),
    'OneNoise': lambda **more: OneNoise(**more),
    'Sparked-warp': lambda **more: Sparked(Planted([1.0, 0.0]), **more),
    'Sparked-lookup': lambda **more: Sparked(Planted(_steps()), form='lookup', **more),
    'Sparked-fallback': lambda **more: Sparked(Planted([0.0, 0.0]), **more),
    'Geometric-independent': lambda **more: Geometric('affine', **more),
    'Geometric-chain': lambda **more: Geometric('similarity', form='chain', strength=0.1, **more),
}
every = pytest.mark.parametrize('build', SAMPLERS_BUILT.values(), ids=SAMPLERS_BUILT)


def _steps(height=7, width=9):
    """Whole-pixel motion of several sizes."""
    places = torch.arange(height * width).reshape(height, width)
    return torch.stack([places % 5, places % 3]).float()


def test_every_registered_sampler_is_tested():
    tested = {name.split('-')[0] for name in SAMPLERS_BUILT}
    assert tested == set(SAMPLERS.everything())


@every
def test_noise_is_shaped_as_the_video(build):
    noise = draw(build().bind(video(3, 5, 7, 9)))
    assert noise.shape == (3, 5, 7, 9)
    assert noise.dtype == torch.float32
    assert noise.is_contiguous()
    assert noise.isfinite().all()
    assert noise.abs().max() > 0


@every
def test_views_one_after_the_other_are_as_long_as_the_video(build):
    noise = draw(build().bind(video(3, 5, 7, 9), (0, 2)))
    assert noise.shape == (3, 5, 7, 9)
    assert noise.isfinite().all()


@every
def test_noise_is_a_function_of_the_generator(build):
    noise = build().bind(video())
    assert torch.equal(draw(noise, seed=1), draw(build().bind(video()), seed=1))
    assert not torch.equal(draw(noise, seed=1), draw(noise, seed=2))
    generator = torch.Generator().manual_seed(1)
    first, second = noise.draw(generator, 0), noise.draw(generator, 0)
    assert torch.equal(first, draw(noise, seed=1))
    assert not torch.equal(first, second)


@every
def test_global_randomness_and_the_video_are_left_alone(build):
    pixels, before = video(), torch.get_rng_state()
    draw(build().bind(pixels))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(pixels, video())


@every
def test_what_is_drawn_can_be_changed_in_place(build):
    noise = build().bind(video())
    draw(noise).zero_()
    assert draw(noise).abs().max() > 0
    assert torch.equal(draw(noise), draw(build().bind(video())))


@pytest.mark.parametrize(
    'name', ['MultiNoise', 'OneNoise', 'Sparked-warp', 'Sparked-fallback', 'Geometric-chain']
)
def test_tiles_are_equal_inside_before_anything_moves(name):
    # Frame 0, as the others may have moved.
    first = draw(SAMPLERS_BUILT[name](tile=4).bind(video()))[:, 0]
    for row, column in [(0, 0), (0, 4), (4, 0), (4, 4)]:
        tile = first[:, row : row + 4, column : column + 4]
        assert torch.equal(tile, tile[:, :1, :1].expand_as(tile))
    # 7 x 9 pixels have 2 x 3 tiles.
    assert all(len(channel.unique()) == 6 for channel in first)


@every
@pytest.mark.parametrize('tile', [0, -1, 1.0, True, '2'])
def test_tile_is_a_whole_number(build, tile):
    with pytest.raises(ValueError, match='tile must be a whole number >= 1'):
        build(tile=tile)


@every
def test_no_video_is_refused(build):
    for shape in [(3, 7, 9), (2, 3, 5, 7, 9)]:
        with pytest.raises(ValueError, match='pixels must be'):
            build().bind(torch.zeros(shape))


@every
def test_describe_tells_every_option(build):
    sampler = build(tile=2)
    found = sampler.describe()
    assert found['type'] == type(sampler).__name__
    assert set(found) == {'type', *inspect.signature(type(sampler)).parameters}
    assert found['tile'] == 2


CONFIGS = [
    dict(type='MultiNoise', tile=3),
    dict(type='OneNoise', tile=2),
    dict(type='Geometric', kind='translation', strength=0.5, form='chain', tile=2),
    dict(
        type='Sparked',
        motion=dict(type='DIS', preset='medium'),
        form='lookup',
        refresh=3,
        fallback='error',
        tile=2,
    ),
    dict(
        type='Sparked',
        motion=dict(type='NoMotion'),
        form='warp',
        refresh=10,
        fallback='one_noise',
        tile=1,
    ),
]


@pytest.mark.parametrize('config', CONFIGS)
def test_describe_is_the_config(config):
    assert SAMPLERS.build(config).describe() == config


def test_whole_pixels_keep_unit_variance():
    big = video(frames=3, height=120, width=150)
    cases = [
        MultiNoise().bind(big),
        MultiNoise(tile=2).bind(big),
        OneNoise().bind(big),
        Sparked(Planted([1.0, -2.0])).bind(big),
    ]
    for noise in cases:
        inner = draw(noise)[:, :, 10:-10, 10:-10]
        for t in range(3):
            assert abs(inner[:, t].mean()) < 0.03
            assert abs(inner[:, t].var() - 1) < 0.05


def test_the_configs_of_the_page_build():
    text = (ROOT / 'docs' / 'samplers.md').read_text(encoding='utf-8')
    blocks = [part.split('```')[0] for part in text.split('```python\n')[1:]]
    scope: dict = {}
    for block in blocks:
        for line in block.replace('\nsampler', '\0sampler').split('\0'):
            exec(line, scope)
            assert scope['sampler']['type'] == SAMPLERS.build(scope['sampler']).describe()['type']
    assert blocks
