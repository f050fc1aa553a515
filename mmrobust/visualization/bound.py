"""What a report says of the bound that it gives: of one attack, or of several together."""

from mmrobust.visualization.formatting import is_share, number, percent
from mmrobust.visualization.summary import Card, main_metric

# Columns of what each member of an ensemble left.
STAIRCASE = ('member', 'broken', 'left', 'calls each')


def upper_bound(card: Card) -> list[tuple[str, str]]:
    """That one attack says how little is left at most; nothing where no share is measured."""
    name = main_metric(card)
    if name is None or not is_share(name, card['clean'][name], card['adversarial'][name]):
        return []
    return [('robust accuracy', f'at most what is left here: an upper bound, of {tried(card)}')]


def tried(card: Card) -> str:
    """What the bound is of: one attack, and how to tighten it, or an ensemble's members."""
    steps = card.get('staircase') or []
    if steps:
        return f'{len(steps)} attacks together' if len(steps) > 1 else 'the first attack of several'
    return 'one attack (--attack worst_case is tighter)'


def staircase(card: Card) -> list[tuple[str, str, str, str]]:
    """Each member of an ensemble: name, broken of those given, what is left, calls each."""
    return [
        (
            str(step['member']),
            f'{number(step["broken"], 9)} of {number(step["attacked"], 9)}',
            f'{number(step["left"], 9)} ({percent(step["left_share"])})',
            number(step['calls'], 4),
        )
        for step in card.get('staircase') or []
    ]
