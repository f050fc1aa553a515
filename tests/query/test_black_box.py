"""A black box answers, counts, and gives nothing away."""

import pytest
import torch

from mmrobust.attacks.pgd import PGD
from mmrobust.query.black_box import BlackBox, BudgetSpentError, are_probabilities
from mmrobust.victims import FunctionVictim
from mmrobust.victims.counting import Counters, CountingVictim
from tests.conftest import ROOT
from tests.query.toys import Counter, clips


def box(victim, **options):
    return BlackBox(victim, **options)


def test_answers_are_the_victims_log_probabilities_without_a_gradient():
    victim, pixels = Counter(3), clips(3)
    answers = box(victim)(pixels.requires_grad_())
    assert not answers.requires_grad
    torch.testing.assert_close(answers, victim(pixels.detach()).log_softmax(dim=1))


def test_a_gradient_attack_cannot_use_it():
    victim, pixels = Counter(2, lead=9.0), clips(2)
    with pytest.raises(ValueError, match='victim must be differentiable in the pixels'):
        PGD()(box(victim), pixels, torch.zeros(2, dtype=torch.long))


def test_a_query_past_the_budget_is_not_run():
    victim, pixels = Counter(3), clips(3)
    limited = box(victim, budget=2)
    limited(pixels)
    some = torch.tensor([0, 2])
    limited.select(some)(pixels[some])
    assert victim.asked.tolist() == [2, 1, 2]
    with pytest.raises(BudgetSpentError, match='past the budget of 2'):
        limited(pixels)
    assert victim.asked.tolist() == [2, 1, 2], 'the whole call must be refused before it runs'
    assert [limited.left(row) for row in range(3)] == [0, 1, 0]
    one = torch.tensor([1])
    limited.select(one)(pixels[one])
    with pytest.raises(BudgetSpentError):
        limited.select(one)(pixels[one])


def test_a_sample_twice_in_a_call_counts_twice():
    victim, pixels = Counter(2), clips(2)
    limited = box(victim, budget=3)
    twice = torch.tensor([1, 1])
    limited.select(twice)(pixels[twice])
    assert [limited.left(row) for row in range(2)] == [3, 1]
    with pytest.raises(BudgetSpentError):
        limited.select(twice)(pixels[twice])
    assert victim.asked.tolist() == [0, 2]


def test_selections_of_selections_count_for_the_right_sample():
    victim, pixels = Counter(4), clips(4)
    outer = box(victim, budget=9)
    inner = outer.select(torch.tensor([3, 1])).select(torch.tensor([1, 1, 0]))
    inner(pixels[[1, 1, 3]])
    assert victim.asked.tolist() == [0, 2, 0, 1]
    assert [outer.left(row) for row in range(4)] == [9, 7, 9, 8]


def test_labels_alone_are_shown_as_one_class():
    victim, pixels = Counter(3), clips(3)
    scores = victim(pixels)
    answers = box(victim, access='label')(pixels)
    assert torch.equal(answers.argmax(1), scores.argmax(1))
    assert answers.sort(dim=1).values.tolist() == [[-100.0, -100.0, 0.0]] * 3


def test_a_label_that_is_not_known_is_not_made_up():
    table = torch.tensor([[0.0, torch.nan, 0.0], [1.0, torch.inf, 0.0], [-torch.inf, 1.0, 0.0]])
    answers = box(scores_of(table), access='label')(clips(3))
    # As of the harness, which takes no output with an infinity for a success.
    assert answers.isnan().all()


def test_a_label_is_that_of_the_numbers_themselves():
    # Next to one another after log_softmax; and no distributions after one that was.
    found = box(scores_of(torch.tensor([[1e-9, 2e-9, 0.0]])), access='label')
    assert found(clips(1)).argmax() == 1
    tables = iter([torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.7, 0.8, 0.0]])])
    found = box(FunctionVictim(lambda pixels: next(tables)), access='label')
    assert [int(found(clips(1)).argmax()) for _ in range(2)] == [0, 1]


def test_nothing_is_flagged_scores_that_are_not_shown():
    table = torch.tensor([[10.0, 60.0, 30.0]])
    found, plain = box(scores_of(table), access='label'), box(scores_of(table))
    found(clips(1)), plain(clips(1))
    assert (found.flags(0), plain.flags(0)) == (set(), {'scores_unclear'})


def test_the_example_of_the_page_runs():
    text = (ROOT / 'docs' / 'query_attacks.md').read_text(encoding='utf-8')
    (code,) = (part.split('```')[0] for part in text.split('```python\n')[1:])
    # Nothing is fooled: the whole budget is asked for, and the result checked once more.
    scope = {
        'service': lambda pixels: HELD.expand(len(pixels), 3).softmax(dim=1),
        'clips': clips(2),
        'labels': torch.zeros(2, dtype=torch.long),
    }
    exec(code.replace('5000', '50'), scope)
    assert [outcome.queries for outcome in scope['outcomes']] == [50, 50]


HELD = torch.tensor([5.0, 0.0, 0.0]).double()
PROBABILITIES = torch.tensor([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]])


def scores_of(table):
    return FunctionVictim(lambda pixels: table[: len(pixels)])


@pytest.mark.parametrize('scores', ['auto', 'probabilities'])
def test_probabilities_are_not_softmaxed_again(scores):
    answers = box(scores_of(PROBABILITIES), scores=scores)(clips(2))
    torch.testing.assert_close(answers.exp(), PROBABILITIES, atol=1e-6, rtol=0)


@pytest.mark.parametrize('scores', ['auto', 'log_probabilities', 'logits'])
def test_log_probabilities_stay_what_they_are(scores):
    table = PROBABILITIES[:1].log()
    answers = box(scores_of(table), scores=scores)(clips(1))
    torch.testing.assert_close(answers, table)


def test_what_was_detected_first_holds_to_the_end():
    tables = [torch.tensor([[2.0, -1.0, 0.5]]), PROBABILITIES[:1]]
    victim = FunctionVictim(lambda pixels: tables.pop(0))
    found = box(victim)
    found(clips(1))
    torch.testing.assert_close(found(clips(1)), PROBABILITIES[:1].log_softmax(dim=1))


@pytest.mark.parametrize(
    ('scores', 'table'),
    [
        ('probabilities', torch.tensor([[0.9, 0.9, 0.1]])),
        ('probabilities', torch.tensor([[1.3, -0.3, 0.0]])),
        ('log_probabilities', torch.tensor([[2.0, 1.0, 0.0]])),
    ],
)
def test_numbers_that_are_not_what_was_declared_are_refused(scores, table):
    with pytest.raises(ValueError, match='victim outputs must be not negative, with a sum of one'):
        box(scores_of(table), scores=scores)(clips(1))


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_broken_answer_does_not_decide_what_the_numbers_are(value):
    broken = torch.full((1, 3), value)
    tables = [broken, torch.cat([PROBABILITIES[:1], broken]), PROBABILITIES[:1]]
    found = box(FunctionVictim(lambda pixels: tables.pop(0)))
    assert found(clips(1)).isnan().any()
    for n in (2, 1):
        torch.testing.assert_close(found(clips(n))[:1].exp(), PROBABILITIES[:1])
    assert found.flags(0) == {'probabilities_detected'}


def test_a_broken_row_does_not_hide_what_is_wrong_with_another():
    table = torch.tensor([[float('nan'), 0.5, 0.5], [0.9, 0.9, 0.1]])
    with pytest.raises(ValueError, match='victim outputs must be not negative, with a sum of one'):
        box(scores_of(table), scores='probabilities')(clips(2))


@pytest.mark.parametrize(
    ('table', 'flags'),
    [
        (PROBABILITIES, {'probabilities_detected'}),
        (100 * PROBABILITIES, {'scores_unclear'}),
        (torch.tensor([[0.6, 0.2, 0.1]]), {'scores_unclear'}),
        (torch.tensor([[0.6, -0.2, 0.1]]), set()),
        (PROBABILITIES[:1].log(), set()),
    ],
    ids=['probabilities', 'percentages', 'the best classes alone', 'logits', 'log-probabilities'],
)
def test_numbers_that_may_be_anything_are_flagged(table, flags):
    found = box(scores_of(table))
    found(clips(len(table)))
    assert found.flags(0) == flags
    declared = box(scores_of(table), scores='logits')
    declared(clips(len(table)))
    assert declared.flags(0) == set()


def test_each_sample_is_flagged_by_its_own_numbers():
    """Whoever shares its batch; and it does not change with what comes later."""
    table = torch.tensor([[3.0, 1.0, 0.5], [3.0, -1.0, 0.5]])
    found = box(scores_of(table))
    found.detect(table)
    assert [found.flags(row) for row in (0, 1)] == [{'scores_unclear'}, set()]
    found(clips(2))
    found.select(torch.tensor([1]))(clips(1))
    assert [found.flags(row) for row in (0, 1)] == [{'scores_unclear'}, set()]
    assert found.select(torch.tensor([1, 0])).flags(0) == set()


def test_a_black_box_behind_another_counts_what_an_earlier_run_asked():
    outer = box(scores_of(PROBABILITIES), budget=40)
    inner = BlackBox(CountingVictim(outer, Counters(2), torch.arange(2)), budget=30)
    inner.select(torch.tensor([1])).replay(0, 20)
    assert [inner.left(row) for row in (0, 1)] == [30, 10]
    assert [outer.left(row) for row in (0, 1)] == [40, 20]


@pytest.mark.parametrize('scores', ['auto', 'probabilities'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_a_probability_of_nothing_is_a_very_small_one(scores, dtype):
    # Its logarithm would be no number that a search could climb.
    table = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], dtype=dtype)
    answers = box(scores_of(table), scores=scores)(clips(2))
    assert answers.isfinite().all()
    torch.testing.assert_close(answers.exp(), table.to(answers), rtol=0, atol=1e-6)
    assert float(answers[0, 1]) < -80


def test_numbers_without_classes_are_refused():
    with pytest.raises(ValueError, match=r'victim outputs must be scores \(N, K\), got \(2,\)'):
        box(FunctionVictim(lambda pixels: torch.ones(len(pixels))))(clips(2))


def test_what_is_left_for_all_samples():
    victim, pixels = Counter(3), clips(3)
    limited = box(victim, budget=9)
    assert limited.least_left == 9
    one = torch.tensor([1])
    limited.select(one)(pixels[one])
    assert limited.least_left == limited.select(one).least_left == 8
    assert limited.select(torch.tensor([0, 2])).least_left == 9
    assert box(victim).least_left == float('inf')


def test_nan_is_handed_on_for_the_harness_to_flag():
    table = torch.tensor([[float('nan'), 0.5, 0.5]])
    assert box(scores_of(table), scores='probabilities')(clips(1)).isnan().any()


def test_sums_may_be_off_by_rounding_only():
    assert are_probabilities(PROBABILITIES.half().float())
    assert not are_probabilities(PROBABILITIES * 1.01)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'budget': 0}, 'budget must be a whole number >= 1, got 0'),
        ({'budget': True}, 'budget must be a whole number >= 1, got True'),
        ({'access': 'all'}, "access must be scores or label, got 'all'"),
        ({'scores': 'odds'}, "scores must be one of auto, .*, got 'odds'"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        box(Counter(1), **options)
