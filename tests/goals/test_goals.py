"""Every goal with every loss leads where it says: no sign may be wrong."""

import pytest
import torch

from mmrobust.functional.losses import LOSSES as EVERY
from mmrobust.goals import ClassGoal, LeastLikely, Misclassify, TargetClass
from mmrobust.registry import GOALS

CLASSES = (LeastLikely, Misclassify, TargetClass)
# Those of probabilities are not monotone in every score, and flat where one is sure; a ratio
# is not monotone in those that it is taken by, and has tests of its own.
OTHERS = ('probability_margin', 'runner_up', 'dlr')
LOSSES = [name for name in EVERY if name not in OTHERS]
K = 4
LABELS = torch.tensor([0, 3, 2])


def _outputs(seed=0):
    """Clean scores (N, K) under which the labels are right."""
    outputs = torch.randn(3, K, generator=torch.Generator().manual_seed(seed)).double()
    return outputs.scatter(1, LABELS[:, None], 3.0)


@pytest.fixture(params=[(goal, loss) for goal in CLASSES for loss in LOSSES], ids=str)
def bound(request):
    goal, loss = request.param
    return goal(loss=loss).bind(LABELS, _outputs())


def test_every_registered_goal_is_tested_here(bound):
    known = {name for name, cls in GOALS.everything().items() if issubclass(cls, ClassGoal)}
    assert {cls.__name__ for cls in CLASSES} == known


def test_finite_differences_point_to_success(bound):
    outputs, step = _outputs(), 1e-3
    start = bound.objective(outputs)
    for row in range(3):
        for column in range(K):
            nudged = outputs.clone()
            nudged[row, column] += step
            change = bound.objective(nudged) - start
            others = [i for i in range(3) if i != row]
            assert not change[others].any()
            helps = column == bound.facts.classes[row]
            if isinstance(bound.goal, Misclassify):
                helps = column != LABELS[row]
            # A score that speaks for the attacker never lowers the objective ...
            assert float(change[row]) * (1 if helps else -1) >= 0
            if column == bound.facts.classes[row]:
                # ... and that of the goal's own class always moves it.
                assert abs(float(change[row])) > 1e-2 * step


def test_ascent_reaches_success(bound):
    outputs = _outputs()
    assert not bound.success(outputs).any()
    assert bound.is_correct(outputs).all()
    for _ in range(100):
        leaf = outputs.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(bound.objective(leaf).sum(), leaf)
        outputs = outputs + 0.2 * gradient
    assert bound.success(outputs).all()
    assert not bound.is_correct(outputs).any()
    assert (bound.objective(outputs) > bound.objective(_outputs())).all()


@pytest.mark.parametrize('loss', LOSSES)
@pytest.mark.parametrize('goal', CLASSES)
def test_log_probabilities_lead_the_same_way(goal, loss):
    outputs = _outputs().log_softmax(dim=1)
    bound = goal(loss=loss).bind(LABELS, outputs)
    towards = outputs.scatter(1, ((LABELS + 1) % K)[:, None], 3.0)
    if isinstance(bound.goal, LeastLikely):
        towards = outputs.scatter(1, bound.facts.classes[:, None], 3.0)
    towards = towards.log_softmax(dim=1)
    assert bound.success(towards).all()
    assert (bound.objective(towards) > bound.objective(outputs)).all()


def test_classes_that_a_goal_speaks_of():
    outputs = _outputs()
    assert torch.equal(Misclassify().bind(LABELS, outputs).facts.classes, LABELS)
    assert TargetClass().bind(LABELS, outputs).facts.classes.tolist() == [1, 0, 3]
    assert TargetClass(target=1).bind(LABELS, outputs).facts.classes.tolist() == [1, 1, 1]
    least = outputs.numpy().argmin(axis=1).tolist()
    assert LeastLikely().bind(LABELS, outputs).facts.classes.tolist() == least


def test_success_by_example():
    outputs = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 5.0, 2.0]])
    labels = torch.tensor([0, 0, 0])
    misclassify = Misclassify().bind(labels, outputs)
    assert misclassify.success(outputs).tolist() == [False, True, True]
    target = TargetClass(target=2).bind(labels, outputs)
    assert target.success(outputs).tolist() == [False, True, False]
    assert target.is_correct(outputs).tolist() == [True, False, False]


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize('column', range(K))
def test_scores_that_are_not_finite_are_no_success(bound, value, column):
    outputs = _outputs().scatter(1, bound.facts.classes[:, None], 9.0)
    if isinstance(bound.goal, Misclassify):
        outputs = _outputs().scatter(1, LABELS[:, None], -9.0)
    assert bound.success(outputs).all()
    outputs[1, column] = value
    assert bound.success(outputs).tolist() == [True, False, True]
    clean = _outputs()
    clean[1, column] = value
    assert bound.is_correct(clean).tolist() == [True, False, True]


def test_select_keeps_rows_together(bound):
    rows = torch.tensor([2, 0])
    some, outputs = bound.select(rows), _outputs(seed=5)
    assert torch.equal(some.objective(outputs[rows]), bound.objective(outputs)[rows])
    assert torch.equal(some.is_correct(outputs[rows]), bound.is_correct(outputs)[rows])
    assert some.goal is bound.goal


def test_prediction_as_reference():
    outputs = _outputs()
    unknown = torch.full((3,), -1)
    goal = Misclassify(reference='prediction').bind(unknown, outputs)
    assert torch.equal(goal.facts.reference, LABELS)
    nxt = TargetClass(reference='prediction').bind(unknown, outputs)
    assert torch.equal(nxt.facts.classes, (LABELS + 1) % K)


def test_labels_are_not_written_to():
    labels = LABELS.to(torch.int32)
    Misclassify().bind(labels, _outputs())
    assert labels.dtype == torch.int32
    assert labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: Misclassify(loss='mse'), "loss must be one of .*margin.* got 'mse'"),
        (lambda: Misclassify(reference='me'), "reference must be label or prediction, got 'me'"),
        (lambda: TargetClass(target=-1), 'target must be a class index or "next", got -1'),
        (lambda: TargetClass(target='best'), 'target must be a class index or "next"'),
        (lambda: TargetClass(target=1.5), 'target must be a class index or "next", got 1.5'),
    ],
)
def test_bad_options_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ('goal', 'labels', 'message'),
    [
        (Misclassify(), [0, 4, 1], r'label must be one of the 4 classes, 0\.\.3 .*got 4'),
        (Misclassify(), [0, -1, 1], r'label must be one of the 4 classes.*got -1'),
        (TargetClass(target=4), [0, 1, 2], 'target must be below the 4 classes, got 4'),
        (TargetClass(target=1), [0, 1, 2], 'target must be different from the label.*got 1'),
    ],
)
def test_labels_and_targets_that_do_not_fit_are_refused(goal, labels, message):
    with pytest.raises(ValueError, match=message):
        goal.bind(torch.tensor(labels), _outputs())


@pytest.mark.parametrize('goal', [Misclassify('margin'), TargetClass('logit', target=2),
                                  LeastLikely(reference='prediction')])  # fmt: skip
def test_description_builds_the_same_goal(goal):
    assert GOALS.build(goal.describe()) == goal


@pytest.mark.parametrize('goal', CLASSES)
def test_probability_margin_rises_with_the_score_that_is_to_win(goal):
    bound = goal(loss='probability_margin').bind(LABELS, _outputs())
    nudged = _outputs()
    if goal is Misclassify:
        nudged = nudged.scatter_add(1, LABELS[:, None], torch.full((3, 1), -0.5).double())
    else:
        nudged = nudged.scatter_add(
            1, bound.facts.classes[:, None], torch.full((3, 1), 0.5).double()
        )
    assert (bound.objective(nudged) > bound.objective(_outputs())).all()
    assert (bound.objective(nudged).abs() <= 1).all()


def test_runner_up_is_for_untargeted_goals_and_leads_to_success():
    for goal in (LeastLikely, TargetClass):
        with pytest.raises(ValueError, match='loss must be a loss that speaks of the target class'):
            goal(loss='runner_up')
    outputs = _outputs()
    bound = Misclassify(loss='runner_up').bind(LABELS, outputs)
    for _ in range(400):
        leaf = outputs.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(bound.objective(leaf).sum(), leaf)
        outputs = outputs + gradient
    # It ends where the two best are level: nothing says which of them shall win.
    best = outputs.softmax(dim=1).topk(2, dim=1).values
    assert best[:, 1].min() > 0.35
    assert (bound.objective(outputs) > bound.objective(_outputs())).all()


def test_a_ratio_leads_to_any_wrong_class_and_to_candidates():
    bound = Misclassify(loss='dlr').bind(LABELS, _outputs())
    aims = [bound, *bound.candidates(_outputs(), 9)]
    assert len(aims) == K
    for aim in aims:
        outputs = _outputs()
        for _ in range(200):
            leaf = outputs.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(aim.objective(leaf).sum(), leaf)
            outputs = outputs + 0.2 * gradient
        assert bound.success(outputs).all()
        assert aim.success(outputs).all()
        assert (aim.objective(outputs) > aim.objective(_outputs())).all()


def test_candidates_are_the_likeliest_others_in_their_order():
    outputs = torch.tensor([[3.0, 1, 2, 0], [0, 1, 2, 3], [1, 2, 9, 3]]).double()
    bound = Misclassify().bind(LABELS, outputs)
    ranks = [aim.facts.classes.tolist() for aim in bound.candidates(outputs, 2)]
    assert ranks == [[2, 2, 3], [1, 1, 1]]
    some = bound.candidates(outputs, 2)[0].select(torch.tensor([2]))
    assert (some.facts.classes.tolist(), some.facts.reference.tolist()) == ([3], [2])


@pytest.mark.parametrize('loss', ['runner_up', 'dlr'])
def test_a_target_has_no_loss_that_does_not_lead_there(loss):
    with pytest.raises(ValueError, match='loss must be a loss that speaks of the target class'):
        TargetClass(loss=loss)
