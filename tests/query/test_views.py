"""Where views begin, from what a victim scores alone."""

import pytest
import torch

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.query.views import view_starts
from mmrobust.samplers.base import NoiseSampler
from mmrobust.samplers.one_noise import Repeated
from mmrobust.threats import Linf
from mmrobust.victims import FunctionVictim
from mmrobust.victims.bound import Clip
from tests.query.toys import Counter, clips


class Cut(Counter):
    """Says which frames its clips see: rows of frames' numbers, by clip."""

    seen: tuple[tuple[int, ...], ...] = ()
    frames = 8

    def clips(self):
        masks = torch.zeros(len(self.seen), len(self.rows), self.frames, dtype=torch.bool)
        for mask, places in zip(masks, self.seen, strict=True):
            mask[:, list(places)] = True
        return [Clip(self, mask) for mask in masks]


@pytest.mark.parametrize(
    ('seen', 'starts'),
    [
        ([range(8)], (0,)),
        ([range(4), range(4, 8)], (0, 4)),
        ([(0, 1), (2, 3, 4), (5, 6, 7)], (0, 2, 5)),
        ([range(5), range(3, 8)], (0,)),
        # Clips that skip frames lie in one another: one video.
        ([(0, 2, 4, 6), (1, 3, 5, 7)], (0,)),
        ([(0, 2), (1, 3), (4, 6), (5, 7)], (0, 4)),
        ([(0,), (1,), (2,), (3,), (4,), (5,), (6,), (7,)], (0,)),
    ],
    ids=['one', 'two', 'three', 'overlap', 'interleaved', 'interleaved in halves', 'single'],
)
def test_a_view_begins_where_no_clip_has_frames_on_both_sides(seen, starts):
    victim = Cut(1)
    victim.seen = tuple(tuple(places) for places in seen)
    assert view_starts(victim) == starts


def test_a_victim_that_does_not_say_has_one_view():
    assert view_starts(Counter(1)) == view_starts(FunctionVictim(torch.sum)) == (0,)


def test_the_sampler_is_told():
    told = []

    class Asked(NoiseSampler):
        def bind(self, pixels, starts=(0,)):
            told.append(tuple(starts))
            return Repeated(pixels, self.tile)

    victim = Cut(2, lead=1e3)
    victim.seen, victim.frames = ((0, 1), (2,)), 3
    attack = GradientEstimation(Linf(8), sampler=Asked(), budget=3)
    attack(victim, clips(2), torch.zeros(2, dtype=torch.long))
    assert told == [(0, 2), (0, 2)]
