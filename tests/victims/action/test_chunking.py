"""What is measured before views are cut into chunks, and that nothing of it stays."""

import pytest
import torch

from mmrobust.victims.action.chunking import chunked, kept_bytes, rows_are_averaged
from tests.freed import Graphs


def test_the_probe_counts_what_autograd_keeps_and_frees_it():
    graphs = Graphs()

    def part(pixels, views):
        return graphs.watched(pixels[views.start : views.stop]).square()

    def kept(stop):
        with kept_bytes(gradient=True) as found:
            part(torch.rand(4, 1000, requires_grad=True), range(stop))
        return found.total

    one, four = kept(1), kept(4)
    # What exp gives, for itself and for log, and what is squared.
    assert one == 2 * 1000 * 4
    assert four == 4 * one
    assert graphs.alive() == 0


@pytest.mark.parametrize('chunk', [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize('mean', [True, False])
def test_chunks_of_unequal_length_give_what_all_views_give(chunk, mean):
    """A last chunk of fewer views counts for fewer views in the average."""
    weights = torch.randn(5, 6, 3, dtype=torch.float64)

    def part(pixels, views):
        rows = torch.einsum('nvp,vpk->nvk', pixels[:, list(views)], weights[list(views)]).sin()
        return rows.mean(1, keepdim=True) if mean else rows

    results = []
    for run in (lambda x: part(x, range(5)), lambda x: chunked(part, x, range(5), chunk, mean)):
        torch.manual_seed(0)
        pixels = torch.randn(2, 5, 6, dtype=torch.float64, requires_grad=True)
        logits = run(pixels)
        results.append((logits, *torch.autograd.grad(logits.square().sum(), pixels)))
    torch.testing.assert_close(*results)


def rows(pixels, views):
    """Logits (N, V, K), one row per view."""
    return pixels[:, list(views)]


@pytest.mark.parametrize('unit', [1, 2])
def test_rows_of_views_are_joined_and_one_row_in_all_is_averaged(unit):
    pixels = torch.rand(1, 4, 3)
    assert not rows_are_averaged(rows, pixels, unit)
    assert rows_are_averaged(lambda x, views: rows(x, views).mean(1, keepdim=True), pixels, unit)


@pytest.mark.parametrize('value', [1.0, torch.nan])
def test_views_that_are_others_when_run_apart_are_refused(value):
    """Not as random, also where nothing equals itself."""

    def part(pixels, views):
        found = rows(pixels, views) * value
        return found - found.amax(1, keepdim=True)

    with pytest.raises(ValueError, match='not those of views run apart'):
        rows_are_averaged(part, torch.rand(1, 4, 3), 1)


@pytest.mark.parametrize('draws', [[0, 1, 2, 3], [0, 1, 0, 0], [1, 0, 1, 1]])
def test_a_model_that_draws_is_refused_as_one_that_answers_at_random(draws):
    """Also one that by chance draws alike for views run together and apart."""
    left = iter(draws)
    with pytest.raises(ValueError, match=r'answers at random.*raise memory_limit'):
        rows_are_averaged(lambda x, views: rows(x, views) + next(left), torch.rand(1, 4, 3), 1)
