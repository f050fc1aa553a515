"""One random stream per sample, whatever its batch."""

import pytest
import torch

from mmrobust.functional.randomness import SampleRandom, sample_seed

SEEDS = [5, 6, 7]


def _clips(n):
    return torch.zeros(n, 3, 2, 2, 2)


@pytest.mark.parametrize('draw', [SampleRandom.uniform_like, SampleRandom.normal_like])
def test_draws_do_not_depend_on_the_batch(draw):
    together = draw(SampleRandom.from_seeds(SEEDS), _clips(3))
    for row, seed in enumerate(SEEDS):
        alone = draw(SampleRandom.from_seeds([seed]), _clips(1))
        assert torch.equal(together[row], alone[0])
    assert len(together.flatten(1).unique(dim=0)) == 3


def test_selected_streams_go_on_where_they_were():
    rng = SampleRandom.from_seeds(SEEDS)
    first = rng.uniform_like(_clips(3))
    second = rng.select(torch.tensor([2, 0])).uniform_like(_clips(2))
    third = rng.uniform_like(_clips(3))
    # Samples 0 and 2 have drawn three times by now, sample 1 twice.
    whole = SampleRandom.from_seeds(SEEDS)
    draws = [whole.uniform_like(_clips(3)) for _ in range(3)]
    assert torch.equal(first, draws[0])
    assert torch.equal(second, draws[1][[2, 0]])
    assert torch.equal(third[[0, 2]], draws[2][[0, 2]])
    assert torch.equal(third[1], draws[1][1])


def test_distributions():
    rng = SampleRandom.from_seeds([1, 2])
    uniform = rng.uniform_like(torch.zeros(2, 50000))
    assert 0 <= float(uniform.min()) < 0.001
    assert 0.999 < float(uniform.max()) < 1
    torch.testing.assert_close(uniform.mean(1), torch.full((2,), 0.5), atol=0.01, rtol=0)
    normal = rng.normal_like(torch.zeros(2, 50000))
    torch.testing.assert_close(normal.mean(1), torch.zeros(2), atol=0.02, rtol=0)
    torch.testing.assert_close(normal.std(1), torch.ones(2), atol=0.02, rtol=0)


@pytest.mark.parametrize('dtype', [torch.float16, torch.float32, torch.float64])
def test_draws_take_type_and_shape(dtype):
    like = _clips(2).to(dtype)
    for draw in (SampleRandom.uniform_like, SampleRandom.normal_like):
        drawn = draw(SampleRandom.from_seeds([1, 2]), like)
        assert (drawn.shape, drawn.dtype) == (like.shape, dtype)


def test_sample_seeds_are_fixed_and_apart():
    # Fixed for ever: a resumed run must go on with the same numbers.
    assert sample_seed(0, 0) == 2467523943
    assert sample_seed(0, 1) == 3621678275
    assert sample_seed(7, 123) == 2591804819
    seeds = {sample_seed(seed, index) for seed in range(20) for index in range(500)}
    assert len(seeds) == 10000
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert sample_seed(1, 11) != sample_seed(11, 1)


def test_length():
    assert len(SampleRandom.from_seeds(SEEDS)) == 3
