"""The smallest perturbation: known on linear victims, and never claimed without a winner."""

import functools

import pytest
import torch
from borders import NET, WAY, gaps, leads, smallest, victim
from toys import ConvNet, Linear, clips, predicted, random_weights

from mmrobust.attacks.ddn import DDN
from mmrobust.attacks.deepfool import DeepFool
from mmrobust.attacks.fab import FAB
from mmrobust.attacks.fmn import FMN
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.threats import L2, FrameMask, Linf, PixelMask

SUPER = pytest.param(functools.partial(DeepFool, projection=True), id='SuperDeepFool')
EUCLIDEAN = [DDN, FMN, DeepFool, SUPER, FAB]


@pytest.mark.parametrize('cls', EUCLIDEAN)
@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass(), Misclassify('margin')])
def test_l2_is_the_distance_from_the_border(cls, rounded, goal):
    pixels = clips(4)
    exact = gaps(NET, pixels) / WAY.norm()
    found = smallest(cls(threat=L2(1000), goal=goal), NET, pixels, rounded)
    assert (found >= exact * (1 - 1e-9)).all()
    # Whole levels are noise of about a quarter of a level in each value.
    assert (found <= exact * (1.02 if rounded else 1.01)).all()


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_l2_inside_a_mask_is_the_distance_there(cls):
    pixels = clips(3)
    threat = FrameMask(PixelMask(L2(2000), box=(1, 2, 6, 9)), frames=[1, 2, 4])
    exact = gaps(NET, pixels) / WAY[:, [1, 2, 4], 1:6, 2:9].norm()
    found = smallest(cls(threat=threat), NET, pixels, rounded=False)
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
    behind = gaps(net, pixels)
    assert (predicted(victim(net), pixels) == 0).all()
    exact = torch.tensor([_through_the_box(x, WAY, g) for x, g in zip(pixels, behind, strict=True)])
    free = behind / WAY.norm()
    assert (exact > 1.2 * free).all()
    found = smallest(cls(threat=L2(4000)), net, pixels, rounded=False)
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.03).all()


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_the_budget_is_where_it_gives_up(cls):
    target, pixels = victim(), clips(4)
    exact = (gaps(NET, pixels) / WAY.norm()).tolist()
    cap = sorted(exact)[1] * 1.2
    outcomes = cls(threat=L2(cap))(target, pixels, predicted(target, pixels))
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
    target, pixels = victim(), clips(2)
    for outcome in cls(threat=threat)(target, pixels, predicted(target, pixels)):
        assert (outcome.forwards, outcome.linf, outcome.measures) == (0, 0, {})


@pytest.mark.parametrize('cls', EUCLIDEAN)
def test_another_victim_decides(cls):
    # It needs a longer way than the one that gives the gradient.
    pixels, labels = clips(2), torch.zeros(2, dtype=torch.long)
    near, far = (
        Linear(random_weights(classes=2), leads(pixels) + torch.tensor([lead, 0]))
        for lead in (1.0, 2.0)
    )
    outcomes = cls(threat=L2(1000))(victim(near), pixels, labels, success_on=victim(far))
    for outcome, gap in zip(outcomes, gaps(far, pixels).tolist(), strict=True):
        assert outcome.success
        assert outcome.queries > 0
        assert outcome.measures['eps_star'] >= gap / float(WAY.norm()) * (1 - 1e-9)


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
    target = victim(Linear(random_weights(classes=2), torch.tensor([1e4, 0]).double()))
    for outcome in cls(threat=L2(100), steps=7)(target, clips(2), torch.zeros(2).long()):
        assert (outcome.forwards, outcome.backwards) == (8, 7)


@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()])
@pytest.mark.parametrize('cls', [FMN, FAB])
def test_linf_is_the_distance_from_the_border(cls, rounded, goal):
    pixels = clips(4)
    exact = gaps(NET, pixels) / WAY.abs().sum()
    found = smallest(cls(threat=Linf(16), goal=goal), NET, pixels, rounded)
    if rounded:
        assert torch.equal(found, exact.ceil())
        return
    assert (found >= exact * (1 - 1e-9)).all()
    assert (found <= exact * 1.01).all()


@pytest.mark.parametrize('cls', [FMN, FAB])
def test_linf_gives_up_at_the_budget(cls):
    target, pixels = victim(), clips(6)
    needed = (gaps(NET, pixels) / WAY.abs().sum()).ceil().tolist()
    cap = sorted(needed)[2]
    outcomes = cls(threat=Linf(cap + 0.5))(target, pixels, predicted(target, pixels))
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
    net = Flattening(random_weights(classes=2), leads(pixels) + torch.tensor([0.5, 0]))
    dual = WAY.norm() if isinstance(threat, L2) else WAY.abs().sum()
    exact = gaps(Linear(net.weights.detach(), net.bias.detach()), pixels) / dual
    found = smallest(FMN(threat=threat, steps=steps), net, pixels, rounded=False)
    assert (found <= exact * 1.02).all()


@pytest.mark.parametrize('rounded', [False, True])
def test_ddn_and_fmn_agree_on_a_net(rounded):
    # Of the same loss: with cross-entropy all wrong classes pull, where none stands out.
    net, pixels, goal = ConvNet().double().eval(), clips(6), Misclassify('margin')
    one, other = (
        smallest(cls(threat=L2(2000), goal=goal), net, pixels, rounded) for cls in (DDN, FMN)
    )
    torch.testing.assert_close(one, other, rtol=0.05, atol=0)


@pytest.mark.parametrize('threat', [L2(1000), Linf(16)])
def test_fmn_shrinks_its_ball_itself(threat):
    pixels = clips(4)
    exact = gaps(NET, pixels) / (WAY.norm() if isinstance(threat, L2) else WAY.abs().sum())
    found = smallest(FMN(threat=threat, refinements=0), NET, pixels, rounded=False)
    assert (found <= exact * 1.005).all()


def test_whole_levels_are_tried_once_each():
    target, pixels = victim(), clips(6)
    for outcome in FMN(threat=Linf(16), steps=20)(target, pixels, predicted(target, pixels)):
        # 20 steps and the look at the last; then the levels below the winner by halves.
        assert outcome.forwards - 21 <= outcome.linf.as_integer_ratio()[0].bit_length()


@pytest.mark.parametrize('threat', [L2(4000), Linf(32)])
def test_fmn_goes_after_poses_too(threat):
    import mmrobust as mr
    from tests.conftest import ROOT

    config = ROOT / 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'
    demo = mr.load_victim(config, ROOT / 'mmrobust/resources/demo_pose_victim.pth')
    pictures = torch.randint(256, (1, 3, 80, 64), generator=torch.Generator().manual_seed(0))
    (outcome,) = FMN(threat=threat, steps=15)(demo, pictures.float())
    assert outcome.success
    assert 0 < outcome.measures['eps_star'] < threat.eps
