"""Every query attack: the ledger, the budget, resuming, and what it may not do."""

import math

import pytest
import torch

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.sign_hunter import SignHunter
from mmrobust.attacks.simba import SimBA
from mmrobust.attacks.square import Region, Square
from mmrobust.estimators.nes import NES
from mmrobust.functional.cosine_basis import cosine_vector
from mmrobust.functional.losses import margin
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.query.black_box import BlackBox
from mmrobust.query.diagnosis import Course, GradientCheck
from mmrobust.registry import ATTACKS
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.one_noise import OneNoise
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim
from tests.query.toys import SHAPE, Counter, Log, clips, state

pytestmark = pytest.mark.sampled(3)

KINDS = [cls for cls in ATTACKS.everything().values() if issubclass(cls, QueryAttack)]
each = pytest.mark.parametrize('kind', KINDS, ids=lambda kind: kind.__name__)
SCORED = [cls for cls in KINDS if cls.access == 'scores']
scored = pytest.mark.parametrize('kind', SCORED, ids=lambda kind: kind.__name__)


def build(kind, threat=None, **options):
    return kind(threat or Linf(8), **kind.example | options)


def attacked(attack, victim, n, **options):
    pixels = clips(n)
    labels = victim(pixels).argmax(dim=1)
    victim.asked.zero_()
    victim.batches.clear()
    return attack(victim, pixels, labels, **options)


@each
@pytest.mark.parametrize('budget', [36, 57])
def test_the_ledger_is_exact(kind, budget):
    # Samples 0 to 2 resist to the end, the others may fall on the way.
    victim = Counter(5, lead=1.0)
    victim.weights[:3] *= 1e-3
    outcomes = attacked(build(kind, budget=budget), victim, 5)
    harness = [1 + outcome.attacked for outcome in outcomes]
    # The label of those that resist is the same wherever it is asked for.
    flat = ('flat_objective',) if kind.access == 'label' else ()
    for row, (outcome, asked, own) in enumerate(
        zip(outcomes, victim.asked.tolist(), harness, strict=True)
    ):
        assert outcome.queries == outcome.forwards == asked - own
        assert 0 < outcome.queries <= budget
        assert outcome.backwards == 0
        assert outcome.flags == (flat if row < 3 else ())
        assert outcome.timing['victim_seconds'] > 0
    assert not any(outcome.success for outcome in outcomes[:3])


@each
@pytest.mark.parametrize('threat', [Linf(0), Linf(0.9), L2(0.9)], ids=['nothing', 'linf', 'l2'])
def test_a_budget_below_one_grey_level_is_not_asked_about(kind, threat):
    victim = Counter(2)
    for outcome in attacked(build(kind, threat), victim, 2):
        assert (outcome.queries, outcome.linf, outcome.flags) == (0, 0, ('unchanged',))
    # The harness's two passes.
    assert victim.asked.tolist() == [2, 2]


@each
def test_the_budget_is_used_up_by_those_that_resist(kind):
    victim = Counter(3, lead=1e3)
    attack = build(kind, budget=50)
    for outcome in attacked(attack, victim, 3):
        assert not outcome.success
        assert 50 - attack.round_cost < outcome.queries <= 50


@each
def test_no_gradient_can_be_reached(kind):
    class Guard(Counter):
        def __call__(self, pixels):
            assert not torch.is_grad_enabled()
            assert not pixels.requires_grad
            return super().__call__(pixels)

    with torch.no_grad():
        attacked(build(kind), Guard(2), 2)


@each
@pytest.mark.parametrize('query_batch', [1, 5, 64])
def test_calls_hold_no_more_than_the_batch_and_results_do_not_change(kind, query_batch):
    victim = Counter(4)
    outcomes = attacked(build(kind, query_batch=query_batch), victim, 4)
    # The harness's own two passes hold all samples.
    assert max(victim.batches[1:-1]) <= query_batch
    usual = attacked(build(kind), Counter(4), 4)
    for one, other in zip(outcomes, usual, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert one.queries == other.queries


@each
def test_a_resumed_search_goes_on_with_the_count_it_had(kind):
    logs = [Log() for _ in range(3)]
    whole = attacked(build(kind), Counter(3), 3, answer_logs=logs)
    for kept in (0, 1, 7, 20):
        some = [Log() for _ in range(3)]
        for log, other in zip(some, logs, strict=True):
            log.rows = list(other.rows[:kept])
        victim = Counter(3)
        again = attacked(build(kind), victim, 3, answer_logs=some)
        for row, (one, other) in enumerate(zip(again, whole, strict=True)):
            assert torch.equal(one.adversarial, other.adversarial)
            assert (one.queries, one.forwards) == (other.queries, other.forwards)
            assert int(victim.asked[row]) == other.queries - min(kept, other.queries) + 2
            assert len(some[row].rows) == other.queries
            assert one.timing['asked'] == other.queries - min(kept, other.queries)


@pytest.mark.parametrize('kind', [SignHunter, SimBA, Square], ids=lambda kind: kind.__name__)
def test_a_step_that_gains_nothing_is_not_taken(kind):
    def flat(pixels):
        return 0 * pixels.flatten(1)[:, :3] + torch.tensor([1.0, 0.0, 0.0])

    labels = torch.zeros(2, dtype=torch.long)
    # The fewest queries, of which the first is where each of them begins.
    begun, went = (
        build(kind, budget=budget)(FunctionVictim(flat), clips(2), labels) for budget in (3, 40)
    )
    for one, other in zip(begun, went, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert (one.queries, other.queries) == (3, 40)


def test_simba_has_no_vectors_where_nothing_may_change():
    asked = set()

    def heard(pixels):
        assert pixels.isfinite().all()
        asked.update(tuple(clip.flatten().tolist()) for clip in pixels)
        return 0 * pixels.flatten(1)[:, :3] + torch.tensor([1.0, 0.0, 0.0])

    # The clip itself, and each value of the frame both ways.
    budget = 1 + 2 * SHAPE[0] * SHAPE[2] * SHAPE[3]
    attack = build(SimBA, FrameMask(Linf(8), [1]), basis='pixel', budget=budget)
    (outcome,) = attack(FunctionVictim(heard), clips(1), torch.zeros(1, dtype=torch.long))
    assert outcome.queries == len(asked) == budget


@each
@pytest.mark.parametrize('eps', [0.99, 1])
def test_a_budget_of_one_step_is_used(kind, eps):
    outcomes = attacked(build(kind, Linf(eps)), Counter(2, lead=50), 2)
    for outcome in outcomes:
        assert (outcome.queries > 0) == (eps == 1)
        assert outcome.linf == (eps == 1)


@each
def test_no_search_asks_beyond_the_range_of_values(kind):
    def inside(pixels):
        assert 0 <= float(pixels.min()) <= float(pixels.max()) <= 255
        return pixels.flatten(1)[:, :3] / 1e4 + torch.tensor([1.0, 0.0, 0.0])

    black_and_white = 255 * (clips(2) > 125).double()
    for outcome in build(kind)(FunctionVictim(inside), black_and_white, torch.zeros(2).long()):
        assert 30 < outcome.queries <= 36


@each
def test_a_victim_with_random_outputs_is_flagged(kind):
    generator = torch.Generator().manual_seed(0)
    # A label that is shown alone must change to be seen to.
    lead = torch.tensor([4.0 if kind.access == 'scores' else 0.5, 0, 0])

    def noisy(pixels):
        return torch.randn(len(pixels), 3, generator=generator) + lead

    pixels, labels = clips(4), torch.zeros(4, dtype=torch.long)
    outcomes = build(kind)(FunctionVictim(noisy), pixels, labels)
    assert any('random_outputs' in outcome.flags for outcome in outcomes)


@scored
@pytest.mark.parametrize('scores', ['auto', 'probabilities'])
def test_probabilities_lead_to_the_same_result_as_logits(kind, scores):
    logits = Counter(3)
    usual = attacked(build(kind), logits, 3)
    pixels = clips(3)
    labels = logits(pixels).argmax(dim=1)

    class Shares(Counter):
        def __call__(self, pixels):
            return super().__call__(pixels).softmax(dim=1)

    outcomes = build(kind, scores=scores)(Shares(3), pixels, labels)
    for one, other in zip(outcomes, usual, strict=True):
        assert one.success == other.success
        assert (one.adversarial.int() - other.adversarial.int()).abs().max() <= 1
        assert one.flags == (('probabilities_detected',) if scores == 'auto' else ())


@each
@pytest.mark.parametrize('access', ['label', 'scores'])
def test_a_victim_that_says_the_same_to_everything_is_flagged(kind, access):
    found = BlackBox(Counter(2, lead=1e3), access=access)
    outcomes = build(kind)(found, clips(2), torch.zeros(2, dtype=torch.long))
    for outcome in outcomes:
        assert ('flat_objective' in outcome.flags) == ('label' in (access, kind.access))


@each
def test_a_box_with_a_budget_must_have_a_query_for_the_last_check(kind):
    pixels, labels = clips(2), torch.zeros(2, dtype=torch.long)
    victim = Counter(2, lead=1e3)
    # The clean pass is one, the check of the result another.
    enough = BlackBox(victim, budget=36 + 2)
    outcomes = build(kind, budget=36)(enough, pixels, labels)
    assert [enough.left(row) for row in range(2)] == [36 - o.queries for o in outcomes]
    rule = r'budget must be less than what the black box has left, 36: .*, got 36'
    with pytest.raises(ValueError, match=rule):
        build(kind, budget=36)(BlackBox(victim, budget=37), pixels, labels)


@each
def test_what_a_given_box_finds_out_is_reported(kind):
    shares = FunctionVictim(lambda x: x.flatten(1)[:, :3].softmax(dim=1))
    pixels = clips(2)
    pixels[:, 0, 0, 0, :3] = torch.tensor([100.0, 99.0, 99.0])
    outcomes = build(kind)(BlackBox(shares), pixels, torch.zeros(2, dtype=torch.long))
    assert all('probabilities_detected' in outcome.flags for outcome in outcomes)


@each
def test_a_surrogate_is_refused(kind):
    victim, pixels = Counter(2, lead=9.0), clips(2)
    rule = 'surrogate must be none: a query attack takes no gradients, got .Counter.'
    with pytest.raises(ValueError, match=rule):
        build(kind)(victim, pixels, torch.zeros(2, dtype=torch.long), success_on=victim)


@pytest.mark.parametrize(
    ('kind', 'options', 'message'),
    [
        (Square, {'budget': 0}, 'budget must be a whole number >= 1, the cost of one round, got 0'),
        (SimBA, {'budget': 2}, 'budget must be a whole number >= 3'),
        (GradientEstimation, {'budget': 2}, 'budget must be a whole number >= 3'),
        (GradientEstimation, {'estimator': NES(), 'budget': 50}, 'a whole number >= 51'),
        (Square, {'query_batch': 0}, 'query_batch must be a whole number >= 1, got 0'),
        (Square, {'share': 0}, 'share must be above 0 and at most 1, got 0'),
        (Square, {'shape': 'cube'}, "shape must be frame or tube, got 'cube'"),
        (SimBA, {'basis': 'haar'}, "basis must be pixel or dct, got 'haar'"),
        (SimBA, {'step_size': 0}, 'step_size must be a finite number > 0, got 0'),
        (SignHunter, {'scores': 'odds'}, 'scores must be one of auto'),
        (Square, {'budget': True}, 'budget must be a whole number >= 1, .*, got True'),
        (Square, {'query_batch': True}, 'query_batch must be a whole number >= 1, got True'),
        (SignHunter, {'gradient_check': True}, 'gradient_check must be a whole number >= 0'),
        (SignHunter, {'gradient_check': -1}, 'gradient_check must be a whole number >= 0'),
    ],
)
def test_bad_options(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind(**options)


@pytest.mark.slow
@pytest.mark.parametrize(
    'options',
    [{}, {'sampler': OneNoise()}, {'estimator': NES()}],
    ids=['bandits', 'one noise', 'nes'],
)
@pytest.mark.parametrize('goal', [Misclassify('probability_margin'), TargetClass('margin')])
def test_gradient_estimation_climbs_a_linear_victim(options, goal):
    victim = Counter(3, lead=5.0, scale=1e-3)
    pixels, labels = clips(3), torch.zeros(3, dtype=torch.long)
    scores = victim(pixels)
    attack = GradientEstimation(
        Linf(8), goal=goal, budget=1500, gradient_check=1, **{'sampler': MultiNoise()} | options
    )
    outcomes = attack(victim, pixels, labels)
    after = torch.stack([outcome.scores for outcome in outcomes])
    gain = margin(after, labels) - margin(scores, labels)
    best = 8 * (victim.weights[:, 1:] - victim.weights[:, :1]).abs().flatten(2).sum(dim=2)
    if 'sampler' in options:
        # One noise frame for all sees the mean over frames alone.
        assert (gain > 0.15 * best.amax(dim=1)).all()
    elif goal.loss == 'margin':
        assert (gain > 0.3 * best[:, 0]).all()
    for outcome in outcomes:
        assert outcome.measures['gradient_cosine'] > 0.1


def test_the_gradient_check_is_not_counted_and_changes_nothing():
    plain = attacked(build(SignHunter), Counter(3, lead=1e3), 3)
    victim = Counter(3, lead=1e3)
    checked = attacked(build(SignHunter, gradient_check=2), victim, 3)
    for one, other in zip(plain, checked, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
        assert (one.queries, one.backwards) == (other.queries, 0)
        assert 'gradient_cosine' not in one.measures
        assert -1 <= other.measures['gradient_cosine'] <= 1
    assert victim.asked.sum() > sum(outcome.forwards + 2 for outcome in checked)


@pytest.mark.parametrize('every', [1, 2, 7])
def test_cosines_are_kept_with_the_queries_after_which_they_were_taken(every):
    whole = attacked(build(SignHunter, gradient_check=1), Counter(2, lead=1e3), 2)
    found = attacked(build(SignHunter, gradient_check=every), Counter(2, lead=1e3), 2)
    for one, other in zip(found, whole, strict=True):
        pairs = {k: v for k, v in one.measures.items() if '@' in k}
        # The first query is the corner that the search starts from; budget 36.
        assert list(pairs) == [f'gradient_cosine@{q}' for q in range(2, 37, every)]
        assert all(other.measures[name] == value for name, value in pairs.items())
        assert one.measures['gradient_cosine'] == pytest.approx(sum(pairs.values()) / len(pairs))


def test_a_resumed_run_has_the_same_cosines():
    logs = [Log(), Log()]
    attack = build(SignHunter, gradient_check=3)
    whole = attacked(attack, Counter(2, lead=1e3), 2, answer_logs=logs)
    for log in logs:
        log.rows = log.rows[:20]
    again = attacked(attack, Counter(2, lead=1e3), 2, answer_logs=logs)
    assert [one.measures for one in again] == [one.measures for one in whole]


@pytest.mark.parametrize('n', [1, 64, 65, 66, 129, 1000])
def test_a_course_keeps_few_pairs_evenly_and_the_mean_of_all(n):
    course = Course()
    for i in range(n):
        course.add(3 * i, i / 10)
    measures = course.measures
    kept = [int(name.split('@')[1]) for name in measures if '@' in name]
    assert len(kept) <= 64
    assert len(kept) > min(n, 64) / 2 or n == 1
    assert kept[0] == 0
    assert len({b - a for a, b in zip(kept, kept[1:], strict=False)}) <= 1
    assert all(measures[f'gradient_cosine@{q}'] == q / 30 for q in kept)
    assert measures['gradient_cosine'] == pytest.approx((n - 1) / 20)


@pytest.mark.parametrize('loss', ['logit', 'margin', 'cross_entropy'])
@pytest.mark.parametrize('probabilities', [False, True])
def test_the_gradient_checked_is_that_of_what_the_search_climbs(loss, probabilities):
    """It is shown log-probabilities: a perfect estimate has a cosine of one, whatever the loss."""
    weights = torch.randn(3, math.prod(SHAPE), generator=torch.Generator().manual_seed(2))

    def model(pixels):
        found = pixels.flatten(1) @ weights.double().T / 500
        return found.softmax(dim=1) if probabilities else found

    pixels = clips(1)
    label = model(pixels).argmax(dim=1)
    goal = Misclassify(loss=loss).bind(label, model(pixels))
    victim, seen = FunctionVictim(model), BlackBox(FunctionVictim(model))
    seen.detect(model(pixels))
    check = GradientCheck(victim, goal, 1, seen.shown)
    one = state(pixels[0], label=int(label), goal=Misclassify(loss=loss), eps=8)
    leaf = pixels.clone().requires_grad_()
    shown = model(leaf).log_softmax(1) if not probabilities else model(leaf).log()
    (one.estimate,) = torch.autograd.grad(goal.objective(shown).sum(), leaf)
    one.estimate, one.origin = one.estimate[0], pixels[0]
    check(0, one, 1)
    assert check.courses[0].total == pytest.approx(1, abs=1e-6)


def test_the_gradient_check_needs_a_gradient():
    black = BlackBox(FunctionVictim(lambda x: x.flatten(1)[:, :3].round()))
    attack = build(SignHunter, gradient_check=1)
    pixels = clips(1)
    with pytest.raises(ValueError, match='gradient_check must be a victim with gradients'):
        attack(black, pixels, black(pixels).argmax(dim=1))


def test_sign_hunter_finds_all_signs_of_a_linear_victim():
    # Each value's own flip comes in the last level: 120 values, all halvings before.
    victim = Counter(2, lead=1e3)
    attack = SignHunter(Linf(8), goal=Misclassify('margin'), budget=600)
    pixels = clips(2)
    victim.weights[:, 2], victim.lead[2] = 0, -1e6  # never the task-up
    outcomes = attack(victim, pixels, torch.zeros(2, dtype=torch.long))
    way = (victim.weights[:, 1] - victim.weights[:, 0]).sign()
    for outcome, clean, best in zip(outcomes, pixels, way, strict=True):
        assert torch.equal(outcome.adversarial.double() - clean, 8 * best)


def test_simba_with_pixels_goes_to_the_best_corner():
    victim = Counter(2, lead=1e3)
    victim.weights[:, 2], victim.lead[2] = 0, -1e6
    attack = SimBA(Linf(8), Misclassify('margin'), basis='pixel', step_size=1.0, budget=600)
    pixels = clips(2)
    outcomes = attack(victim, pixels, torch.zeros(2, dtype=torch.long))
    way = (victim.weights[:, 1] - victim.weights[:, 0]).sign()
    for outcome, clean, best in zip(outcomes, pixels, way, strict=True):
        assert torch.equal(outcome.adversarial.double() - clean, 8 * best)


def test_the_cosine_basis_is_orthonormal_and_scipys():
    fft = pytest.importorskip('scipy.fft')
    like = torch.zeros(SHAPE).double()
    vectors = [
        cosine_vector((t, h, w), c, like).flatten()
        for c in range(2)
        for t in range(3)
        for h in range(4)
        for w in range(5)
    ]
    basis = torch.stack(vectors)
    torch.testing.assert_close(basis @ basis.T, torch.eye(120).double())
    one = torch.zeros(3, 4, 5).double()
    one[1, 2, 3] = 1
    expected = torch.from_numpy(fft.idctn(one.numpy(), norm='ortho'))
    torch.testing.assert_close(cosine_vector((1, 2, 3), 0, like)[0], expected)


@pytest.mark.parametrize('shape', ['frame', 'tube'])
def test_a_square_changes_one_square_only(shape):
    attack, one = Square(shape=shape), state(clips(1)[0])
    before, region = torch.ones_like(one.clean), Region.of(one)
    seen = torch.zeros(SHAPE[1:], dtype=torch.bool)
    for _ in range(200):
        change = attack._with_square(before, 2, region, one) != before
        places = change.any(dim=0)
        seen |= places
        frames = places.flatten(1).any(dim=1)
        assert int(frames.sum()) == (1 if shape == 'frame' else SHAPE[1])
        rows, columns = places[frames.nonzero()[0, 0]].nonzero(as_tuple=True)
        assert (int(rows.max() - rows.min()), int(columns.max() - columns.min())) == (1, 1)
    assert seen.all(), 'every pixel must be within reach'


def test_squares_shrink_along_the_run():
    attack = Square(share=0.8, budget=1000)
    region = Region.of(state(torch.zeros(3, 2, 40, 40)))
    sides = [attack.side(index, region) for index in range(0, 1000, 50)]
    assert sides[0] == round((0.8 * 1600) ** 0.5)
    assert sides == sorted(sides, reverse=True)
    assert sides[-1] == round((0.8 / 512 * 1600) ** 0.5)


def masked(threat):
    one = state(clips(1)[0])
    one.threat = threat
    return one


def test_squares_lie_where_something_may_change():
    assert Region.of(masked(Linf(8))) == Region([0, 1, 2], 0, 0, 4, 5)
    assert Region.of(masked(FrameMask(Linf(8), frames=[2, 0]))) == Region([0, 2], 0, 0, 4, 5)
    boxed = masked(PixelMask(Linf(8), box=(1, 2, 3, 5)))
    assert Region.of(boxed) == Region([0, 1, 2], 1, 2, 2, 3)
    assert Square(share=1.0).side(0, Region.of(boxed)) == 2


THREATS = [
    Linf(8),
    L2(6.0),
    FrameMask(Linf(8), frames=[1]),
    PixelMask(Linf(8), box=(1, 1, 3, 3)),
]


@pytest.mark.parametrize('threat', THREATS, ids=lambda threat: type(threat).__name__)
@pytest.mark.parametrize('options', [{'shape': 'frame'}, {'shape': 'tube'}, None], ids=str)
def test_no_query_is_spent_on_the_clip_where_the_search_stands(threat, options):
    attack = SignHunter(threat) if options is None else Square(threat, share=0.5, **options)
    one = masked(threat)
    search, asked = attack.search(one), 0
    candidate = next(search)
    generator = torch.Generator().manual_seed(0)
    while asked < 200:
        answers = torch.randn(1, 3, generator=generator).double()
        answers[:, 0] += 50
        candidate = search.send(answers.log_softmax(dim=1))
        assert not torch.equal(candidate[0], one.found)
        asked += 1


@each
def test_a_small_l2_budget_is_spent_where_rounding_leaves_it(kind):
    victim = Counter(2, lead=1e3)
    for outcome in attacked(build(kind, L2(3.0)), victim, 2):
        assert 1 <= outcome.l2 <= 3.0


@each
def test_masked_frames_are_never_asked_about(kind):
    class Watching(Counter):
        def __call__(self, pixels):
            still = clips(2)[self.rows][:, :, [0, 2]]
            assert torch.equal(pixels[:, :, [0, 2]], still)
            return super().__call__(pixels)

    attacked(build(kind, FrameMask(Linf(8), frames=[1])), Watching(2, lead=1e3), 2)
