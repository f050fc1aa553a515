"""A table of a corruption run: a row for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmrobust.visualization.formatting import DASH, number, percent

Card = Mapping[str, Any]

NOTE = (
    'Scores in per cent: of a recogniser the share of samples that are right, of a pose estimator '
    'the share of joints within a fifth of the box. mean: over the severities; of clean: divided '
    'by the clean score; kept: how much of the clean prediction is left; dB: of the corrupted '
    'frames against the clean ones (PSNR), mean over samples and severities; noise alike: the '
    'mean score under white noise that changes the frames by as much; jitter: of poses in videos, '
    'the mean third difference in time of a joint, in hundredths of the longer side of the box.'
)
OF_TRACKS = (
    'Scores in per cent: the share of tracks that are classified right. mean: over the '
    'severities; of clean: divided by the clean score; kept: how many predictions stay as they '
    'were; moved: the mean way of the joints that are found before and after, in per cent of the '
    "longest side of the person's box; lost: the share of joints that are no longer found, whole "
    'frames among them; both are means over samples and severities; noise alike: the mean score '
    'under noise that moves joints by as much, of kinds that move joints and take none away.'
)


def key_of(card: Card) -> str:
    """``score``, or, where nothing is annotated, ``kept``."""
    return 'score' if card['clean']['score'] is not None else 'kept'


def kind_rows(card: Card, key: str) -> list[dict[str, str]]:
    """A row for each kind, those of a group one after the other."""
    clean = card['clean'][key]
    moving = card.get('jitter') is not None
    found = []
    for name, kind in card['kinds'].items():
        cells = kind['cells'].values()
        whole = not any(cell['holes'] for cell in cells)
        values = [cell[key] for cell in cells]
        mean = sum(values) / len(values) if whole and None not in values else None
        kept = [cell['kept'] for cell in cells]
        found.append(
            {'kind': name}
            | {f's {s}': percent(cell[key]) for s, cell in kind['cells'].items()}
            | {
                'mean': percent(mean),
                'of clean': percent(mean / clean) if mean is not None and clean else DASH,
                'kept': percent(sum(kept) / len(kept)) if None not in kept else DASH,
            }
            | _sizes(list(cells), of_tracks=_of_tracks(card))
            | ({'noise alike': percent(kind.get('control'))} if _controlled(card) else {})
            | ({'jitter': per_cent_of_box(card['jitter']['kinds'][name])} if moving else {})
        )
    return found


def _of_tracks(card: Card) -> bool:
    return bool(card['sample']['noun'] == 'track')


def _sizes(cells: Sequence[Card], *, of_tracks: bool) -> dict[str, str]:
    """How much a kind changes: frames in dB, tracks by what goes elsewhere and what is lost."""
    if of_tracks:
        means = {key: _mean(cells, key) for key in ('moved', 'lost')}
        return {key: percent(value) for key, value in means.items()}
    loud = _mean(cells, 'psnr')
    return {'dB': DASH if loud is None else number(loud, 3)}


def _mean(cells: Sequence[Card], key: str) -> float | None:
    known = [cell[key] for cell in cells if cell.get(key) is not None]
    return sum(known) / len(known) if known else None


def _controlled(card: Card) -> bool:
    return any(kind.get('control') is not None for kind in card['kinds'].values())


def per_cent_of_box(found: Mapping[str, Any]) -> str:
    """Mean jitter, in hundredths of the box's longer side."""
    value = found['jitter']
    return DASH if value is None else number(100 * value, 3)


def note_of(card: Card) -> str:
    """What the columns are."""
    return OF_TRACKS if _of_tracks(card) else NOTE
