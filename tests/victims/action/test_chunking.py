"""What is measured before views are cut into chunks, and that nothing of it stays."""

import torch

from mmrobust.victims.action.chunking import saved_bytes
from tests.freed import Graphs


def test_the_probe_counts_what_autograd_keeps_and_frees_it():
    graphs = Graphs()

    def part(pixels, views):
        return graphs.watched(pixels[views.start : views.stop]).square()

    pixels = torch.rand(4, 1000, requires_grad=True)
    one, four = (saved_bytes(part, pixels, stop) for stop in (1, 4))
    # What exp gives, for itself and for log, and what is squared.
    assert one == 2 * 1000 * 4
    assert four == 4 * one
    assert graphs.alive() == 0
