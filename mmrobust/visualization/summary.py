"""What a report card says, in words and rows; shared by the page and the terminal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from mmrobust.functional.interval import wilson
from mmrobust.visualization.flag_texts import BARE, FLAGS
from mmrobust.visualization.formatting import (
    DASH,
    MINUS,
    count,
    duration,
    interval,
    is_error,
    is_share,
    number,
    percent,
    plain,
    real,
)
from mmrobust.visualization.threat_text import threat_text
from mmrobust.visualization.unannotated import SAID_ONCE, moved_share, nothing_annotated

Card = Mapping[str, Any]

FAR = ' by more than a fifth of the box'

NOUNS = {
    'video': 'video',
    'view': 'video',
    'image': 'image',
    'crop': 'person',
    'keypoints': 'pose',
}
UNTARGETED = ('Misclassify', 'CorruptPose', 'CorruptPersons', 'Corrupt3DPose')
COCO = re.compile(r'\bA[PR]\b')
METRICS = {'acc/top1': 'accuracy', 'acc/top5': 'top-5 accuracy', 'acc/mean1': 'mean class accuracy'}


@dataclass(frozen=True)
class Metric:
    """One metric, clean and under attack, and by how much the attack made it worse, as text."""

    name: str
    clean: str
    adversarial: str
    worse: str


def metrics(card: Card) -> list[Metric]:
    """The evaluator's metrics in its order, and by how much each is worse."""
    clean, adversarial = _part(card, 'clean'), _part(card, 'adversarial')
    return [
        _metric(name, clean.get(name), adversarial.get(name))
        for name in dict.fromkeys((*clean, *adversarial))
    ]


def robust(card: Card) -> list[tuple[str, str]]:
    """Further metrics of the run that belong to neither side alone."""
    found = _part(card, 'robust').items()
    return [(n, percent(v) if is_share(n, v) else number(v)) for n, v in found]


def main_metric(card: Card) -> str | None:
    """The metric of the headline: top-1 accuracy, or the first known on both sides."""
    clean, adversarial = _part(card, 'clean'), _part(card, 'adversarial')
    both = [name for name in clean if None not in (real(clean[name]), real(adversarial.get(name)))]
    if 'acc/top1' in both:
        return 'acc/top1'
    return both[0] if both else None


def config_name(card: Card) -> str:
    """The config's file name without folder and ending."""
    name = plain(card.get('config') or None)
    return 'unknown config' if name == DASH else PurePath(name).stem


def attack_text(card: Card) -> str:
    """'PGD, targeted at class 3 (l_inf, eps 4)'; of a card without a title, the attack's type."""
    name = card.get('title') or _part(card, 'attack').get('type') or 'The attack'
    threat = threat_text(card)
    return f'{name} ({threat})' if threat else str(name)


def success_limits(card: Card) -> tuple[float, float] | None:
    """The 95 % Wilson interval of the success rate, computed if the card lacks it."""
    given = card.get('success_interval')
    if given is not None and interval(given) != DASH:
        return float(given[0]), float(given[1])
    rate, n = real(card.get('success_rate')), count(card.get('attacked'))
    return None if rate is None or n < 1 else wilson(min(max(round(rate * n), 0), n), n)


def verdict(card: Card) -> str:
    """The result in one plain sentence."""
    if not count(card.get('evaluated')):
        return 'No sample was evaluated.'
    sentence = f'{attack_text(card)} {_deed(card)}'
    change = _change(card)
    return f'{sentence}; {change}.' if change else f'{sentence}.'


def costs(card: Card) -> list[tuple[str, str]]:
    """What the attack spent."""
    cost, attacked = _part(card, 'cost'), count(card.get('attacked'))
    total = real(card.get('attack_time'))
    each = total / attacked if total is not None and attacked else None
    return [
        ('forwards per sample', number(cost.get('forwards'))),
        ('backwards per sample', number(cost.get('backwards'))),
        ('queries per sample', number(cost.get('queries'))),
        ('attack time per sample', duration(each)),
        ('attack time', duration(total)),
        ('whole run', duration(card.get('wall_time'))),
    ]


def calls(card: Card) -> float | None:
    """Forwards and backwards of an attacked sample; where another model is asked, these too."""
    known = dict(_part(card, 'cost'))
    if card.get('surrogate') is None:
        # A search's queries are among the forwards.
        known.pop('queries', None)
    values = [found for value in known.values() if (found := real(value)) is not None]
    return sum(values) if values else None


def queries(card: Card) -> list[tuple[str, str]]:
    """What a query attack spent, and how well it kept the victim busy."""
    found = _part(card, 'query')
    if not found:
        return []
    return [
        ('query budget', number(found.get('budget'), 9)),
        ('mean of successes', number(found.get('mean_success'))),
        ('median of successes', number(found.get('median_success'))),
        ('mean, failures at budget', number(found.get('mean_capped'))),
        ('median, failures at budget', number(found.get('median_capped'))),
        ('time outside the victim', percent(found.get('outside_share'))),
        ('places filled in calls', percent(found.get('occupancy'))),
        ('cosine with true gradient', number(found.get('gradient_cosine'))),
    ]


def stopped_early(card: Card) -> bool:
    """Whether the sizes of some samples are those of their first success."""
    # A run's report has the key whatever the attack; without queries it is null.
    queried = card.get('query') is not None
    # What falls to a member of an ensemble leaves it.
    ended = queried or bool(card.get('staircase'))
    early = _part(card, 'attack').get('early_stop') is True or ended
    return early and bool(real(card.get('success_rate')))


def flags(card: Card) -> list[tuple[str, str, str]]:
    """Name, number of samples and meaning of each flag that was raised."""
    said = SAID_ONCE if nothing_annotated(card) else None
    return [
        (str(name), number(times), FLAGS.get(str(name), 'A flag of this attack; see its page.'))
        for name, times in _part(card, 'flags').items()
        if name != said
    ]


def noun(card: Card, n: int) -> str:
    """'video', 'image', 'person', in the plural unless ``n`` is 1."""
    return str(sample_kind(card)['noun']) + ('' if n == 1 else 's')


def sample_kind(card: Card) -> Mapping[str, Any]:
    """What the card's samples are (:class:`~mmrobust.victims.base.SampleKind`)."""
    known = _part(card, 'sample')
    if known:
        return known
    # Cards that earlier versions have written tell it by the space alone.
    space, goal = str(card.get('space')), _part(_part(card, 'attack'), 'goal')
    whole = goal.get('type') == 'CorruptPersons'
    return {
        'noun': 'picture' if whole else NOUNS.get(space, 'sample'),
        'frames': space not in ('crop', 'image'),
        'unit': 'pixels of the picture' if space == 'keypoints' else 'grey levels',
    }


def unit(card: Card) -> str:
    """What the size of a perturbation is counted in."""
    return str(sample_kind(card)['unit'])


def _part(mapping: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = mapping.get(key)
    return found if isinstance(found, Mapping) else {}


def _metric(name: str, clean: Any, adversarial: Any) -> Metric:
    clean, adversarial = (None if _unmeasured(name, v) else v for v in (clean, adversarial))
    share = is_share(name, clean, adversarial)
    shown = percent if share else number
    before, after = real(clean), real(adversarial)
    if before is None or after is None:
        return Metric(name, shown(clean), shown(adversarial), DASH)
    # What is lost of a score, what an error has gained.
    worse = after - before if is_error(name) else before - after
    text = f'{100 * worse:.1f} pp'.replace('-', MINUS) if share else number(worse)
    return Metric(name, shown(clean), shown(adversarial), text)


def _unmeasured(name: str, value: Any) -> bool:
    """Whether it is the -1 of COCO's AP and AR where no person is of that size."""
    return real(value) == -1 and COCO.search(name) is not None


def _deed(card: Card) -> str:
    """What the attack did to how many samples."""
    attacked, rate = count(card.get('attacked')), real(card.get('success_rate'))
    videos = noun(card, attacked)
    goal = _part(_part(card, 'attack'), 'goal')
    own = goal.get('reference') == 'prediction'
    if not attacked:
        evaluated = count(card['evaluated'])
        whole = f'{evaluated} {noun(card, evaluated)}'
        if own:
            return f'had nothing to attack: the model predicts nothing on the {whole}'
        flags = _part(card, 'flags')
        bare = {reason: count(flags.get(flag)) for flag, reason in BARE.items()}
        if not any(bare.values()):
            return f'had nothing to attack: the model had none of the {whole} right'
        parts = [f'{number} {reason}' for reason, number in bare.items() if number]
        if sum(bare.values()) < evaluated:
            parts.append('none of the others right')
        return f'had nothing to attack: of {whole}, {", ".join(parts)}'
    if rate is None:
        return f'was run on {attacked} {videos}'
    whom = f'{percent(rate)} of the {attacked} {videos}'
    right = '' if own else ' that the model had right'
    if right and _part(card, 'flags').get('no_annotation'):
        right += ' or that have no annotation'
    if goal.get('type') in UNTARGETED:
        return f'fools {whom}{right}' if right else f'changes the prediction of {whom}'
    if goal.get('type') == 'TargetPose':
        return f'moves {whom} to their target poses'
    if goal.get('type') in ('TargetClass', 'LeastLikely'):
        return f'turns {whom}{right} into its target class'
    return f'reaches its goal on {whom}{right}'


def _change(card: Card) -> str:
    """How the main metric moved; without any, how many joints did."""
    name, moved = main_metric(card), moved_share(card)
    if name is None:
        return '' if moved is None else f'{percent(moved)} of the joints move{FAR}'
    row = next(row for row in metrics(card) if row.name == name)
    what = METRICS.get(name, name)
    before, after = float(card['clean'][name]), float(card['adversarial'][name])
    if before == after:
        return f'{what} stays at {row.clean}'
    return f'{what} {"falls" if after < before else "rises"} from {row.clean} to {row.adversarial}'
