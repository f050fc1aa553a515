"""Cards as one table: every figure once, a column for each card, nothing averaged over holes."""

from mmrobust.visualization.card_rows import KEYS, card_rows, card_table


def cell(score, low=None, high=None):
    return {'score': score, 'score_low': low, 'score_high': high}


FOG = {'fog': {'cells': {'1': cell(0.8, 0.6, 0.9), '3': cell(0.4, 0.2, 0.6)}}}


PGD = {
    'name': 'pgd', 'title': 'PGD', 'norm': 'Linf', 'eps': 2, 'score': 0.1, 'left': 0.1,
    'left_low': 0.03, 'left_high': 0.3,
}  # fmt: skip


def make_card(model='net', kinds=None, mpc=0.6, **changes):
    return {
        'model': {'config': f'models/{model}.py', 'checkpoint_sha256': 'a' * 64},
        'data': {'evaluated': 20}, 'seed': 0, 'unit': 'samples', 'clean': cell(0.9, 0.7, 0.97),
        'corruptions': {
            'kinds': kinds or FOG,
            'mpc': mpc, 'mpc_low': 0.5, 'mpc_high': 0.7,
            'rpc': 0.667, 'rpc_low': 0.55, 'rpc_high': 0.75,
        },
        'attacks': [PGD],
    } | changes  # fmt: skip


def shown(*rows):
    table = card_table([row for of in rows for row in of], [])
    names = [column.name for column in table.columns]
    return names, [[c.show(line) for c in table.columns] for line in table.lines], table.warnings


def test_every_figure_is_a_row():
    rows = card_rows('one', make_card())
    assert all(list(row) == list(KEYS) for row in rows)
    found = [(r['part'], r['name'], r['severity'], r['score'], r['score_low']) for r in rows]
    assert found == [
        ('clean', 'clean', None, 0.9, 0.7),
        ('corruption', 'fog', 1, 0.8, 0.6), ('corruption', 'fog', 3, 0.4, 0.2),
        ('mean', 'mPC', None, 0.6, 0.5), ('mean', 'rPC', None, 0.667, 0.55),
        ('attack', 'pgd', None, 0.1, 0.03),
    ]  # fmt: skip


def test_a_column_a_card_and_a_line_a_figure():
    other = make_card('other', {'low_light': {'cells': {'2': cell(0.5, 0.3, 0.7)}}}, attacks=[])
    names, lines, warnings = shown(card_rows('one', make_card()), card_rows('two', other))
    assert names == ['', 'net', 'other']
    assert lines == [
        ['n', '20', '20'],
        ['clean', '90.0 [70.0, 97.0]', '90.0 [70.0, 97.0]'],
        ['fog', '60.0', '–'],
        ['low light', '–', '50.0 [30.0, 70.0]'],
        ['mPC', '60.0 [50.0, 70.0]', '60.0 [50.0, 70.0]'],
        ['rPC', '66.7 [55.0, 75.0]', '66.7 [55.0, 75.0]'],
        ['PGD, l_inf 2', '10.0 [3.0, 30.0]', '–'],
    ]
    severities, kinds = warnings
    assert severities.endswith('1 3: one; 2: two')
    assert kinds.endswith('one: 1, two: 1')


def test_cards_of_one_model_are_told_by_their_folders():
    names, _, warnings = shown(card_rows('one', make_card()), card_rows('two', make_card()))
    assert names == ['', 'net (one)', 'net (two)']
    assert warnings == []


def test_a_hole_is_no_mean():
    holed = make_card(kinds={'fog': {'cells': {'1': cell(0.8), '3': cell(None)}}}, mpc=None)
    _, lines, _ = shown(card_rows('one', holed))
    assert lines[2:4] == [['fog', '–'], ['mPC', '–']]


def test_attacks_that_are_called_alike_have_lines_of_their_own():
    attacks = [PGD | {'name': 'weak', 'score': 1.0}, PGD | {'name': 'strong', 'score': 0.0}]
    _, lines, _ = shown(card_rows('one', make_card(attacks=attacks)))
    assert lines[-2:] == [
        ['PGD, l_inf 2 (weak)', '100.0 [3.0, 30.0]'],
        ['PGD, l_inf 2 (strong)', '0.0 [3.0, 30.0]'],
    ]


def test_of_a_pose_estimator_joints_are_counted_under_attack_too():
    card = make_card(unit='joints', attacks=[PGD | {'score': 0.786, 'left': 1.0}])
    _, lines, _ = shown(card_rows('one', card))
    assert lines[-1] == ['PGD, l_inf 2', '78.6']


def test_cues_are_lines_with_who_is_taken_in():
    error = {f'background_error{end}': v for end, v in (('', 0.7), ('_low', 0.6), ('_high', 0.8))}
    cues = {
        'action_swap': cell(0.2, 0.1, 0.3) | error,
        'one_frame': cell(0.4, 0.3, 0.5) | {'background_error': None},
    }
    rows = card_rows('one', make_card(cues={'cues': cues, 'contrasted': None}))
    found = [(r['name'], r['score'], r['score_high']) for r in rows if r['part'] == 'cue']
    assert found == [
        ('action_swap', 0.2, 0.3), ('action_swap: as the scenery', 0.7, 0.8),
        ('one_frame', 0.4, 0.5),
    ]  # fmt: skip
    _, lines, _ = shown(rows)
    assert ['action swap: as the scenery', '70.0 [60.0, 80.0]'] in lines
