"""What a study says at its end: text, page and numbers, from sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmrobust.evaluation.claims import Claim
from mmrobust.visualization.files import write_json
from mmrobust.visualization.formatting import real
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.study import StudyPage, write_study


@dataclass(frozen=True)
class Section:
    """A part of the results, of one victim or of several.

    Attributes:
        name: Its heading.
        text: In Markdown, tables and claims among it.
        claims: Those of the text, for ``results.json``.
        plots: For the page.
        rows: Numbers of every arm for the page, mappings of equal keys in all sections.
    """

    name: str
    text: str
    claims: Sequence[Claim] = field(default=())
    plots: Sequence[Plot] = field(default=())
    rows: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True)
class Frame:
    """What stands around the sections.

    Attributes:
        title: Of the page, in the browser's tab.
        kicker: Above the page's headline.
        remark: In front of everything; '' for nothing.
        note: Behind everything: what the columns are.
    """

    title: str
    kicker: str
    remark: str
    note: str


def write_results(folder: Path, frame: Frame, sections: Sequence[Section], victims: int) -> str:
    """Write ``results.md``, ``results.json`` and, where there are rows, ``results.html``.

    Returns:
        The text of ``results.md``.
    """
    parts = [f'## {each.name}\n\n{each.text}' for each in sections]
    text = '\n\n'.join(part for part in (frame.remark, *parts, frame.note) if part) + '\n'
    (folder / 'results.md').write_text(text, encoding='utf-8')
    write_json(folder / 'results.json', {each.name: _numbers(each) for each in sections})
    rows = [row for each in sections for row in each.rows]
    if rows:
        page = StudyPage(
            title=frame.title,
            kicker=frame.kicker,
            verdict=frame.remark or f'{victims} victims, {len(rows)} attacks.',
            tiles=[],
            rows=rows,
            note=frame.note,
            plots=[plot for each in sections for plot in each.plots],
            blocks=[],
        )
        write_study(folder / 'results.html', page)
    return text


def _numbers(section: Section) -> dict[str, Any]:
    """Rows and claims as JSON holds them; limits that are infinite are null."""
    claims = [
        {
            'claim': claim.text,
            'above_zero': claim.rule,
            'measured': claim.measured,
            'interval': [real(limit) for limit in claim.margin],
            'verdict': claim.verdict,
        }
        for claim in section.claims
    ]
    return {'rows': [dict(row) for row in section.rows], 'claims': claims}
