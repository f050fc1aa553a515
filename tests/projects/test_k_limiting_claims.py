"""The verdicts on the K-limiting attack's claims, for planted measurements."""

import math

import numpy as np
import pytest

from mmrobust.evaluation.claims import table
from mmrobust.evaluation.estimates import Measurement, averaged, ratio
from mmrobust.evaluation.pose_results import PoseResults
from mmrobust.evaluation.pose_samples import (
    Sample,
    both_successful,
    gained,
    rate,
    samples_of,
    smaller,
)
from mmrobust.evaluation.pose_tables import PoseTables
from mmrobust.functional.interval import wilson
from mmrobust.visualization.pose_curves import arm_curves, victim_curves
from projects.k_limiting_attack import claims
from projects.k_limiting_attack.arms import ARMS, CURVE, NAMES, NORMS, NOTE, SUCCESS, attack

EPS = (2.0, 8.0)
# Arm -> of 60 samples how many succeed, RMSE, PCK on the curve.
PLANTED = {
    'kaa': (60, 5.0, 0.3),
    'er': (60, 3.0, 0.35),
    'random': (10, 4.0, 0.9),
    'gradient': (40, 4.0, 0.5),
    'fgsm': (20, 8.0, 0.7),
    'noise': (0, 5.0, 0.95),
    'shared': (60, 5.0, 0.3),
}
AIMED = {
    ('walk', 'kaa'): (30, 6.0, 0.5),
    ('walk', 'er'): (54, 5.0, 0.5),
    ('walk', 'random'): (12, 6.0, 0.5),
    ('walk', 'gradient'): (20, 6.0, 0.5),
    ('walk', 'fgsm'): (3, 6.0, 0.5),
    ('walk', 'noise'): (0, 6.0, 0.5),
    ('sit', 'kaa'): (5, 6.0, 0.5),
    ('sit', 'er'): (25, 5.0, 0.5),
    ('sit', 'random'): (2, 6.0, 0.5),
    ('sit', 'gradient'): (4, 6.0, 0.5),
    ('sit', 'fgsm'): (0, 6.0, 0.5),
    ('sit', 'noise'): (0, 6.0, 0.5),
}


def samples(hits, rmse, pck, n=60, target=None):
    """The first ``hits`` succeed; numbers vary a little with the sample."""
    return {
        i: Sample(
            success=i < hits,
            rmse=rmse * (1 + 0.001 * (i % 7)),
            clean_pck=1.0,
            pck=pck + 0.002 * (i % 5),
            clean_error=0.03,
            error=1 - pck,
            target_error=target,
            clean_target_error=target and 2 * target,
            density=0.3,
        )
        for i in range(n)
    }


def measured(n=60, **changed):
    """As the slides say, but for what is changed."""
    planted = PLANTED | changed
    aimed = AIMED | {key: value for key, value in changed.items() if isinstance(key, tuple)}
    arms = {}
    for norm in NORMS:
        for arm in ARMS:
            hits, rmse, pck = planted[arm]
            arms['untargeted', norm, arm] = samples(min(hits, n), rmse, pck, n)
        for (target, arm), (hits, rmse, pck) in aimed.items():
            arms[target, norm, arm] = samples(min(hits, n), rmse, pck, n, 0.2)
    curve = {(arm, eps): samples(0, eps, planted[arm][2], n) for arm in planted for eps in EPS}
    return PoseResults(arms, curve, 0.1)


CARD = {'evaluated': 62, 'attacked': 60, 'clean': {'PCK': 0.97, 'EPE': 2.5}}
BLIND = Measurement(0.6, (0.5, 0.7), 62), Measurement(0.1, (0.05, 0.15), 62)


def verdicts(found):
    return {claim.text: claim.verdict for claim in claims.claims(found)}


def test_what_the_slides_say_holds():
    found = verdicts(measured())
    assert len(found) == 2 * 4 + 2 * (4 + 2 * 4 + 2) + 4 + 2 * (1 + 2 * 2)
    # 54 of 60 against 60 of 60 is the only close call.
    assert {text for text, verdict in found.items() if verdict != 'held'} <= {
        'linf, er: walk harder than untargeted',
        'l2, er: walk harder than untargeted',
    }


def test_a_larger_change_breaks_that_claim_and_no_other():
    before = verdicts(measured())
    after = verdicts(measured(er=(60, 7.0, 0.35)))
    broken = {text for text in after if after[text] != before[text]}
    less = ('lower RMSE', 'needs less than KAA')
    assert broken == {text for text in after if any(words in text for words in less)}
    assert all(after[text] == 'did not hold' for text in broken)


def test_a_claim_in_two_parts_needs_both():
    both = 'linf: as often, and at a lower RMSE'
    assert verdicts(measured())[both] == 'held'
    assert verdicts(measured(er=(60, 7.0, 0.35)))[both] == 'did not hold'
    assert verdicts(measured(er=(30, 3.0, 0.35)))[both] == 'did not hold'
    # Undecided in one part, held in the other.
    assert verdicts(measured(er=(55, 3.0, 0.35)))[both] == 'undecided'


def test_failures_are_not_looked_away_from():
    """Less on the easy half of the samples, and nothing on the others."""
    found = verdicts(measured(er=(20, 3.0, 0.35)))
    assert found['linf: KAA+ER at a lower RMSE than KAA (slides: ratio 0.66)'] == 'held'
    assert found['linf: KAA+ER needs less than KAA, failures included'] == 'did not hold'
    few, more = samples(1, 1.0, 0.5, n=8), samples(7, 2.0, 0.5, n=8)
    assert smaller(few, more).value == pytest.approx((1 - 6) / 7)
    assert smaller(few, more).n == 7


def test_equal_rates_near_zero_say_nothing():
    text = 'linf: KAA+ER succeeds as often as KAA'
    found = {c.text: c for c in claims.claims(measured(kaa=(0, 5.0, 0.3), er=(0, 5.0, 0.3)))}
    assert found[text].verdict == 'undecided'
    assert 'rate of KAA above 0.2' in found[text].rule


def test_a_control_that_needs_as_little_breaks_its_claims_alone():
    before = verdicts(measured())
    after = verdicts(measured(random=(60, 3.0, 0.9)))
    broken = {text for text in after if after[text] != before[text]}
    assert broken == {
        f'{norm}: KAA+ER {claim} a random mask'
        for norm in NORMS
        for claim in ('succeeds more often than', 'at a lower RMSE than')
    }
    # Equal numbers: neither side of zero.
    assert {after[text] for text in broken} == {'undecided'}


def test_fewer_successes_are_not_equal():
    found = verdicts(measured(er=(30, 3.0, 0.35)))
    assert found['linf: KAA+ER succeeds as often as KAA'] == 'did not hold'


def test_five_samples_decide_nothing():
    assert set(verdicts(measured(n=5)).values()) == {'undecided'}


def test_equal_rates_of_few_samples_decide_nothing():
    found = verdicts(measured(n=18))
    assert found['linf: KAA+ER succeeds as often as KAA'] == 'undecided'
    assert found['linf: as often, and at a lower RMSE'] == 'undecided'
    assert verdicts(measured())['linf: KAA+ER succeeds as often as KAA'] == 'held'


def test_a_gradient_mask_that_does_better_breaks_its_claim_alone():
    found = verdicts(measured(gradient=(60, 3.0, 0.2)))
    assert found['relation mask above a gradient mask of its density'] == 'did not hold'
    assert found['relation mask above a random mask of its density'] == 'held'


def test_a_single_step_that_nearly_does_as_well_is_not_far_below():
    found = verdicts(measured(fgsm=(58, 8.0, 0.3)))
    assert found['linf: KAA far above a single step'] == 'did not hold'
    assert found['linf: KAA far above noise of the whole budget'] == 'held'


def test_a_target_that_is_easier_breaks_its_claims():
    results = measured()
    for norm in NORMS:
        results.arms['sit', norm, 'kaa'] = samples(59, 6.0, 0.5)
    found = verdicts(results)
    assert found['linf, kaa: sit harder than walk'] == 'did not hold'
    assert found['linf, er: sit harder than walk'] == 'held'


def test_without_samples_nothing_is_decided_and_nothing_fails():
    empty = PoseResults({k: {} for k in measured().arms}, {k: {} for k in measured().curve}, 0.1)
    assert set(verdicts(empty).values()) == {'undecided'}
    assert 'too few samples' in table(claims.claims(empty))
    none = PoseTables(empty, NAMES, 'kaa')
    assert none.clean(CARD, BLIND, 0.1).endswith('has PCK none; error none (%).')
    assert 'none' in none.untargeted() + none.targeted() + none.curve()
    assert arm_curves('victim', empty, NAMES, 'er') == []
    assert none.rows('victim')[0]['success_rate'] is None


def test_heads_are_compared_on_samples_that_both_have_right():
    strong, weak = (dict.fromkeys(('kaa', 'shared'), (60, 5.0, pck)) for pck in (0.8, 0.4))
    heatmap, regression = measured(**strong), measured(**weak)
    found = claims.heads({'td-hm': heatmap, 'td-reg': regression})
    assert [claim.verdict for claim in found] == ['held'] * 4
    assert 'n = 60' in found[0].measured
    assert 'eps 2' in found[0].text
    assert 'eps 8' in found[2].text
    found = claims.heads({'td-hm': regression, 'td-reg': heatmap})
    assert [claim.verdict for claim in found] == ['did not hold'] * 4
    del heatmap.curve['kaa', 2.0][7]
    found = claims.heads({'td-hm': heatmap, 'td-reg': regression})
    assert ['n = 59' in claim.measured for claim in found] == [True, True, False, False]
    assert claims.heads({'td-hm': heatmap, 'simcc': regression}) == []


def test_a_loss_that_moves_nothing_is_no_robustness():
    """KAA's own loss fails on heatmaps; the one that all heads have does not."""
    blunt = measured(kaa=(60, 5.0, 0.95), shared=(60, 5.0, 0.3))
    assert blunt.worst(2.0, 'kaa', 'shared')[0].pck == pytest.approx(0.3)
    regression = measured(kaa=(60, 5.0, 0.4), shared=(60, 5.0, 0.4))
    found = claims.heads({'td-hm': blunt, 'td-reg': regression})
    assert [claim.verdict for claim in found] == ['did not hold'] * 4


def test_the_ratio_is_that_of_the_means_of_pairs():
    upper, lower = (
        [2.0, 4.0, 6.0, 3.0, 5.0, 1.0, 7.0, 4.0],
        [4.0, 8.0, 9.0, 6.0, 9.0, 2.0, 8.0, 8.0],
    )
    found = ratio(upper, lower)
    assert found.value == pytest.approx(sum(upper) / sum(lower))
    low, high = found.limits
    assert low < found.value < high
    rng = np.random.default_rng(5)
    rows = rng.integers(8, size=(20000, 8))
    means = np.array(upper)[rows].mean(1) / np.array(lower)[rows].mean(1)
    # The interval is widened about its middle, as for eight values of unknown variance.
    expected = np.percentile(means, [2.5, 97.5])
    wider = math.sqrt(8 / 7) * 2.3646 / 1.96
    assert (high - low) == pytest.approx(np.ptp(expected) * wider, rel=0.05)


def test_proportional_pairs_have_a_ratio_that_six_of_them_do_not_fix():
    lower = [1.0, 5.0, 2.0, 8.0, 3.0, 9.0]
    width = wilson(0, 6)[1] / 2
    expected = pytest.approx((0.5 - width, 0.5 + width))
    assert ratio([0.5 * x for x in lower], lower).limits == expected


def test_the_rmse_is_compared_where_both_succeed():
    one, other = samples(3, 1.0, 0.5, n=4), samples(2, 2.0, 0.5, n=4)
    assert both_successful(one, other) == ([1.0, 1.001], [2.0, 2.002])
    del one[0]
    assert gained(one, other).n == 3
    assert rate(one).value == pytest.approx(2 / 3)


def line(index, **changed):
    errors = {'clean_joint_errors': [0.02, None], 'adversarial_joint_errors': [0.3, None]}
    common = {'clean_pck': 1.0, 'clean_error': 0.02, 'measures': {'density': 0.25}} | errors
    attacked = {'adversarial_error': 0.3}
    return {'index': index, 'success': True, 'l2': 60.0, 'rmse': 6.0} | common | attacked | changed


def test_lines_of_a_ledger_become_samples():
    found = samples_of([line(3), line(5, target_error=0.07, measures={})], 0.1)
    assert found[3].rmse == 6.0
    assert found[3].density == 0.25
    assert found[5].density is None
    assert found[5].target_error == 0.07


def test_a_joint_is_right_within_the_threshold_and_unlabelled_ones_do_not_count():
    errors = [0.04, 0.05, 0.07, None, 0.2]
    lines = [line(0, clean_joint_errors=errors, adversarial_joint_errors=errors[2:])]
    (found,) = samples_of(lines, 0.05).values()
    assert (found.clean_pck, found.pck) == (0.5, 0.0)
    (found,) = samples_of(lines, 0.1).values()
    assert (found.clean_pck, found.pck) == (0.75, 0.5)


def test_samples_that_are_at_the_target_when_clean_are_left_out():
    lines = [line(0, l2=0.0), line(1, l2=0.0, success=False), line(2, clean_pck=None)]
    assert list(samples_of(lines, 0.1)) == [1]


def test_tables_hold_every_arm_and_target():
    found = measured()
    lists = PoseTables(found, NAMES, 'kaa')
    text = lists.clean(CARD, BLIND, 0.1)
    assert 'Clean, 62 test samples: PCK 0.970, EPE 2.500' in text
    assert 'mean training pose there: PCK 60.0 (50.0 to 70.0), n = 62; error 10.0' in text
    assert 'half of the joints are within 0.1: 60, on which the victim has PCK 100.0 (' in text
    first = lists.untargeted().splitlines()
    assert len(first) == 2 + 2 * len(ARMS)
    row = next(text for text in first if text.startswith('| linf | KAA+ER'))
    assert '| 100 (94 to 100), n = 60 | 3.01 (' in row
    assert '0.60 (0.56 to 0.64), n = 60' in row
    assert row.endswith('| 3.01 | 0.30 |')
    second = lists.targeted().splitlines()
    assert len(second) == 2 + 2 * 2 * 6
    assert second[2].endswith('40.0 (37.6 to 42.4), n = 60 | 20.0 (18.8 to 21.2), n = 60 |')
    assert 'eps 2: PCK | error | eps 8: PCK | error' in lists.curve()


def test_curves_have_every_arm_and_heads_every_head():
    found = measured()
    plots = arm_curves('victim', found, NAMES, 'er')
    assert [plot.title for plot in plots] == [
        'victim, right within 0.1: PCK',
        'victim, right within 0.1: error in box sides',
    ]
    assert all(name in str(plots[0].svg) for name in NAMES.values())
    plots = victim_curves('data', {'td-hm': found, 'td-reg': found}, 'kaa', 'td-reg')
    assert 'td-hm' in str(plots[0].svg)
    assert victim_curves('data', {'td-hm': found}, 'kaa', 'td-reg') == []


@pytest.mark.parametrize('norm', NORMS)
@pytest.mark.parametrize('goal', ['untargeted', 'walk'])
@pytest.mark.parametrize('arm', CURVE)
def test_every_arm_can_be_built_with_the_same_budget(arm, goal, norm):
    from mmrobust.registry import ATTACKS

    config = attack(arm, norm, goal, rmse=8.0, values=100, steps=16, stop=False)
    built = ATTACKS.build(config)
    assert type(built.goal).__name__ == ('CorruptPose' if goal == 'untargeted' else 'TargetPose')
    length = built.threat.eps * (10 if type(built.threat).__name__ == 'Linf' else 1)
    assert length == pytest.approx(80.0)
    if arm in ('kaa', 'er', 'random', 'gradient'):
        assert (built.relation == 'none') == (arm == 'kaa')
        assert built.mask == (arm if arm in ('random', 'gradient') else 'relation')
        assert built.steps * built.step_size == pytest.approx(2.0)
        assert not built.early_stop


def test_averages_of_few_samples_have_no_interval():
    assert averaged([1.0] * 5).limits == (-math.inf, math.inf)
    assert math.isnan(averaged([]).value)


def test_unlike_measures_of_success_stand_beside_the_claim_that_compares_them():
    from mmrobust.registry import ATTACKS

    found = claims.claims(measured())
    compared = [claim for claim in found if 'harder than untargeted' in claim.text]
    assert len(compared) == 8
    for claim in compared:
        assert 'untargeted: 0.5 of the joints or more beyond 0.1 of the box' in claim.rule
        assert 'targeted: mean distance below 0.05 of it' in claim.rule
    others = [claim for claim in found if claim not in compared]
    assert all('of the box' not in claim.rule for claim in others)
    starts = [claim.rule for claim in found if 'sit harder than walk' in claim.text]
    assert len(starts) == 4
    assert all('walk begins at 40.0 %, sit begins at 40.0 %' in rule for rule in starts)
    assert SUCCESS in NOTE
    # What it says is what the arms are built with.
    for aim, expected in (('untargeted', (0.5, 0.1)), ('sit', (None, 0.05))):
        config = attack('kaa', 'linf', aim, rmse=8.0, values=100, steps=16, stop=False)
        goal = ATTACKS.build(config).goal
        assert (getattr(goal, 'share', None), goal.tau) == expected
