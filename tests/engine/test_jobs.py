"""What one job does to some samples of a batch is what it does to all of them."""

from types import SimpleNamespace

import pytest
import torch

from mmrobust.attacks import RandomNoise
from mmrobust.engine.jobs import AttackJob, itself
from mmrobust.threats import Linf
from mmrobust.victims.bound import BoundVictim

N, K = 4, 3
GENERATOR = torch.Generator().manual_seed(0)
PIXELS = torch.randint(64, 192, (N, 3, 2, 4, 4), generator=GENERATOR).float()


class Own(BoundVictim):
    """Every sample has a linear model of its own."""

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, pixels):
        return torch.einsum('nd,nkd->nk', pixels.flatten(1), self.weights)

    def select(self, rows):
        return Own(self.weights[rows])


WEIGHTS = torch.randn(N, K, PIXELS[0].numel(), generator=GENERATOR) / 100
OWN, OTHER = Own(WEIGHTS), Own(WEIGHTS.roll(1, dims=1))
LABELS = OWN(PIXELS).argmax(dim=1)
# Rows of the batch in two shapes, as a data set of two sizes has them.
SHAPES = (torch.tensor([0, 2]), torch.tensor([1, 3]))
HOST = SimpleNamespace(
    labels=lambda data: LABELS,
    batches=lambda loaded: [(rows, OWN.select(rows), PIXELS[rows]) for rows in SHAPES],
)
LOADED = SimpleNamespace(data={}, names=['a', 'b', 'c', 'd'])
INDICES = (10, 11, 12, 13)
ATTACK = RandomNoise(Linf(40), trials=3)


def craft(job, rows=(0, 1, 2, 3), clean=OWN):
    return job.craft(HOST, LOADED, INDICES, clean(PIXELS), seed=5, rows=rows)


@pytest.mark.parametrize('rows', [(0,), (3,), (1, 2), (2, 3, 0)])
def test_some_rows_get_what_they_get_among_all(rows):
    every, some = craft(AttackJob(ATTACK)), craft(AttackJob(ATTACK), rows)
    assert sorted(every) == list(range(N))
    assert sorted(some) == sorted(rows)
    for row in rows:
        one, other = some[row][0], every[row][0]
        assert torch.equal(one.adversarial, other.adversarial)
        assert torch.equal(one.scores, other.scores)
        assert (one.success, one.forwards) == (other.success, other.forwards)


def test_a_sample_has_the_seed_of_its_place_in_the_data_set():
    found = craft(AttackJob(ATTACK))
    (alone,) = ATTACK(OWN.select(torch.tensor([3])), PIXELS[3:], LABELS[3:], seeds=[seed_of(13)])
    assert torch.equal(found[3][0].adversarial, alone.adversarial)


def seed_of(index):
    from mmrobust.functional.randomness import sample_seed

    return sample_seed(5, index)


def test_source_and_who_says_what_succeeds():
    sources = []

    def source(bound):
        sources.append(bound)
        return OTHER.select(SHAPES[len(sources) - 1])

    found = craft(AttackJob(ATTACK, gradients_from=source, success_on=itself))
    assert [bound.weights.shape[0] for bound in sources] == [2, 2]
    for row, (outcome, seconds) in found.items():
        assert torch.equal(
            outcome.scores, OWN.select(torch.tensor([row]))(outcome.adversarial[None].float())[0]
        )
        assert (seconds > 0) == outcome.attacked
        assert outcome.queries >= 1


def test_a_refusal_names_the_samples_and_the_job():
    class Fussy(RandomNoise):
        def run(self, *args):
            raise ValueError('no')

    with pytest.raises(ValueError, match=r'^no \(noise on x, attacking a, c\)$'):
        craft(AttackJob(Fussy(), name='noise on x'))
    with pytest.raises(ValueError, match=r'^no \(attacking d\)$'):
        craft(AttackJob(Fussy()), rows=(3,))
