"""What a report says where nothing is annotated: what stayed and what moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmrobust.visualization.formatting import (
    DASH,
    count,
    counted,
    interval,
    listed,
    number,
    percent,
    real,
)

Card = Mapping[str, Any]
# The flag of single samples that adds nothing where all are alike.
SAID_ONCE = 'no_annotation'
Pairs = list[tuple[str, str]]

NOTE = 'No annotation: the model’s own clean predictions are the reference.'


def nothing_annotated(card: Card) -> bool:
    """Whether a run is known to have had nothing but predictions to go by."""
    return card.get('annotated') == 0 and bool(count(card.get('evaluated')))


def consistency(card: Card) -> tuple[str, str]:
    """The share of samples whose prediction stayed, and its interval."""
    limits = card.get('consistency_interval')
    return percent(card.get('consistency')), '' if limits is None else interval(limits)


def moved_share(card: Card) -> float | None:
    """The share of the joints that went further than 0.2 of the box; None without poses."""
    found = card.get('movement') or {}
    moved, total = real(found.get('moved')), real(found.get('joints'))
    return None if moved is None or not total else moved / total


def effects(card: Card) -> Pairs:
    """Names and values of what stayed and what moved."""
    share, limits = consistency(card)
    found = [('consistency', share), ('95 % interval of it', limits or DASH)]
    moves = card.get('movement')
    if moves:
        of = f'of {number(moves["joints"], 3)}'
        found += [
            ('joints moved', f'{number(moves["moved"], 3)} {of} ({percent(moved_share(card))})'),
            ('joints vanished', f'{number(moves["vanished"], 3)} {of}'),
            ('displacement', f'{percent(moves["displacement"])} of the box'),
        ]
    return [pair for pair in found if pair[1] != DASH]


def unscored(card: Card) -> str:
    """Which metrics of the config were left out, and why; '' for none."""
    names = card.get('unscored') or ()
    return f'Not scored, for want of annotations: {", ".join(names)}.' if names else ''


def source(card: Card) -> Pairs:
    """Which files a run was about that no annotation list names; empty where one does."""
    about = card.get('input') or {}
    if not about:
        return []
    pictures = about.get('pictures', about['files'])
    pairs = [('input', f'{counted(about["files"], "file")} in {about["folder"]}')]
    if pictures != about['files']:
        pairs.append(('pictures and frames', number(pictures, 9)))
    if about.get('boxes'):
        pairs.append(('boxes', str(about['boxes'])))
    for key, name in (
        ('other_files', 'other files, skipped'),
        ('other_names', 'other names of the same files, left out'),
        ('without_box', 'without a box, left out'),
        ('unused_boxes', 'boxes of other pictures'),
    ):
        if about.get(key):
            pairs.append((name, listed(about[key])))
    if about.get('boxes_of_other_categories'):
        pairs.append(('boxes of no person', number(about['boxes_of_other_categories'], 9)))
    for name, (decoded, announced) in (about.get('cut_videos') or {}).items():
        pairs.append(('cut short', f'{name}: {decoded} of {announced} announced frames decode'))
    return pairs
