"""What a recogniser goes by, as rows of a table and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from mmrobust.visualization.formatting import DASH, counted, interval, percent
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL, CLEAN, INK, MUTED

Card = Mapping[str, Any]

TITLE = 'What it goes by'
NOTE = (
    'The videos, filmed again with one cue exchanged or taken away, without severities and in no '
    'mean. Scores are against the class of the person, with intervals of 95\N{NO-BREAK SPACE}%; '
    'as the scenery: how many are predicted as the class of the video whose scenery is shown; '
    'contrasted accuracy: how many are right on action_swap and wrong on one frame of it.'
)
COLUMNS = ('cue', 'score', 'interval', 'of clean', 'kept', 'as the scenery')


def cue_rows(found: Card, clean: float | None) -> list[dict[str, str]]:
    """A row for each cue, and one for the contrasted accuracy.

    Args:
        found: From :func:`~mmrobust.evaluation.cues.cue_summary`; empty without cues.
        clean: The clean score.
    """
    rows: list[tuple[str, ...]] = []
    for name, cue in (found.get('cues') or {}).items():
        error = cue['background_error']
        scenery = '' if error is None else f'{percent(error)} ({_limits(cue, "background_error")})'
        whole = cue['score'] is not None and not cue['holes']
        of_clean = percent(cue['score'] / clean) if whole and clean else DASH
        scores = percent(cue['score']), _limits(cue, 'score')
        rows.append((name, *scores, of_clean, percent(cue['kept']), scenery))
    contrasted = found.get('contrasted')
    if contrasted is not None:
        scores = percent(contrasted['score']), _limits(contrasted, 'score')
        # Above all cues, which may be many.
        rows.insert(0, ('contrasted accuracy', *scores, '', '', ''))
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def cue_plots(found: Card, clean: Mapping[str, Any]) -> list[Plot]:
    """Bars of what is right with each cue, and taken for the scenery's class; or nothing.

    Args:
        found: As of ``cue_rows``.
        clean: The clean cell.
    """
    bars = [('clean', clean, 'score', MUTED)]
    for name, cue in (found.get('cues') or {}).items():
        bars.append((name, cue, 'score', CLEAN))
        bars.append((f'{name}: as the scenery', cue, 'background_error', ADVERSARIAL))
    known = [bar for bar in bars if bar[1].get(bar[2]) is not None]
    if len(known) < 2:
        return []

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, (_, figures, key, colour) in enumerate(known):
            axes.barh(place, figures[key], color=colour, height=0.7)
            low, high = (figures[f'{key}{end}'] for end in ('_low', '_high'))
            if None not in (low, high):
                axes.plot((low, high), (place, place), color=INK, lw=1)
        axes.set_yticks(range(len(known)), [name for name, *_ in known])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.03)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.tick_params(length=0)
        axes.grid(axis='x')

    note = "Right; red: taken for the class of the other video's scenery. Lines: 95 % intervals."
    return [Plot(TITLE, 'cues', draw, 0.8 + 0.17 * len(known), note)]


def cue_facts(found: Card) -> list[tuple[str, str]]:
    """What the swap of scenery comes to, with 95 % intervals."""
    swap = (found.get('cues') or {}).get('action_swap') or {}
    named = (
        ('before other scenery', swap, 'score'),
        ("taken for the scenery's class", swap, 'background_error'),
        ('contrasted accuracy', found.get('contrasted') or {}, 'score'),
    )
    return [
        (title, f'{percent(figures[key])} (95 %: {_limits(figures, key)})')
        for title, figures, key in named
        if figures.get(key) is not None
    ]


def cue_holes(found: Card) -> dict[str, Any]:
    """Cues that some samples lack, and why."""
    return {n: cue['holes'] for n, cue in (found.get('cues') or {}).items() if cue['holes']}


def cue_sentence(found: Card, clean: float | None) -> str:
    """What the cues say to who reads no tables: the swap, else the worst; empty without any."""
    cues, holes = found.get('cues') or {}, cue_holes(found)
    scores = {name: cue['score'] for name, cue in cues.items() if cue['score'] is not None}
    if holes:
        return f'{counted(len(holes), "kind")} of cue could not be made: {", ".join(holes)}.'
    if not scores:
        return ''
    right = f'Right on {percent(clean)} of the clean videos, and on'
    if 'action_swap' in scores:
        error = percent(cues['action_swap']['background_error'])
        return (
            f'{right} {percent(scores["action_swap"])} of them before the scenery of another '
            f"class's video; {error} are taken for that class."
        )
    worst = min(scores, key=lambda name: float(scores[name]))
    return f'{right} {percent(scores[worst])} in the worst case ({worst}).'


def _limits(figures: Card, name: str) -> str:
    limits = [figures[f'{name}_low'], figures[f'{name}_high']]
    return DASH if None in limits else interval(limits)
