"""Claims and tables of the robustness cards on planted victims, whose answers are known."""

import json

import numpy as np
import pytest

from mmrobust.corruptions import Clip, Draws
from mmrobust.evaluation.card import SCHEMA
from mmrobust.functional.bootstrap import DIFFERENCE, NOTHING, bootstrap
from mmrobust.functional.interval import wilson
from mmrobust.studies.card_claims import NEAR
from mmrobust.studies.card_costs import costs, numbers, points, scored
from mmrobust.studies.card_scores import CardScores, card_scores
from projects.robustness_card import (
    claims_attack,
    claims_noise,
    claims_order,
    claims_reversal,
    claims_still,
    claims_training,
)
from projects.robustness_card.few_frames import FewFrames
from projects.robustness_card.victims import SeeingVictim

CLASSES = ['walk_left', 'walk_right', 'wave', 'sit']
TURNED = {0: 1, 1: 0}
KINDS = {
    'fog': 'weather',
    'contrast': 'digital',
    'shot_noise': 'noise',
    'reversal': 'order',
    'jumble': 'order',
    'few_frames': 'order',
}
STEPS = (1, 5)
N = 20
# Root mean square errors of 25.5 and 2.55 grey levels.
LARGE, SMALL = 20.0, 40.0


def victim(name='net', **options):
    options = {'sees': 'movement', 'config': '', 'card': ''} | options
    return SeeingVictim(name=name, **options)


def planted(right, sees='movement', attacked=None, units=None, **options):
    """Videos 0 .. N-1; ``right[cell or kind]`` are those that are right there, all when clean."""
    everything = range(N)
    rows = []
    for i in everything:
        cells = {'clean': cell(i, i in right.get('clean', everything))}
        for kind in KINDS:
            for s in STEPS:
                names = {f'{kind}/{s}': kind}
                names |= {} if KINDS[kind] == 'order' else {f'{kind}/{s}/noise': f'{kind}/noise'}
                for one, of in names.items():
                    chosen = right.get(one, right.get(of, everything))
                    cells[one] = cell(i, i in chosen, SMALL if s == 1 else LARGE)
        unit = i if units is None else units[i]
        rows.append({'index': i, 'name': f'v{i}', 'unit': unit, 'cells': cells, 'error': None})
    attacked = {2: (), 8: ()} if attacked is None else attacked
    attacks = {
        f'worst_{eps}': [
            {'name': f'v{i}', 'adversarial_correct': i in left, 'error': None} for i in everything
        ]
        for eps, left in attacked.items()
    }
    corrupted = {
        'kinds': {kind: {'group': group} for kind, group in KINDS.items()},
        'severities': list(STEPS),
        'holes': {},
    }
    shown = [{'name': name, 'eps': float(name.split('_')[1])} for name in attacks]
    card = {'corruptions': corrupted, 'attacks': shown, 'data': {'failed': 0}}
    return CardScores(victim(sees=sees, **options), rows, attacks, card, CLASSES)


def cell(i, right, psnr=None):
    label = i % len(CLASSES)
    guess = label if right else (label + 2) % len(CLASSES)
    return {'correct': right, 'label': label, 'prediction': guess, 'psnr': psnr}


def turn(found, odd=()):
    for i, row in enumerate(found.rows):
        before = row['cells']['clean']['prediction']
        after = TURNED.get(before, before) if i not in odd else (before + 2) % 4
        row['cells']['reversal/1']['prediction'] = after
    return found


def verdicts(claims):
    return [claim.verdict for claim in claims]


def test_units_are_averaged_whatever_their_number_of_samples():
    units = ['a'] * 15 + ['b'] * 5
    found = planted({'fog/1': range(10), 'fog/5': ()}, units=units)
    assert found.units == ['a', 'b']
    assert found.kind('fog') == pytest.approx([1 / 3, 0])
    assert found.kind('fog', 'jumble') == pytest.approx([2 / 3, 1 / 2])
    assert found.noise('fog') == pytest.approx([1, 1])
    assert found.under('worst_2') == pytest.approx([0, 0])
    assert found.controlled == ['fog', 'contrast', 'shot_noise']


def test_a_card_is_read_back_with_windows_of_a_video_as_one(tmp_path):
    made = planted({'clean': range(19)})
    rows = [row | {'name': f'wave/person1_{i % 10:03}.mkv'} for i, row in enumerate(made.rows[:10])]
    rows += [row | {'name': f'bend/person1_{i:03}.mkv'} for i, row in enumerate(made.rows[10:])]
    lines = [row | {'adversarial_correct': False} for row in rows]
    lines[3] = lines[3] | {'error': 'cut short'}
    for folder in ('corruptions', 'worst_2', 'worst_8'):
        (tmp_path / folder).mkdir()
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        (tmp_path / folder / 'results.jsonl').write_text(text)
        (tmp_path / folder / 'report.json').write_text('{}')
    (tmp_path / 'card.json').write_text(json.dumps(made.card | {'schema': SCHEMA}))
    found = card_scores(tmp_path, victim(windows=True), 19, 4)
    assert found.units == ['wave/person1', 'bend/person1']
    assert len(found.rows) == 18
    # No names of classes in the report.
    assert found.chance == 0.25
    assert found.clean == pytest.approx([1, 1])
    assert len(card_scores(tmp_path, victim(), 20, 4).rows) == 19


def test_kinds_with_holes_are_named_and_left_out():
    found = planted({})
    found.card['corruptions']['holes'] = {'fog/5': {'why': 'no fog'}}
    assert 'fog' not in found.kinds
    text = costs('Videos', [found]).text
    assert '| left out: holes | fog/5 |' in text
    assert '| fog |' not in text


def test_costs_are_clean_less_the_kind_in_points():
    found = planted({'fog': range(5), 'jumble': range(10, 20)})
    text = costs('Videos', [found, found]).text
    low, high = bootstrap(found.clean - found.kind('fog'), DIFFERENCE)
    assert f'| fog | 75.0 ({100 * low:.0f} to {100 * high:.0f}) |' in text
    assert '| clean | 100.0 (' in text
    assert '| worst cell | fog/1: 25.0 |' in text
    assert f'| units (samples, failed) | {N} ({N}, 0) |' in text
    # Three kinds of six lose nothing, noise among them.
    assert '| mPC over severities 1, 5 | 79.2 (' in text
    (row,) = [row for row in numbers(found) if row['kind'] == 'fog']
    assert (row['accuracy'], row['cost'], row['units']) == (0.25, 75.0, N)
    assert row['equal_noise_accuracy'] == 1
    assert row['cost_low'] < 75 < row['cost_high']


def test_what_is_alike_in_all_units_is_not_certain():
    high = wilson(0, 30)[1]
    assert points(np.zeros(5)) == '0.0'
    assert scored(np.ones(30)) == f'100.0 ({100 - 100 * high:.0f} to 100)'
    assert scored(np.zeros(30)) == f'0.0 (0 to {100 * high:.0f})'
    assert points(-np.ones(30)) == f'-100.0 (-100 to {-100 + 200 * high:.0f})'


def test_one_video_that_is_taken_otherwise_refutes_a_turn():
    assert claims_reversal.all_turn(turn(planted({}))).verdict == 'held'
    assert claims_reversal.all_turn(turn(planted({}), odd=[3])).verdict == 'did not hold'
    still = planted({})
    assert claims_reversal.all_turn(still).verdict == 'did not hold'
    for row in still.rows:
        row['cells']['clean']['prediction'] = row['cells']['reversal/1']['prediction'] = 2
    for claim in (claims_reversal.all_turn(still), claims_reversal.few_turn(still)):
        assert claim.margin == NOTHING
    other = CardScores(victim(), still.rows, {}, still.card, ['bend', 'jump'])
    assert list(claims_reversal.claims({'other': other})) == []


def test_of_single_frames_walks_stay_what_they_were():
    frames = planted({}, sees='frames')
    # A sitting person taken for something else is no walk.
    frames.rows[3]['cells']['reversal/1']['prediction'] = 0
    (claim,) = claims_reversal.claims({'tsn': frames})
    assert claim.measured == '0 of 10 taken for the other one'
    assert claim.margin == pytest.approx((0.5 - wilson(0, 10)[1], 0.5))
    (claim,) = claims_reversal.claims({'tsn': turn(planted({}, sees='frames'))})
    assert claim.verdict == 'did not hold'


def test_order_costs_movement_and_not_frames():
    moving = planted({'jumble': range(10)})
    frames = planted({}, sees='frames', name='tsn', rival='net')
    found = list(claims_order.claims({'net': moving, 'tsn': frames}))
    # Twenty videos without any loss may still hide one of ten per cent.
    assert verdicts(found) == ['held', 'undecided', 'held']
    assert '50.0 % lost' in found[0].measured
    # Reversal and few frames have claims of their own.
    assert claims_order.order_kinds(moving) == ['jumble']
    found = list(claims_order.claims({'net': planted({}), 'tsn': frames}))
    assert verdicts(found)[::2] == ['undecided', 'undecided']
    both = {'jumble': range(10)}
    frames = planted(both, sees='frames', name='tsn', rival='net')
    assert verdicts(claims_order.compared(moving, frames)) == ['held', 'did not hold', 'undecided']


def test_a_loss_of_order_is_a_share_of_what_was_right():
    # Half of the videos right, and of these half lost.
    frames = planted({'clean': range(10), 'jumble': range(5)}, sees='frames')
    assert claims_order.lost(frames, np.arange(N)[None]) == pytest.approx([0.5])
    nothing = planted({'clean': (), 'jumble': ()}, sees='frames')
    assert np.isnan(claims_order.lost(nothing, np.arange(N)[None])).all()
    assert verdicts(claims_order.compared(planted({}), nothing))[1:] == ['undecided'] * 2
    other = planted({}, units=list(range(1, N + 1)), rival='other')
    with pytest.raises(ValueError, match='rival of victim net must be on the same samples'):
        list(claims_order.claims({'other': planted({}), 'net': other}))


def test_one_frame_at_chance():
    # Chance is a quarter of four classes, and milder severities say nothing.
    chance = planted({'few_frames/5': range(0, 5), 'few_frames/1': range(20)})
    first, second = claims_still.claims({'net': chance})
    assert first.verdict == 'held'
    assert 'chance 25.0 %' in first.measured
    assert np.mean(first.margin) == pytest.approx((1 + 0.25) / 2 - 0.25, abs=0.03)
    assert np.mean(second.margin) == pytest.approx(NEAR, abs=0.03)
    kept = claims_still.claims({'net': planted({})})
    assert verdicts(kept) == ['did not hold', 'did not hold']
    assert list(claims_still.claims({'tsn': planted({}, sees='frames')})) == []


def test_white_noise_of_equal_size():
    worse = {'fog/noise': (), 'contrast/noise': ()}
    claim = claims_noise.claim(planted(worse))
    assert claim.verdict == 'held'
    assert claim.measured.startswith('100.0 (')
    # Noise itself is left out.
    assert claims_noise.coloured(planted({})) == ['fog', 'contrast']
    assert claims_noise.claim(planted({'fog': (), 'contrast': ()})).verdict == 'did not hold'
    assert claims_noise.claim(planted({})).verdict == 'undecided'
    _, text = claims_noise.claims({'net': planted(worse | {'shot_noise': ()})})
    assert '| shot_noise | -100.0 (' in text


def test_an_attack_stands_against_cells_of_its_size_alone():
    found = planted({})
    sizes = found.sizes()
    assert sizes['fog/1'] == pytest.approx(2.55)
    assert sizes['fog/5'] == pytest.approx(25.5)
    held = claims_attack.claim(found)
    assert held.verdict == 'held'
    assert '12 of 12 cells' in held.measured
    # A budget of 3 is larger than the small cells, one of 30 than all.
    few = claims_attack.claim(planted({}, attacked={3: ()}))
    assert '6 of 12 cells' in few.measured
    none = claims_attack.claim(planted({}, attacked={30: ()}))
    assert (none.verdict, none.margin) == ('undecided', NOTHING)
    # Against the large cells the larger budget, not the smaller that fits as well.
    by_two = planted({'fog/1': (), 'fog/5': range(12)}, attacked={2: range(0), 8: range(10, 20)})
    assert (
        'eps 8'
        in claims_attack.claim(planted({'fog/5': ()}, attacked={2: (), 8: range(9)})).measured
    )
    assert 'fog/1 leaves 0.0 %, eps 2 0.0 %' in claims_attack.claim(by_two).measured
    found.rows[0]['cells']['fog/1']['psnr'] = None
    assert 'fog/1' not in found.sizes()


def test_the_least_cell_decides_of_attacks():
    differences = np.array([[1.0, 0.0], [1.0, 0.5], [0.0, 1.0]])
    drawn = np.array([[0, 1, 2], [0, 0, 0], [2, 2, 1]])
    assert claims_attack.least(differences, drawn) == pytest.approx([0.5, 0.0, 1 / 3])
    lost = claims_attack.claim(planted({'fog/5': ()}, attacked={2: range(20), 8: range(20)}))
    assert lost.verdict == 'did not hold'


def test_adversarial_training_gains_and_loses():
    plain = planted({'shot_noise': (), 'contrast': range(10)})
    trained = planted({'fog': (), 'contrast': range(10)}, name='hard', plain='net')
    *found, text = claims_training.claims({'net': plain, 'hard': trained})
    found = {claim.text: claim.verdict for claim in found}
    assert found == {
        'hard gains under noise': 'held',
        'hard loses under fog': 'held',
        'hard loses under contrast': 'undecided',
        'hard loses when clean': 'undecided',
        'hard gains over all kinds': 'undecided',
    }
    lines = text.splitlines()
    gains = [line.split('|')[1].strip() for line in lines if line.startswith('| ')][-6:]
    assert (gains[0], gains[-1]) == ('shot_noise', 'fog')
    assert '| shot_noise | 100.0 (' in text
    assert '| fog | -100.0 (' in text
    assert list(claims_training.claims({'net': plain})) == []


@pytest.mark.parametrize('length', [1, 2, 10, 40])
def test_few_frames_are_held_and_nested(length):
    frames = np.arange(length, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    clip, kind = Clip(frames.repeat(3, 3)), FewFrames()
    shown = [f[:, 0, 0, 0] for f in kind.ladder(clip, Draws(0, kind.name, 3), [1, 2, 3, 4, 5])]
    for severity, times in enumerate(shown, 1):
        left = sorted(set(times.tolist()))
        share = kind.constants[severity - 1]
        assert len(left) == min(max(int(share * length), 2 if share else 1), length)
        # The last one that has come, and before the first that one.
        assert times.tolist() == [
            max([f for f in left if f <= t], default=left[0]) for t in range(length)
        ]
    assert len(set(shown[4].tolist())) == 1
    assert kind.constants[:4] == (0.4, 0.2, 0.1, 0.05)
    sets = [set(times.tolist()) for times in shown]
    assert all(worse <= milder for milder, worse in zip(sets, sets[1:], strict=False))
