"""An ensemble is as strong as its members together, and none of them sees the others."""

from dataclasses import dataclass

import pytest
import torch
from toys import ConvNet, Linear, PerClip, clips, predicted, random_weights

from mmrobust.attacks.apgd import APGD
from mmrobust.attacks.fmn import FMN
from mmrobust.attacks.members import PRESETS, preset_members
from mmrobust.attacks.outcome import Outcome
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.worst_case import WorstCase
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.registry import ATTACKS
from mmrobust.threats import L2, FrameMask, Linf, Threat
from mmrobust.victims import FunctionVictim
from mmrobust.victims.counting import Counters, CountingVictim

MEMBERS = [
    {'type': 'PGD', 'name': 'some', 'steps': 3, 'loss': 'margin'},
    {'type': 'FGSM', 'name': 'one'},
    {'type': 'APGD', 'name': 'auto', 'steps': 10, 'loss': 'margin'},
]
SEEDS = list(range(20, 32))


def _scene(n=12):
    victim, pixels = PerClip.of(n), clips(n, seed=5)
    return victim, pixels, predicted(victim, pixels)


def _fallen(outcomes: list[Outcome]) -> list[bool]:
    return [outcome.success for outcome in outcomes]


def test_it_breaks_what_any_member_breaks_and_says_which_did():
    victim, pixels, labels = _scene()
    together = WorstCase(threat=Linf(1), members=MEMBERS)(victim, pixels, labels, seeds=SEEDS)
    alone = {}
    for member in MEMBERS:
        one = WorstCase(threat=Linf(1), members=[member])
        alone[member['name']] = _fallen(one(victim, pixels, labels, seeds=SEEDS))
    assert len({tuple(fallen) for fallen in alone.values()}) == len(MEMBERS)
    for row, outcome in enumerate(together):
        first = next((name for name in alone if alone[name][row]), None)
        assert outcome.notes.get('broken_by') == first
        assert outcome.success == (first is not None)
    assert 0 < sum(_fallen(together)) < len(together)


def test_order_and_number_of_members_change_no_ones_fate():
    victim, pixels, labels = _scene()
    straight, back = (
        WorstCase(threat=Linf(1), members=members)(victim, pixels, labels, seeds=SEEDS)
        for members in (MEMBERS, MEMBERS[::-1])
    )
    assert _fallen(straight) == _fallen(back)


def test_a_batch_gets_what_its_clips_get_alone():
    victim, pixels, labels = _scene()
    attack = WorstCase(threat=Linf(1), members=MEMBERS)
    together = attack(victim, pixels, labels, seeds=SEEDS)
    for row, outcome in enumerate(together):
        one = torch.tensor([row])
        (alone,) = attack(victim.select(one), pixels[one], labels[one], seeds=[SEEDS[row]])
        assert torch.equal(alone.adversarial, outcome.adversarial)
        assert (alone.notes, alone.measures) == (outcome.notes, outcome.measures)


def test_a_sample_leaves_as_soon_as_it_falls():
    victim, pixels, labels = _scene()
    outcomes = WorstCase(threat=Linf(1), members=MEMBERS)(victim, pixels, labels, seeds=SEEDS)
    for outcome in outcomes:
        names = [name.removeprefix('calls.') for name in outcome.measures if name != 'checks']
        assert ('checks' in outcome.measures) == (not outcome.success)
        last = outcome.notes.get('broken_by', 'auto')
        assert names == [one['name'] for one in MEMBERS][: len(names)]
        assert names[-1] == last
        spent = sum(calls for name, calls in outcome.measures.items() if name != 'checks')
        assert spent == outcome.forwards + outcome.backwards


def test_what_stays_keeps_the_point_of_the_largest_objective():
    victim = FunctionVictim(Linear(random_weights(), torch.tensor([99.0, 0, 0, 0])))
    pixels = clips(3)
    labels = predicted(victim, pixels)
    far = {'type': 'PGD', 'name': 'far', 'steps': 1, 'step_size': 1.0, 'random_start': False}
    near = {'type': 'RandomNoise', 'name': 'near'}
    goal = Misclassify(loss='margin')
    for members in ([far, near], [near, far]):
        outcomes = WorstCase(threat=Linf(3), goal=goal, members=members)(victim, pixels, labels)
        alone = PGD(Linf(3), goal, steps=1, step_size=1.0, random_start=False)(
            victim, pixels, labels
        )
        for one, other in zip(outcomes, alone, strict=True):
            assert not one.success
            assert torch.equal(one.adversarial, other.adversarial)


@pytest.mark.parametrize('classes', [2, 3, 4, 12])
def test_presets_cost_what_they_say(classes):
    victim = FunctionVictim(Linear(random_weights(classes), torch.eye(classes)[0] * 1e4))
    pixels = clips(1)
    labels = predicted(victim, pixels)
    few, nine = min(2, classes - 1), min(9, classes - 1)
    quick = 42 + 42 * few + 1 + 1
    standard = quick + 202 + 202 * nine + 1 + 501
    found = []
    for preset, cost in (('quick', quick), ('standard', standard)):
        (outcome,) = WorstCase(threat=Linf(1), preset=preset)(victim, pixels, labels)
        assert not outcome.success
        # Checks are no part of it.
        assert outcome.measures['checks'] == 64
        assert outcome.forwards + outcome.backwards == cost
        found.append([name for name in outcome.measures if name != 'checks'])
    assert found[1][: len(found[0])] == found[0]
    if classes == 12:
        assert (quick, standard) == (128, 2650)


def test_presets_are_nested():
    goal = Misclassify().bind(torch.tensor([0]), torch.randn(1, 12))
    lists = [preset_members(preset, goal, queries=True, norm=True) for preset in PRESETS]
    for shorter, longer in zip(lists, lists[1:], strict=False):
        assert longer[: len(shorter)] == shorter
        assert len(longer) > len(shorter)


@pytest.mark.parametrize('threat', [Linf(2), L2(60)], ids=['linf', 'l2'])
@pytest.mark.parametrize('goal', [Misclassify(), TargetClass()], ids=['any', 'target'])
def test_the_standard_preset_runs_with_goals_and_threats(threat, goal):
    victim = FunctionVictim(ConvNet().eval())
    pixels = clips(2).float()
    outcomes = WorstCase(threat=threat, goal=goal)(victim, pixels, predicted(victim, pixels))
    assert all(outcome.flags == () for outcome in outcomes)
    assert all('calls.apgd-cross_entropy-20' in outcome.measures for outcome in outcomes)


def test_a_judge_leaves_the_search_out_and_says_so():
    victim, judge = FunctionVictim(ConvNet().eval()), FunctionVictim(ConvNet(seed=1).eval())
    pixels = clips(2).float()
    labels = predicted(judge, pixels)
    outcomes = WorstCase(threat=Linf(0))(victim, pixels, labels, success_on=judge)
    for outcome in outcomes:
        assert 'members_skipped' in outcome.flags
        assert not any('square' in name for name in outcome.measures)
        assert outcome.queries > 0


@dataclass(frozen=True)
class Own(Threat):
    """A norm that no attack knows."""

    eps: float = 1.0

    def random(self, pixels, rng):
        return pixels

    def steepest(self, gradient):
        return gradient.sign()

    def project(self, candidate, pixels):
        return Linf(self.eps).project(candidate, pixels)

    def quantize(self, candidate, pixels):
        return Linf(self.eps).quantize(candidate, pixels)

    def distance(self, candidate, pixels):
        return Linf(self.eps).distance(candidate, pixels)


@pytest.mark.parametrize(('threat', 'known'), [(Own(), False), (FrameMask(L2(60)), True)])
def test_a_norm_of_ones_own_leaves_fab_out_and_says_so(threat, known):
    pixels, counters = clips(1).float(), Counters(1)
    victim = CountingVictim(FunctionVictim(ConvNet().eval()), counters, torch.arange(1))
    goal = Misclassify().bind(torch.zeros(1).long(), torch.randn(1, 4))
    attack = WorstCase(threat=threat, preset='thorough')
    names = [member.name for member in attack._chosen(victim, pixels, goal)]
    assert ('fab-t9-100' in names) == known
    assert counters.flags == [set() if known else {'members_skipped'}]


def test_streams_of_a_member_do_not_depend_on_what_was_drawn():
    seen = []

    class Peek(APGD):
        def run(self, victim: CountingVictim, pixels, goal, rng):
            seen.append(rng.uniform_like(pixels[:, :1, 0, 0, 0]))
            return pixels

    victim, pixels, labels = _scene(2)
    noise = {'type': 'RandomNoise', 'name': 'noise'}
    peek = {'type': Peek, 'name': 'peek', 'steps': 1}
    for members in ([peek], [noise, peek]):
        WorstCase(threat=Linf(0), members=members)(victim, pixels, labels)
    other = {**peek, 'name': 'other'}
    WorstCase(threat=Linf(0), members=[other])(victim, pixels, labels)
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0][0], seen[0][1])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'preset': 'slow'}, 'preset must be one of quick, standard, thorough'),
        ({'members': []}, 'members must be a list of at least one'),
        ({'members': [{'type': 'PGD', 'threat': {}}]}, r'members\[0\] must be without threat'),
        ({'members': [{'type': 'PGD'}, {'type': 'PGD'}]}, r'members\[1\].name must be another'),
        ({'members': [{'type': 'PGX'}]}, r'members\[0\] \(PGX\): unknown attack'),
        ({'members': [{'type': 'PGD', 'steps': 0}]}, r'members\[0\] \(PGD\): steps must be'),
        ({'members': [{'steps': 3}]}, r'members\[0\] must be one with a type'),
        ({'members': ['PGD']}, r'members\[0\] must be a dict'),
    ],
)
def test_bad_members_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        WorstCase(**options)


def test_a_member_that_does_not_fit_is_named_at_its_run():
    victim, pixels, labels = _scene(1)
    members = [{'type': 'PGD', 'name': 'odd', 'loss': 'heatmap_mse'}]
    with pytest.raises(ValueError, match='member odd: loss must be'):
        WorstCase(members=members)(victim, pixels, labels)
    dlr = [{'type': 'PGD', 'name': 'ratio', 'loss': 'dlr'}]
    two = FunctionVictim(Linear(random_weights(2)))
    with pytest.raises(ValueError, match='member ratio: outputs must be of at least 3 classes'):
        WorstCase(members=dlr)(two, clips(1), predicted(two, clips(1)))


def test_members_are_described_with_all_their_options():
    attack = WorstCase(threat=Linf(1), members=MEMBERS)
    described = attack.describe()
    assert [one['name'] for one in described['members']] == ['some', 'one', 'auto']
    assert described['members'][2]['steps'] == 10
    assert 'restarts' in described['members'][2]
    assert not any({'threat', 'goal'} & set(one) for one in described['members'])
    again = ATTACKS.build(described)
    assert again.describe() == described
    assert WorstCase().describe()['members'] is None


@pytest.mark.slow
def test_the_thorough_preset_costs_what_it_says():
    victim = FunctionVictim(Linear(random_weights(12), torch.eye(12)[0] * 1e4))
    pixels = clips(1)
    (outcome,) = WorstCase(threat=Linf(1), preset='thorough')(
        victim, pixels, predicted(victim, pixels)
    )
    assert not outcome.success
    assert outcome.forwards + outcome.backwards == 10279


@pytest.mark.parametrize(
    ('attack', 'stops'),
    [
        (PGD(), 'first success'),
        (PGD(early_stop=False), 'last step'),
        (WorstCase(), 'first success'),
        (FMN(), 'smallest success'),
    ],
    ids=['pgd', 'to the end', 'ensemble', 'smallest'],
)
def test_an_attack_says_which_of_its_points_it_gives(attack, stops):
    assert attack.stops == stops


KNOWN = [
    {'type': 'PGD', 'steps': 4},
    {'type': 'PGD', 'steps': 4, 'restarts': 3},
    {'type': 'APGD', 'steps': 7},
    {'type': 'APGD', 'steps': 7, 'restarts': 2},
    {'type': 'APGDT', 'steps': 5, 'targets': 3},
    {'type': 'APGDT', 'steps': 5, 'targets': 2, 'restarts': 2},
    {'type': 'RandomNoise', 'trials': 6},
    {'type': 'Square', 'budget': 30},
    {'type': 'FAB', 'steps': 4, 'targets': 2},
]


@pytest.mark.parametrize('options', KNOWN, ids=lambda options: '-'.join(map(str, options.values())))
def test_attacks_know_what_they_cost_at_most(options):
    victim = FunctionVictim(Linear(random_weights(), torch.eye(4)[0] * 1e4))
    pixels = clips(1)
    attack = ATTACKS.build(options | {'threat': Linf(2)})
    (outcome,) = attack(victim, pixels, predicted(victim, pixels))
    assert not outcome.success
    assert outcome.forwards + outcome.backwards == attack.most_calls()


def test_a_budget_leaves_out_what_does_not_fit_any_more():
    victim = FunctionVictim(Linear(random_weights(), torch.eye(4)[0] * 1e4))
    pixels, members = clips(2), [dict(one, name=str(i)) for i, one in enumerate(KNOWN[:3])]
    labels = predicted(victim, pixels)
    # Of 8 + 1, 27 + 1 and 15 + 1 calls.
    for budget, count in ((9, 1), (36, 1), (37, 2), (52, 2), (53, 3)):
        attack = WorstCase(threat=Linf(2), members=members, budget=budget, checks=False)
        for outcome in attack(victim, pixels, labels):
            assert len(outcome.measures) == count
            assert outcome.forwards + outcome.backwards <= budget
            assert ('budget_ended' in outcome.flags) == (count < 3)
    weak = FunctionVictim(Linear(random_weights()))
    attack = WorstCase(threat=Linf(30), members=members, budget=9)
    for outcome in attack(weak, pixels, predicted(weak, pixels)):
        assert outcome.success
        assert 'budget_ended' not in outcome.flags


def test_a_budget_without_room_for_the_first_member_is_refused():
    with pytest.raises(ValueError, match='budget must be at least 9, what PGD may take, got 8'):
        WorstCase(members=[{'type': 'PGD', 'steps': 4}], budget=8)
    with pytest.raises(ValueError, match='budget must be None with a member whose cost'):
        WorstCase(members=[{'type': 'DDN', 'steps': 4}], threat=L2(50), budget=80)
    with pytest.raises(ValueError, match='budget must be None or a whole number'):
        WorstCase(budget=0)
    victim, pixels = FunctionVictim(Linear(random_weights())), clips(1)
    with pytest.raises(ValueError, match='budget must be at least 42, what APGD may'):
        WorstCase(budget=20)(victim, pixels, predicted(victim, pixels))
