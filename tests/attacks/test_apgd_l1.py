"""APGD in l_1 against one clip at a time, written from the paper; its phases and its sparsity."""

import math

import pytest
import torch
from toys import CLIP, ConvNet, Linear, Recording, clips, predicted, random_weights

from mmrobust.attacks.apgd import APGD
from mmrobust.attacks.apgd_schedules import Sparsifying
from mmrobust.attacks.pgd import PGD
from mmrobust.functional.losses import margin
from mmrobust.goals import Misclassify
from mmrobust.threats import L1, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim

# No step reaches an end of the range.
EPS, N, STEPS = 19.0, 3, 120


def _onto_ball(delta, eps):
    """The nearest of l_1 norm at most eps, by bisection; no value is near an end of its range."""
    if float(delta.abs().sum()) <= eps:
        return delta
    low, high = 0.0, float(delta.abs().max())
    for _ in range(200):
        middle = (low + high) / 2
        over = float((delta.abs() - middle).clamp(min=0).sum()) > eps
        low, high = (middle, high) if over else (low, middle)
    return delta.sign() * (delta.abs() - high).clamp(min=0)


def _sparse(gradient, count):
    size = gradient.abs().flatten()
    kept = torch.zeros_like(size)
    kept[size.argsort(descending=True)[:count]] = 1
    return gradient.sign() * kept.reshape(gradient.shape) / count


def _phase(look, clean, start, eps, steps, count, changed):
    """Croce and Hein 2021, algorithm 1; every iterate, and the best."""
    every = max(int(0.04 * steps), 1)
    x, eta, seen, values = start, eps, [], []
    best, best_value, best_gradient = None, -math.inf, None
    sent_back = 0
    for k in range(steps + 1):
        value, gradient = look(x)
        seen.append(x)
        values.append(value)
        if value >= best_value:
            best, best_value, best_gradient = x, value, gradient
        if k == steps:
            break
        if k and k % every == 0:
            now = int(((best - clean).abs() > 255e-6).sum())
            if now / changed < 0.95:
                eta, x, gradient, sent_back = eps, best, best_gradient, sent_back + 1
            else:
                eta = max(eta / 1.5, eps / 10)
            count, changed = math.ceil(now / 1.5), now
        x = clean + _onto_ball(x + eta * _sparse(gradient, count) - clean, eps)
    return seen, best, sent_back


class OneByOne(torch.nn.Module):
    """A product rounds by the number of its rows; the last bit of a value decides on the best."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, pixels):
        return torch.cat([self.net(clip[None]) for clip in pixels])


def test_iterates_are_those_of_the_paper():
    net, pixels = ConvNet(seed=3).double().eval(), clips(N, low=120, high=136)
    victim = Recording(OneByOne(net))
    labels = predicted(victim, pixels)
    victim.seen.clear()
    goal = Misclassify('margin')
    attack = APGD(L1(EPS), goal, steps=STEPS, random_start=False, early_stop=False)
    outcomes = attack(victim, pixels, labels)
    expected, sent_back = [], 0
    for clean, label in zip(pixels, labels, strict=True):

        def look(x, label=label):
            x = x.clone().requires_grad_()
            scores = net(x[None])[0]
            others = torch.cat([scores[:label], scores[label + 1 :]])
            value = others.max() - scores[label]
            return float(value.detach()), torch.autograd.grad(value, x)[0]

        size = clean.numel()
        x, own = clean, []
        count, changed = math.ceil(0.2 * size), size
        for times, steps in ((3, 36), (2, 36), (1, 48)):
            x = clean + _onto_ball(x - clean, times * EPS)
            if own:
                changed = int(((x - clean).abs() > 255e-6).sum())
                count = math.ceil(changed / 1.5)
            seen, x, back = _phase(look, clean, x, times * EPS, steps, count, changed)
            sent_back += back
            own += seen
        expected.append(own)
    # Clean clips, the iterates of three searches, the rounded result, a clean clip again.
    iterates = victim.seen[1:-2]
    assert len(iterates) == STEPS + 3
    for step, iterate in enumerate(iterates):
        reference = torch.stack([seen[step] for seen in expected])
        torch.testing.assert_close(iterate, reference, rtol=0, atol=1e-7)
    # Else the parity above would hold for steps that never go back.
    assert sent_back > 3
    assert {o.forwards + o.backwards for o in outcomes} == {2 * (STEPS + 2) + 1}
    assert attack.most_calls() == 2 * (STEPS + 2) + 1


def test_steps_of_what_stays_dense_are_a_tenth_of_the_first_at_least():
    class State:
        """As much of one as the schedule looks at: all values of the best stay changed."""

        clean, best = torch.zeros(1, 10), torch.ones(1, 10)
        victim = FunctionVictim(ConvNet())
        length, changed = torch.tensor([90.0]), torch.tensor([10])

    state, lengths = State(), []
    for state.iteration in range(1, 9):
        assert not Sparsifying(steps=25, length=90.0).check(state).any()
        lengths.append(float(state.length))
        assert state.count.tolist() == [7]
    assert lengths[:2] == [60, 40]
    assert lengths[-2:] == [9, 9]


def test_few_steps_have_no_wider_search():
    attack = APGD(L1(EPS), steps=3, random_start=False, early_stop=False)
    victim, pixels = FunctionVictim(ConvNet().eval()), clips(1).float()
    (outcome,) = attack(victim, pixels, predicted(victim, pixels))
    assert outcome.forwards + outcome.backwards == attack.most_calls() == 7


@pytest.mark.parametrize(('eps', 'share'), [(50, 0.9), (3000, 0.97)])
def test_it_finds_what_a_linear_victim_can_lose(eps, share):
    """However few values that takes, the ends of the range included."""
    lead = torch.tensor([1e4, 0]).double()
    net, pixels = Linear(random_weights(classes=2), lead), clips(3, low=0, high=256)
    way = (net.weights[1] - net.weights[0]).detach()
    outcomes = APGD(L1(eps), Misclassify('margin'))(
        FunctionVictim(net), pixels, torch.zeros(3, dtype=torch.long)
    )
    for outcome, clean in zip(outcomes, pixels, strict=True):
        delta = outcome.adversarial.double() - clean
        room = torch.where(way > 0, 255 - clean, clean).flatten()
        size, order = way.abs().flatten(), way.abs().flatten().argsort(descending=True)
        left = (eps - room[order].cumsum(0) + room[order]).clamp(min=0)
        best = float((size[order] * torch.minimum(room[order], left)).sum())
        assert share * best <= float((way * delta).sum()) <= best * (1 + 1e-9)


def test_a_mask_gets_all_of_a_step():
    """However few values it leaves, fewer than the fifth of all that first steps change."""
    victim, pixels = FunctionVictim(ConvNet().double().eval()), clips(2, low=120, high=136)
    threat = FrameMask(PixelMask(L1(200), box=(1, 1, 3, 4)), frames=[1])
    attack = APGD(threat, steps=1, random_start=False, early_stop=False)
    outcomes = attack(victim, pixels, predicted(victim, pixels))
    for outcome, clean in zip(outcomes, pixels, strict=True):
        moved = (outcome.adversarial - clean).abs()
        assert 190 < float(moved.sum()) <= 200
        assert float(moved[:, 1, 1:3, 1:4].sum()) == float(moved.sum())


@pytest.mark.parametrize('seed', range(3))
def test_it_needs_no_share_to_be_chosen(seed):
    """At equal calls as good as PGD with the best of four shares, or nearly."""
    net, pixels = ConvNet(seed).double().eval(), clips(4, seed=seed)
    victim = FunctionVictim(lambda x: net(x) + torch.tensor([1e3, 0, 0, 0]))
    labels = torch.zeros(4, dtype=torch.long)

    def left(attack):
        found = attack(victim, pixels, labels)
        return margin(torch.stack([o.scores for o in found]), labels).mean()

    goal = Misclassify('margin')
    chosen = [PGD(L1(2000, share=s), goal, steps=100, step_size=0.1) for s in (0.003, 0.01, 0.1, 1)]
    best = max(left(attack) for attack in chosen)
    clean = margin(victim(pixels).detach(), labels).mean()
    assert left(APGD(L1(2000), goal)) - clean >= 0.97 * (best - clean)


def test_other_norms_know_nothing_of_it():
    assert APGD(Linf(8)).most_calls() == 201
    assert tuple(clips(1).shape[1:]) == CLIP
