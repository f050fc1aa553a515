"""The frame-saliency attacks against the paper's algorithm, one clip at a time."""

import functools

import pytest
import torch
from toys import CLIP, CUTS, Linear, Recording, TwoClips, Wavy, clips, predicted, random_weights

from mmrobust.attacks.iterative_saliency import IterativeSaliency
from mmrobust.attacks.iterative_saliency_rg import IterativeSaliencyRG
from mmrobust.attacks.one_shot import OneShot
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.goals import Misclassify
from mmrobust.threats import FrameMask, Linf
from mmrobust.victims import FunctionVictim

EPS = 3
FRAMES = range(CLIP[1])
BOTH = pytest.mark.parametrize('saliency_class', [IterativeSaliency, IterativeSaliencyRG])
# How far ahead the right class is: yields after some frames, or never.
LEADS = pytest.mark.parametrize('lead', [0.0, 0.6, 5.0])


def net(lead, kind=Wavy):
    """Class 0 is ahead by ``lead`` on top of what the pixels say."""
    return kind(random_weights(), torch.tensor([lead, 0, 0, 0]))


def by_the_book(function, clip, label, refresh, frames=FRAMES, success_victim=None):
    """The paper's algorithm for one clip: pixels, and the frames in order."""
    success_victim = success_victim or function

    def gradient(pixels):
        leaf = pixels.clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy(function(leaf[None]), label[None])
        return torch.autograd.grad(loss, leaf)[0]

    found, tried, slope = clip.clone(), [], gradient(clip)
    while len(tried) < len(frames):
        if refresh and tried:
            slope = gradient(found)
        saliency = slope.abs().mean(dim=(0, 2, 3))
        frame = max((t for t in frames if t not in tried), key=lambda t: float(saliency[t]))
        tried.append(frame)
        found[:, frame] = (clip[:, frame] + EPS * slope[:, frame].sign()).clamp(0, 255)
        if int(success_victim(found[None]).argmax()) != int(label):
            break
    return found, tried


@BOTH
@LEADS
def test_every_clip_of_a_batch_gets_the_frames_it_would_get_alone(saliency_class, lead):
    model, pixels = net(lead), clips(6)
    victim = FunctionVictim(model)
    labels = predicted(victim, pixels)
    outcomes = saliency_class(Linf(EPS))(victim, pixels, labels)
    for clip, label, outcome in zip(pixels, labels, outcomes, strict=True):
        found, tried = by_the_book(model, clip, label, saliency_class.refresh)
        assert torch.equal(outcome.adversarial.double(), found)
        assert outcome.frames == len(tried)
        assert outcome.success == (int(model(found[None]).argmax()) != int(label))
        # One forward and backward for the clean clip, then one forward per
        # frame tried; RG takes one backward per frame tried, the first among them.
        assert outcome.forwards == 1 + len(tried)
        assert outcome.backwards == (len(tried) if saliency_class.refresh else 1)


def test_the_cases_above_tell_the_attacks_apart():
    """Some clips yield early, some late, some never; refreshing changes the frames."""
    used, differ = set(), False
    for lead in (0.0, 0.6, 5.0):
        model, pixels = net(lead), clips(6)
        for clip, label in zip(pixels, predicted(FunctionVictim(model), pixels), strict=True):
            plain, fresh = (by_the_book(model, clip, label, r)[1] for r in (False, True))
            used |= {len(plain), len(fresh)}
            differ |= plain != fresh
    assert {1, 2, 5} <= used
    assert differ


def test_one_shot_costs_one_forward_and_one_backward():
    model, pixels = net(0.0), clips(3)
    outcomes = OneShot(Linf(EPS))(
        FunctionVictim(model), pixels, predicted(FunctionVictim(model), pixels)
    )
    assert [(o.forwards, o.backwards, o.frames) for o in outcomes] == [(1, 1, 5)] * 3


@BOTH
def test_forbidden_frames_are_not_tried(saliency_class):
    victim, pixels = FunctionVictim(net(5.0)), clips(2)
    attack = saliency_class(FrameMask(Linf(EPS), frames=[1, 4]))
    for outcome in attack(victim, pixels, predicted(victim, pixels)):
        assert (outcome.frames, outcome.forwards) == (2, 3)


@BOTH
def test_nor_are_they_where_no_frame_matters(saliency_class):
    """A gradient of zero ranks no frame; every allowed one is tried all the same."""
    calls = []

    def flat(pixels):
        calls.append(len(pixels))
        assert len(calls) < 20, 'tries for ever'
        return 0 * pixels.flatten(1)[:, :2] + torch.tensor([1.0, 0.0])

    attack = saliency_class(FrameMask(Linf(EPS), frames=[1, 4]))
    (outcome,) = attack(FunctionVictim(flat), clips(1), torch.zeros(1, dtype=torch.long))
    assert (outcome.frames, outcome.forwards) == (0, 3)
    assert outcome.flags == ('unchanged', 'zero_gradient')


@BOTH
def test_finished_clips_leave_the_batch(saliency_class):
    pixels = clips(6)
    victim = Recording(net(0.6))
    labels = predicted(victim, pixels)
    victim.seen.clear()
    outcomes = saliency_class(Linf(EPS))(victim, pixels, labels)
    sizes = [len(batch) for batch in victim.seen[1:-2]]  # without the harness
    expected = [sum(o.forwards > step for o in outcomes) for step in range(1 + CLIP[1])]
    assert sizes == [size for size in expected if size]
    assert len(set(sizes)) > 1


@BOTH
@pytest.mark.parametrize('cuts', [CUTS, (slice(0, 3), slice(1, 5))])
@pytest.mark.parametrize('lead', [0.0, 0.3, 5.0])
@pytest.mark.parametrize('channels', [1, 3])
def test_video_level_goes_clip_by_clip(saliency_class, channels, lead, cuts):
    """Each clip until it is fooled, then a look at the video, as the paper does it.

    A frame that the clips share is changed once, and be it in one channel.
    """
    model = net(lead)
    with torch.no_grad():
        model.weights[:, channels:] = 0
    victim, pixels = TwoClips(model, cuts), clips(6)
    labels = predicted(victim, pixels)
    outcomes = saliency_class(Linf(EPS), level='video')(victim, pixels, labels)
    for clip, label, outcome in zip(pixels, labels, outcomes, strict=True):
        found, costs, fooled, done = clip.clone(), 0, False, []
        for index, cut in enumerate(cuts):
            if fooled:
                break
            scores = lambda x, index=index: victim.scores(x, index)  # noqa: E731
            right = int(scores(found[None]).argmax()) == int(label)
            tried = []
            if right:
                frames = [t for t in range(*cut.indices(CLIP[1])) if t not in done]
                found, tried = by_the_book(scores, found, label, saliency_class.refresh, frames)
                done += tried
            costs += 1 + len(tried) + 1
            fooled = int(victim(found[None]).argmax()) != int(label)
        assert torch.equal(outcome.adversarial.double(), found)
        assert (outcome.success, outcome.forwards) == (fooled, costs)


@BOTH
def test_another_victim_decides_on_success(saliency_class):
    """Gradients of one net, the stopping test on another: as many queries as looks."""
    source, other, pixels = net(5.0), net(0.0), clips(6)
    success_victim = Recording(other)
    labels = predicted(success_victim, pixels)
    success_victim.seen.clear()
    outcomes = saliency_class(Linf(EPS))(
        FunctionVictim(source), pixels, labels, success_on=success_victim
    )
    # The harness's passes, and its second look at one clean clip, are no queries.
    assert (
        sum(len(batch) for batch in success_victim.seen)
        == 6 + sum(o.queries + 1 for o in outcomes) + 1
    )
    for label, outcome in zip(labels, outcomes, strict=True):
        fooled = int(other(outcome.adversarial[None].double()).argmax()) != int(label)
        assert outcome.success == fooled
        assert outcome.queries == outcome.frames
        assert outcome.forwards == (outcome.frames if saliency_class.refresh else 1)
        assert torch.equal(outcome.scores, other(outcome.adversarial[None].double())[0])
    assert any(o.success and o.frames < CLIP[1] for o in outcomes)


@BOTH
@pytest.mark.parametrize('lead', [0.0, 0.3])
def test_at_the_video_level_another_victim_decides_on_its_own_clips(saliency_class, lead):
    source, success_victim, pixels = TwoClips(net(5.0)), TwoClips(net(lead)), clips(6)
    labels = predicted(success_victim, pixels)
    attack = saliency_class(Linf(EPS), level='video')
    outcomes = attack(source, pixels, labels, success_on=success_victim)
    for clip, label, outcome in zip(pixels, labels, outcomes, strict=True):
        found, queries, fooled = clip.clone(), 0, False
        for index, cut in enumerate(CUTS):
            if fooled:
                break
            scores, asked = (
                functools.partial(v.scores, index=index) for v in (source, success_victim)
            )
            queries += 1
            if int(asked(found[None]).argmax()) == int(label):
                frames = range(*cut.indices(CLIP[1]))
                refresh = saliency_class.refresh
                found, tried = by_the_book(scores, found, label, refresh, frames, asked)
                queries += len(tried)
            queries += 1
            fooled = int(success_victim(found[None]).argmax()) != int(label)
        assert torch.equal(outcome.adversarial.double(), found)
        assert (outcome.success, outcome.queries) == (fooled, queries)
    assert len({o.queries for o in outcomes}) > 1


@pytest.mark.parametrize('inner', [IterativeSaliency(), IterativeSaliencyRG()])
def test_an_attack_that_goes_by_frames_is_no_inner_one(inner):
    with pytest.raises(ValueError, match='inner must be an attack or its config, none that goes'):
        IterativeSaliency(inner=inner)


@BOTH
def test_inner_attack_decides_how_a_frame_is_changed(saliency_class):
    """PGD in frame after frame does what the step does; noise does next to nothing."""
    victim, pixels = FunctionVictim(net(5.0)), clips(3)
    labels = predicted(victim, pixels)
    clean = victim(pixels).detach()
    drops = {}
    inners = {'step': None, 'pgd': PGD(steps=8, step_size=0.5), 'noise': RandomNoise()}
    for name, inner in inners.items():
        outcomes = saliency_class(Linf(EPS), inner=inner)(victim, pixels, labels)
        assert {outcome.frames for outcome in outcomes} == {CLIP[1]}
        assert {outcome.linf for outcome in outcomes} == {EPS}
        after = torch.stack([outcome.scores for outcome in outcomes])
        drops[name] = (clean - after).gather(1, labels[:, None]).mean()
    assert drops['pgd'] > 0.95 * drops['step']
    assert drops['noise'] < 0.2 * drops['step']


@BOTH
def test_inner_attack_on_a_linear_victim_is_the_step(saliency_class):
    """FGSM of one free frame of a linear victim is the paper's step."""
    victim, pixels = FunctionVictim(net(0.6, Linear)), clips(4)
    labels = predicted(victim, pixels)
    found = [
        saliency_class(Linf(EPS), Misclassify('logit'), inner=inner)(victim, pixels, labels)
        for inner in (None, OneShot())
    ]
    for one, other in zip(*found, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)


class ToyFlow(FlowEstimator):
    """Differentiable, and counts the pairs it computes."""

    differentiable = True
    pairs_seen = 0

    def estimate(self, first, second):
        self.pairs_seen += len(first)
        x = (first - second).sin() * (second / 50).cos()
        return torch.stack([x[:, 0] + x[:, 1], x[:, 2] * x[:, 0]], dim=1)


class FlowVictim(FunctionVictim):
    """Scores from the flow of the clip alone."""

    def __init__(self, reuse):
        super().__init__(torch.nn.Identity())
        self.flow, self.reuse = ToyFlow(), reuse
        weights = random_weights()[:, :2, : CLIP[1] - 1]
        self.weights = 300 * weights.transpose(1, 2)

    def __call__(self, pixels):
        flow = self.flow(pixels.transpose(1, 2))
        return (flow[:, None] * self.weights).flatten(2).sum(dim=2)

    def incremental(self):
        return self.flow.incremental() if self.reuse else super().incremental()


@BOTH
def test_saliency_through_flow_recomputes_only_what_a_frame_touches(saliency_class):
    pixels = clips(4)
    seen, outcomes = [], []
    for reuse in (False, True):
        victim = FlowVictim(reuse)
        labels = predicted(victim, pixels)
        victim.flow.pairs_seen = 0
        outcomes.append(saliency_class(Linf(EPS))(victim, pixels, labels))
        seen.append(victim.flow.pairs_seen)
        if reuse:
            tried = sum(outcome.frames for outcome in outcomes[-1])
            pairs = CLIP[1] - 1
            # Clean, first look, final check: all pairs, and one clip's again; each frame:
            # two at most.
            assert seen[1] <= pairs * (3 * len(pixels) + 1) + 2 * tried
    for one, other in zip(*outcomes, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert (one.forwards, one.backwards) == (other.forwards, other.backwards)
    assert seen[1] < seen[0]
