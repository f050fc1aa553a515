"""One robustness card: natural corruptions beside attacks, in one unit.

The unit is the score of :mod:`mmrobust.evaluation.corruptions`: of a recogniser the share of
samples that are right, of a pose estimator the share of joints within a fifth of the box. A
corruption is one draw that knows nothing of the model, an attack is the worst that was found:
the two are never averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.evaluation.corruptions import CLEAN, cell_name, score
from mmrobust.evaluation.cues import SWAP
from mmrobust.evaluation.summary import Row, evaluated, mean, share
from mmrobust.functional.checks import require
from mmrobust.registry import ATTACKS, find

SCHEMA = 'mmrobust.card/1'
Report = Mapping[str, Any]
# A joint is right within this share of the box.
TAU = 0.2
# The unit of changes that a card need not name.
GREY = 'grey levels'
# Threats that bound each value, or each joint, and reach all of them.
WHOLE = ('Linf', 'JointL2')
# What the parts of a card must agree on.
SHARED = ('checkpoint_sha256', 'seed')
CORRUPTED = ('severities', 'kinds', 'holes', 'worst', 'consistency', 'units')
CUES = ('cues', 'contrasted')
MEANS = ('mpc', 'mpc_low', 'mpc_high', 'rpc', 'rpc_low', 'rpc_high')


def card_of(
    corrupted: Report,
    corrupted_rows: Sequence[Row],
    attacks: Mapping[str, tuple[Report, Sequence[Row]]],
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The card of one model.

    Args:
        corrupted: Report of the corruption run.
        corrupted_rows: Its lines.
        attacks: Name on the card -> report and lines of an attack run on the same samples.
        left_out: What other cards hold and this one cannot -> why.

    Raises:
        ValueError: A run is of another checkpoint or seed, or of other samples.
    """
    for name, (report, rows) in attacks.items():
        for key in SHARED:
            require(
                report[key] == corrupted[key], f'{name}: {key}', str(corrupted[key]), report[key]
            )
        names = [row['name'] for row in rows]
        same = names == [row['name'] for row in corrupted_rows]
        require(same, name, 'of the samples of the corruption run', f'{len(names)} other samples')
    found = [_attack(name, *run) for name, run in attacks.items()]
    lines = {name: run[1] for name, run in attacks.items()}
    card = {
        'schema': SCHEMA,
        'model': {key: corrupted[key] for key in ('config', 'checkpoint', 'checkpoint_sha256')},
        'data': {key: corrupted[key] for key in ('n', 'evaluated', 'failed', 'input')}
        | {'dataset': corrupted.get('dataset')},
        'noun': corrupted['sample']['noun'],
        'unit': 'joints' if 'pck' in _first(corrupted_rows) else 'samples',
        'seed': corrupted['seed'],
        'versions': corrupted['versions'],
        'clean': {key: corrupted['clean'][key] for key in ('score', 'score_low', 'score_high')},
        'corruptions': {key: corrupted[key] for key in (*CORRUPTED, *MEANS)}
        | {'kinds': _kinds(corrupted)},
        'cues': {key: corrupted[key] for key in CUES if key in corrupted},
        'jitter': corrupted.get('jitter'),
        'attacks': found,
        'joints': _by_joint(corrupted_rows, corrupted, attacks),
        'classes': _by_class(corrupted_rows, corrupted, lines, _classes(attacks)),
    }
    card |= _of_skeletons(corrupted['sample'].get('unit', GREY), left_out)
    return card | {'sentence': sentence(card)}


def _of_skeletons(unit: str, left_out: Mapping[str, str] | None) -> dict[str, Any]:
    """What a card need not say where budgets are grey levels, and nothing is left out."""
    found = {} if unit == GREY else {'change_unit': unit}
    return found | ({'left_out': dict(left_out)} if left_out else {})


def _kinds(corrupted: Report) -> dict[str, Any]:
    """Each kind with its options, without which two of a name are not known to be the same."""
    options = corrupted['corruptions']
    return {name: {**kind, 'options': options[name]} for name, kind in corrupted['kinds'].items()}


def sentence(card: Mapping[str, Any]) -> str:
    """What the card says to who reads no tables."""
    corrupted, clean = card['corruptions'], card['clean']['score']
    if clean is None:
        kept = corrupted['consistency']
        parts = [f'{_share(kept)} of the predictions stay as they were under natural corruption']
    else:
        what = 'joints' if card['unit'] == 'joints' else f'{card["noun"]}s'
        parts = [f'Right on {_share(clean)} of the clean {what}']
        if corrupted['mpc'] is not None:
            parts.append(f'on {_share(corrupted["mpc"])} on average under natural corruption')
        swap = (card['cues'].get('cues') or {}).get(SWAP)
        if swap is not None and swap['score'] is not None:
            parts.append(f'on {_share(swap["score"])} before other scenery')
    worst = _strongest(card)
    if worst is not None:
        left = worst['kept'] if clean is None else worst['score']
        unit = card.get('change_unit')
        eps = f'change every value by {worst["eps"]:g} of 255 grey levels'
        if unit is not None:
            eps = f'move every joint by {worst["eps"]:g} {unit}'
        most = f'on at most {_share(left)}' if left else 'on none'
        parts.append(f'{most} once somebody who knows the model may {eps}')
    return ', '.join(parts) + '.'


def _strongest(card: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The attack that leaves least, of those that may change every value."""
    key = 'kept' if card['clean']['score'] is None else 'score'
    whole = [one for one in card['attacks'] if one['norm'] in WHOLE and not one['control']]
    known = [one for one in whole if one[key] is not None]
    return min(known, key=lambda one: float(one[key])) if known else None


def _share(value: float | None) -> str:
    return 'an unknown share' if value is None else f'{100 * value:.0f} %'


def _attack(name: str, report: Report, rows: Sequence[Row]) -> dict[str, Any]:
    """One row of the card."""
    good = evaluated(rows)
    left = [row for row in good if row['attacked'] and not row['success']]
    scores = [value for row in good if (value := adversarial_score(row)) is not None]
    threat = report['threat']
    inner = threat.get('threat') or {}
    found = {
        'name': name,
        'title': report['title'],
        'norm': threat['type'],
        'eps': threat.get('eps', inner.get('eps')),
        'control': bool(find(ATTACKS, report['attack']['type']).control),
        'score': mean(scores),
        'success_rate': report['success_rate'],
        'kept': _kept(report, good),
        'calls': mean(row['forwards'] + row['backwards'] for row in good if row['attacked']),
        'rmse': mean(row['rmse'] for row in good if row['attacked']),
        'flags': report.get('flags', {}),
        'options': dict(report['attack']),
    }
    return found | share('left', len(left), len(good))


def _kept(report: Report, rows: Sequence[Row]) -> float | None:
    """Of poses the share of joints that stay, as under corruption; else of the attacked samples."""
    shares = [
        1 - row['joints_moved'] / len(row['clean_joint_errors'])
        for row in rows
        if row.get('clean_joint_errors') and 'joints_moved' in row
    ]
    if shares:
        return mean(shares)
    rate = report['success_rate']
    return None if rate is None else 1 - float(rate)


def adversarial_score(row: Row) -> float | None:
    """The score of the adversarial sample, as the test step sees it."""
    named = {key: row.get(f'adversarial_{key}') for key in ('pck', 'correct')}
    return score({key: value for key, value in named.items() if f'adversarial_{key}' in row})


def _first(rows: Sequence[Row]) -> Mapping[str, Any]:
    return next((row['cells'][CLEAN] for row in evaluated(rows)), {})


def _classes(attacks: Mapping[str, tuple[Report, Sequence[Row]]]) -> list[str]:
    return next((list(report.get('classes') or []) for report, _ in attacks.values()), [])


def _by_class(
    rows: Sequence[Row],
    corrupted: Report,
    attacks: Mapping[str, Sequence[Row]],
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """Of each class the score when clean, on average under corruption, and under each attack."""
    groups: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        label = (row['cells'][CLEAN] if row['error'] is None else {}).get('label')
        if label is not None:
            groups.setdefault(label, []).append(place)
    cells = [cell_name(k, s) for k in corrupted['kinds'] for s in corrupted['severities']]
    found = []
    for label, places in sorted(groups.items()):
        own = [rows[place] for place in places]
        line: dict[str, Any] = {
            'class': names[label] if label < len(names) else str(label),
            'n': len(own),
            'clean': mean(_known(row['cells'][CLEAN]) for row in own),
            'corrupted': mean(
                _known(row['cells'][c])
                for row in own
                for c in cells
                if 'hole' not in row['cells'][c]
            ),
        }
        for name, lines in attacks.items():
            known = [
                value for place in places if (value := adversarial_score(lines[place])) is not None
            ]
            line[name] = mean(known)
        found.append(line)
    return found


def _by_joint(
    rows: Sequence[Row], corrupted: Report, attacks: Mapping[str, tuple[Report, Sequence[Row]]]
) -> list[dict[str, Any]]:
    """Of each joint the share within PCK@0.2 when clean, under corruption, and under attack."""
    names = next((list(report.get('joints') or []) for report, _ in attacks.values()), [])
    cells = [cell_name(k, s) for k in corrupted['kinds'] for s in corrupted['severities']]
    good = evaluated(rows)
    found = []
    for joint, name in enumerate(names):
        errors = {
            'clean': [_error(row['cells'][CLEAN], 'joint_errors', joint) for row in good],
            'corrupted': [
                _error(row['cells'][cell], 'joint_errors', joint) for row in good for cell in cells
            ],
        }
        for attack, (_, lines) in attacks.items():
            key = 'adversarial_joint_errors'
            errors[attack] = [_error(row, key, joint) for row in evaluated(lines)]
        shares = {
            key: mean(float(error <= TAU) for error in of if error is not None)
            for key, of in errors.items()
        }
        found.append({'joint': name} | shares)
    return found


def _error(record: Mapping[str, Any], key: str, joint: int) -> float | None:
    """How far a labelled joint is off, in shares of the box."""
    errors = record.get(key) or []
    return errors[joint] if joint < len(errors) else None


def _known(cell: Mapping[str, Any]) -> float:
    return score(cell) or 0.0
