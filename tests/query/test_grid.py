"""Query attacks on victims whose input is no clip of whole grey levels."""

import pytest
import torch

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.rays import RayS
from mmrobust.attacks.sign_hunter import SignHunter
from mmrobust.attacks.simba import SimBA
from mmrobust.attacks.square import Square
from mmrobust.estimators.nes import NES
from mmrobust.goals import CorruptPose
from mmrobust.query.black_box import BlackBox
from mmrobust.registry import ATTACKS
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.sparked import Sparked
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim
from tests.query.toys import clips, state

pytestmark = pytest.mark.sampled(4)

KINDS = [cls for cls in ATTACKS.everything().values() if issubclass(cls, QueryAttack)]
each = pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
# Grey levels 0..255 as numbers from -1 to 1.
LEVEL, N = 1 / 127.5, 6


def build(kind, threat, **options):
    # A length in grey levels is none of another input.
    own = {'step_unit': 'eps', 'step_size': 0.75} if kind is SimBA else {}
    return kind(threat, **kind.example | {'budget': 300} | own | options)


def scores(pixels):
    """Linear scores of clips or pictures in grey levels."""
    shape = (3, *pixels.shape[1:])
    generator = torch.Generator().manual_seed(11)
    weights = 1e-2 * torch.randn(shape, generator=generator).double()
    return ((pixels.double() - 128)[:, None] * weights).flatten(2).sum(dim=2)


def numbers(grid=None):
    """The same victim, of numbers from -1 to 1."""
    options = {'bounds': (-1.0, 1.0), 'dtype': torch.float64, 'grid': grid}
    return FunctionVictim(lambda x: scores((x + 1) / LEVEL), **options)


@each
def test_numbers_are_fooled_as_grey_levels_are(kind):
    pixels = clips(N)
    labels = scores(pixels).argmax(dim=1)
    grey = build(kind, Linf(4))(FunctionVictim(scores), pixels, labels)
    given = pixels * LEVEL - 1
    found = build(kind, Linf(4 * LEVEL))(numbers(LEVEL), given, labels)
    assert any(one.success for one in grey)
    assert [one.success for one in found] == [one.success for one in grey]
    assert [one.queries for one in found] == [one.queries for one in grey]
    for one, other in zip(found, grey, strict=True):
        assert one.adversarial.dtype == torch.float64
        # To one step: what lies half way between two is rounded either way.
        back = (one.adversarial + 1) / LEVEL
        torch.testing.assert_close(back, other.adversarial.double(), rtol=0, atol=1 + 1e-9)


@each
@pytest.mark.parametrize('threat', [Linf(4 * LEVEL), L2(0.5)], ids=['linf', 'l2'])
def test_without_a_grid_steps_are_64ths_of_the_full_change(kind, threat):
    given = clips(N) * LEVEL - 1
    victim = numbers()
    found = build(kind, threat)(victim, given, victim(given).argmax(dim=1))
    assert any(one.success for one in found)
    step = threat.eps / 64 / (1 if isinstance(threat, Linf) else given[0].numel() ** 0.5)
    for one, clean in zip(found, given, strict=True):
        steps = (one.adversarial - clean) / step
        inside = (one.adversarial > -1) & (one.adversarial < 1)
        torch.testing.assert_close(steps[inside], steps[inside].round(), rtol=0, atol=1e-6)
        assert float(threat.distance(one.adversarial[None], clean[None])) <= threat.eps * (1 + 1e-8)


@each
def test_a_black_box_keeps_what_kind_of_input_it_is(kind):
    given, victim = clips(2) * LEVEL - 1, numbers(LEVEL)
    labels = victim(given).argmax(dim=1)
    plain = build(kind, Linf(4 * LEVEL))(victim, given, labels)
    boxed = build(kind, Linf(4 * LEVEL))(BlackBox(victim), given, labels)
    for one, other in zip(boxed, plain, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)


@each
@pytest.mark.parametrize('grid', [None, LEVEL], ids=['any', 'grid'])
def test_a_budget_of_nothing_is_not_asked_about(kind, grid):
    given, victim = clips(2) * LEVEL - 1, numbers(grid)
    for threat in (Linf(0), *([] if grid is None else [Linf(0.9 * LEVEL), L2(0.9 * LEVEL)])):
        found = build(kind, threat)(victim, given, victim(given).argmax(dim=1))
        assert [(one.queries, one.flags) for one in found] == [(0, ('unchanged',))] * 2


@each
def test_a_picture_is_a_clip_of_one_frame(kind):
    pixels = clips(N)[:, :, :1]
    labels = scores(pixels).argmax(dim=1)
    # Scores of a picture as those of the clip: the weights are drawn in the same order.
    moving = build(kind, Linf(8))(FunctionVictim(scores), pixels, labels)
    still = build(kind, Linf(8))(FunctionVictim(scores), pixels[:, :, 0], labels)
    assert any(one.success for one in still)
    for one, other in zip(still, moving, strict=True):
        assert one.adversarial.shape == pixels.shape[1:2] + pixels.shape[3:]
        assert torch.equal(one.adversarial, other.adversarial[:, 0])
        assert (one.queries, one.success) == (other.queries, other.success)


def test_cosines_of_a_picture_are_those_of_its_clip():
    attack = SignHunter(Linf(8), budget=60, gradient_check=5)
    pixels = clips(2)[:, :, :1]
    labels = scores(pixels).argmax(dim=1)
    moving = attack(FunctionVictim(scores), pixels, labels)
    still = attack(FunctionVictim(scores), pixels[:, :, 0], labels)
    assert any('gradient_cosine' in one.measures for one in still)
    assert [one.measures for one in still] == [one.measures for one in moving]


@each
@pytest.mark.parametrize('shape', [(2, 17, 2), (2, 2, 3, 3, 4, 5)])
def test_other_layouts_are_refused_before_the_first_query(kind, shape):
    asked = []

    def victim(pixels):
        asked.append(len(pixels))
        return torch.stack([pixels.flatten(1).sum(dim=1), torch.zeros(len(pixels))], dim=1)

    rule = r'pixels must be clips \(N, C, T, H, W\) or pictures .* got \(2, '
    with pytest.raises(ValueError, match=rule):
        build(kind, Linf(4))(FunctionVictim(victim), torch.full(shape, 90.0), torch.zeros(2).long())
    assert len(asked) == 1  # the harness's clean pass


def test_a_range_without_ends_is_refused():
    victim = FunctionVictim(scores, bounds=(-torch.inf, torch.inf), dtype=torch.float64)
    labels = scores(clips(2)).argmax(dim=1)
    with pytest.raises(ValueError, match='bounds must be finite for a query attack'):
        RayS(Linf(4))(victim, clips(2), labels)


@pytest.mark.parametrize('kind', [RayS, Square, SignHunter, GradientEstimation])
def test_poses_are_refused_by_what_is_missing(kind):
    rule = f'{kind.__name__} needs a recogniser: .* got CorruptPose'
    with pytest.raises(ValueError, match=rule):
        kind(Linf(8), CorruptPose())


def test_motion_is_looked_for_in_grey_levels():
    seen = []

    class Spy(Sparked):
        def bind(self, pixels, starts=(0,)):
            seen.append(pixels)
            return MultiNoise().bind(pixels, starts)

    attack = GradientEstimation(Linf(4 * LEVEL), sampler=Spy(), estimator=NES(population=2))
    attack.budget = 3
    victim, pixels = numbers(LEVEL), clips(1)
    given = pixels * LEVEL - 1
    attack(victim, given, victim(given).argmax(dim=1))
    torch.testing.assert_close(seen[0], pixels[0])


def test_a_named_kind_of_scores_is_checked_though_labels_are_shown():
    victim, labels = FunctionVictim(scores), scores(clips(2)).argmax(dim=1)
    with pytest.raises(ValueError, match='victim outputs must be not negative'):
        RayS(Linf(4), scores='probabilities')(victim, clips(2), labels)
    shares = FunctionVictim(lambda x: scores(x).softmax(dim=1))
    named, guessed = (
        RayS(Linf(4), budget=50, scores=kind)(shares, clips(2), labels)
        for kind in ('probabilities', 'auto')
    )
    for one, other in zip(named, guessed, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert one.flags == other.flags


def test_a_search_cannot_stand_between_the_steps():
    one = state(clips(1)[0])
    with pytest.raises(ValueError, match='whole must be whole steps of the grid'):
        one.stand(one.clean + 0.5, torch.zeros(3))
    one.stand(one.clean + 1, torch.zeros(3))


@pytest.mark.parametrize('way', [-1, 1])
def test_a_search_may_stand_at_the_end_of_the_range_between_two_steps(way):
    one = state(torch.full((2, 3, 4, 5), 0.5, dtype=torch.float64), eps=0.6)
    one.bounds, one.grid = (0.0, 1.0), 0.3
    whole = one.rounded(one.clean + way)
    assert torch.equal(whole, torch.full_like(whole, max(way, 0)))
    one.stand(whole, torch.zeros(3))
    assert torch.equal(one.found, whole)


@pytest.mark.parametrize('level', [1, 0.01])
def test_a_small_budget_goes_to_values_that_it_moves_by_a_step(level):
    one = state(clips(1)[0])
    one.threat, one.grid = L2(5 * level), level
    # A step of 25 values can be paid, and of 120 a half, a quarter, ... are drawn.
    assert 3 <= int(one.changeable.sum()) <= 25
    moved = one.rounded(one.corner(torch.ones_like(one.clean))) - one.clean
    assert torch.equal(moved > 0.9 * level, one.changeable.bool())


def test_masks_hold_for_pictures_and_numbers():
    victim, given = numbers(LEVEL), clips(2) * LEVEL - 1
    attack = Square(FrameMask(Linf(4 * LEVEL), frames=[1]), budget=50)
    for one, clean in zip(attack(victim, given, victim(given).argmax(dim=1)), given, strict=True):
        assert torch.equal(one.adversarial[:, [0, 2]], clean[:, [0, 2]])
        assert one.linf > 0
    with pytest.raises(ValueError, match=r'pixels must be a clip \(N, C, T, H, W\)'):
        attack(victim, given[:, :, 0], torch.zeros(2, dtype=torch.long))
