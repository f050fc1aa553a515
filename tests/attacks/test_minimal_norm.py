"""The smallest perturbation: known on linear victims, and never claimed without a winner."""

import functools

import pytest
import torch
from toys import ConvNet, Linear, clips, predicted, random_weights

from mmrobust.attacks.ddn import DDN
from mmrobust.attacks.deepfool import DeepFool
from mmrobust.attacks.fmn import FMN
from mmrobust.goals import CorruptPose, Misclassify, TargetClass
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim

NET = Linear(random_weights(classes=2))
WAY = (NET.weights[1] - NET.weights[0]).detach()
SUPER = pytest.param(functools.partial(DeepFool, projection=True), id='SuperDeepFool')
EUCLIDEAN = [DDN, FMN, DeepFool, SUPER]


def _victim(net=NET, rounded=True):
    return FunctionVictim(net, dtype=torch.uint8 if rounded else torch.float64)


def _gaps(net, pixels):
    """How far the first of two classes leads the other, or trails it (N,)."""
    with torch.no_grad():
        scores = net(pixels)
    return (scores[:, 0] - scores[:, 1]).abs()


def _smallest(attack, net, pixels, rounded=True):
    """``eps_star`` (N,) of clips that all are fooled, which is what their pixels say."""
    victim = _victim(net, rounded)
    outcomes = attack(victim, pixels, predicted(victim, pixels))
    for outcome, clean in zip(outcomes, pixels, strict=True):
        delta = outcome.adversarial.double() - clean
        euclidean = isinstance(attack.threat, L2 | FrameMask | PixelMask)
        size = delta.norm() if euclidean else delta.abs().max()
        assert outcome.success
        assert outcome.measures['eps_star'] == pytest.approx(float(size), rel=1e-6)
    return torch.tensor([outcome.measures['eps_star'] for outcome in outcomes]).double()


@pytest.mark.parametrize('cls', EUCLIDEAN)
@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass(), Misclassify('margin')])
def test_l2_is_the_distance_from_the_border(cls, rounded, goal):
    pixels = clips(4)
    exact = _gaps(NET, pixels) / WAY.norm()
    found = _smallest(cls(threat=L2(1000), goal=goal), NET, pixels, rounded)
    assert (found >= exact * (1 - 1e-9)).all()
    # Whole levels are noise of about a quarter of a level in each value.
    assert (found <= exact * (1.02 if rounded else 1.01)).all()


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_l2_inside_a_mask_is_the_distance_there(cls):
    pixels = clips(3)
    threat = FrameMask(PixelMask(L2(2000), box=(1, 2, 6, 9)), frames=[1, 2, 4])
    exact = _gaps(NET, pixels) / WAY[:, [1, 2, 4], 1:6, 2:9].norm()
    found = _smallest(cls(threat=threat), NET, pixels, rounded=False)
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.01).all()


def _through_the_box(pixels, way, gap):
    """Length of the shortest change inside 0..255 that gains ``gap``, by bisection."""
    low, high = 0.0, 1e7
    for _ in range(100):
        middle = (low + high) / 2
        delta = (pixels + middle * way).clamp(0, 255) - pixels
        low, high = (middle, high) if (way * delta).sum() < gap else (low, middle)
    return float(((pixels + high * way).clamp(0, 255) - pixels).norm())


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_the_box_is_part_of_the_problem(cls):
    # Every other value stands at the end of its range where the way leads out of it.
    pixels = clips(3, low=0, high=256)
    ends = torch.where(WAY > 0, 255.0, 0.0).double()
    pixels[..., ::2] = ends[..., ::2]
    with torch.no_grad():
        scores = NET(pixels)
    net = Linear(random_weights(classes=2), (scores.mean(dim=0).flip(0) + torch.tensor([4.0, 0])))
    gaps = _gaps(net, pixels)
    assert (predicted(_victim(net), pixels) == 0).all()
    exact = torch.tensor([_through_the_box(x, WAY, g) for x, g in zip(pixels, gaps, strict=True)])
    free = gaps / WAY.norm()
    assert (exact > 1.2 * free).all()
    found = _smallest(cls(threat=L2(4000)), net, pixels, rounded=False)
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.03).all()


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_the_budget_is_where_it_gives_up(cls):
    victim, pixels = _victim(), clips(4)
    exact = (_gaps(NET, pixels) / WAY.norm()).tolist()
    cap = sorted(exact)[1] * 1.2
    outcomes = cls(threat=L2(cap))(victim, pixels, predicted(victim, pixels))
    assert {outcome.success for outcome in outcomes} == {True, False}
    for outcome, needed in zip(outcomes, exact, strict=True):
        assert outcome.success == (needed < cap)
        assert ('eps_star' in outcome.measures) == outcome.success
        # The best that was tried goes most of the way.
        assert outcome.l2 <= cap
        assert outcome.success or outcome.l2 > 0.9 * cap


@pytest.mark.parametrize('cls', EUCLIDEAN)
@pytest.mark.parametrize('threat', [L2(0.99), L2(0)])
def test_below_the_least_step_nobody_is_asked(cls, threat):
    victim, pixels = _victim(), clips(2)
    for outcome in cls(threat=threat)(victim, pixels, predicted(victim, pixels)):
        assert (outcome.forwards, outcome.linf, outcome.measures) == (0, 0, {})


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_another_victim_decides(cls):
    # It needs a longer way than the one that gives the gradient.
    pixels, labels = clips(2), torch.zeros(2, dtype=torch.long)
    near, far = (
        Linear(random_weights(classes=2), _leads(pixels) + torch.tensor([lead, 0]))
        for lead in (1.0, 2.0)
    )
    outcomes = cls(threat=L2(1000))(_victim(near), pixels, labels, success_on=_victim(far))
    for outcome, gap in zip(outcomes, _gaps(far, pixels).tolist(), strict=True):
        assert outcome.success
        assert outcome.queries > 0
        assert outcome.measures['eps_star'] >= gap / float(WAY.norm()) * (1 - 1e-9)


def _leads(pixels):
    """A bias under which the mean clip stands on the border, and none behind it."""
    with torch.no_grad():
        scores = NET(pixels)
    return torch.stack([(scores[:, 1] - scores[:, 0]).max(), torch.zeros(()).double()])


@pytest.mark.parametrize('cls', [DDN, DeepFool])
@pytest.mark.parametrize('threat', [Linf(8), FrameMask(Linf(8), frames=[1])])
def test_other_norms_are_refused(cls, threat):
    with pytest.raises(ValueError, match=rf'L2.* for {cls.__name__}, got .*Linf\(eps=8') as error:
        cls(threat=threat)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'steps': 0}, 'steps must be a whole number >= 1'),
        ({'refinements': -1}, 'refinements must be a whole number >= 0'),
        ({'step_size': 0.0}, 'step_size must be a finite number > 0'),
        ({'change': 1.0}, r'change must be a number in \(0, 1\)'),
    ],
)
@pytest.mark.parametrize('cls', [DDN, FMN])
def test_options_are_checked(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


@pytest.mark.parametrize('cls', [DDN, FMN])
def test_costs_are_the_steps_and_one_look(cls):
    # Nobody wins: class 0 is far ahead.
    victim = _victim(Linear(random_weights(classes=2), torch.tensor([1e4, 0]).double()))
    for outcome in cls(threat=L2(100), steps=7)(victim, clips(2), torch.zeros(2).long()):
        assert (outcome.forwards, outcome.backwards) == (8, 7)


@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()])
def test_linf_is_the_distance_from_the_border(rounded, goal):
    pixels = clips(4)
    exact = _gaps(NET, pixels) / WAY.abs().sum()
    found = _smallest(FMN(threat=Linf(16), goal=goal), NET, pixels, rounded)
    if rounded:
        assert torch.equal(found, exact.ceil())
        return
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.01).all()


def test_linf_gives_up_at_the_budget():
    victim, pixels = _victim(), clips(6)
    needed = (_gaps(NET, pixels) / WAY.abs().sum()).ceil().tolist()
    cap = sorted(needed)[2]
    outcomes = FMN(threat=Linf(cap + 0.5))(victim, pixels, predicted(victim, pixels))
    assert {outcome.success for outcome in outcomes} == {True, False}
    for outcome, level in zip(outcomes, needed, strict=True):
        assert outcome.measures == ({'eps_star': level} if level <= cap else {})
        assert outcome.linf == min(level, cap)


class Flattening(Linear):
    """The lead falls ever slower towards the border: its tangent meets zero too early."""

    def forward(self, pixels):
        lead = super().forward(pixels)
        lead = (lead[:, 0] - lead[:, 1]).clamp(-20, 20)
        return torch.stack([lead.exp() - 1, torch.zeros_like(lead)], dim=1)


@pytest.mark.parametrize('threat', [L2(1000), Linf(16)])
@pytest.mark.parametrize('steps', [10, 100])
def test_fmn_crosses_where_the_loss_is_concave(threat, steps):
    pixels = clips(4)
    net = Flattening(random_weights(classes=2), _leads(pixels) + torch.tensor([0.5, 0]))
    dual = WAY.norm() if isinstance(threat, L2) else WAY.abs().sum()
    exact = _gaps(Linear(net.weights.detach(), net.bias.detach()), pixels) / dual
    found = _smallest(FMN(threat=threat, steps=steps), net, pixels, rounded=False)
    assert (found <= exact * 1.02).all()


@pytest.mark.parametrize('rounded', [False, True])
def test_ddn_and_fmn_agree_on_a_net(rounded):
    # Of the same loss: with cross-entropy all wrong classes pull, where none stands out.
    net, pixels, goal = ConvNet().double().eval(), clips(6), Misclassify('margin')
    one, other = (
        _smallest(cls(threat=L2(2000), goal=goal), net, pixels, rounded) for cls in (DDN, FMN)
    )
    torch.testing.assert_close(one, other, rtol=0.05, atol=0)


@pytest.mark.parametrize('projection', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass(target=1), TargetClass(target=2)])
def test_deepfool_crosses_the_nearer_border_or_the_targets(projection, goal):
    # Class 1 is behind by less, class 2 is nearer: its normal is longer.
    ways = random_weights(classes=2, seed=7) * torch.tensor([1.0, 3.0])[:, None, None, None, None]
    net, gaps = Linear(torch.cat([0 * ways[:1], ways])), torch.tensor([2.0, 3.0]).double()
    pixels, flat = clips(3), ways.flatten(1)
    with torch.no_grad():
        moves = (-gaps - net(pixels)[:, 1:]) @ torch.linalg.pinv(flat).T
    pixels = pixels + moves.reshape(pixels.shape)
    torch.testing.assert_close(net(pixels).detach()[:, 1:], -gaps.expand(3, 2))
    nearer = float(gaps[1] / flat[1].norm())
    assert nearer < 0.6 * float(gaps[0] / flat[0].norm())
    attack = DeepFool(threat=L2(4000), goal=goal, projection=projection)
    victim = _victim(net, rounded=False)
    outcomes = attack(victim, pixels, torch.zeros(3, dtype=torch.long))
    aimed = goal.target if isinstance(goal, TargetClass) else 2
    for outcome in outcomes:
        assert int(outcome.scores.argmax()) == aimed
        found = outcome.measures['eps_star']
        assert found == pytest.approx(nearer, rel=0.01) if aimed == 2 else found > 1.5 * nearer


def test_candidates_of_deepfool_are_those_of_the_largest_scores():
    victim = FunctionVictim(Linear(random_weights(), torch.tensor([30.0, 0, 0, 0]).double()))
    costs = []
    for candidates in (1, 2, 9):
        attack = DeepFool(threat=L2(2000), steps=1, candidates=candidates)
        outcomes = attack(victim, clips(2), torch.zeros(2, dtype=torch.long))
        costs.append([outcome.backwards for outcome in outcomes])
    assert costs == [[1, 1], [2, 2], [3, 3]]


class Bent(Linear):
    """A border that is curved: what leads to it is not its normal."""

    def forward(self, pixels):
        across, along = super().forward(pixels).unbind(dim=1)
        lead = across + along.square() / 20
        return torch.stack([lead, torch.zeros_like(lead)], dim=1)


def test_projection_shortens_what_deepfool_finds():
    pixels, weights = clips(6), random_weights(classes=2)
    with torch.no_grad():
        scores = Linear(weights)(pixels)
    net = Bent(weights, torch.stack([-scores[:, 0].min() + 1, -scores[:, 1].mean() + 20]))
    plain, better, exact = (
        _smallest(attack, net, pixels, rounded=False)
        for attack in (
            DeepFool(threat=L2(6000)),
            DeepFool(threat=L2(6000), projection=True),
            FMN(threat=L2(6000), steps=300),
        )
    )
    assert (better <= plain * (1 + 1e-6)).all()
    assert (better < plain * 0.999).any()
    assert (exact <= better * 1.01).all()


def test_deepfool_finds_about_what_fmn_finds_on_a_net():
    net, pixels = ConvNet().double().eval(), clips(6)
    one, other = (_smallest(cls(threat=L2(2000)), net, pixels) for cls in (DeepFool, FMN))
    torch.testing.assert_close(one, other, rtol=0.1, atol=0)


def test_deepfool_refuses_what_is_no_goal_of_classes():
    with pytest.raises(ValueError, match=r'goal must be .* got CorruptPose') as error:
        DeepFool(goal=CorruptPose())
    assert '\n' not in str(error.value)
