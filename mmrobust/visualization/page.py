"""The report: one HTML file that opens offline and asks nobody for anything."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from mmrobust.io.atomic import replacing
from mmrobust.visualization import bound, sizes, summary, unannotated
from mmrobust.visualization.class_figures import classes_table, never_attacked
from mmrobust.visualization.document import document
from mmrobust.visualization.figures import plots
from mmrobust.visualization.formatting import (
    DASH,
    count,
    flatten,
    interval,
    number,
    percent,
    plain,
    real,
)
from mmrobust.visualization.pose_figures import joints_table
from mmrobust.visualization.sample_names import common_folder, inside, without_folder
from mmrobust.visualization.samples import samples_note, samples_table
from mmrobust.visualization.stills import decoded, write_contact_sheet


@dataclass(frozen=True)
class Preview:
    """A sample to show, as a playing video or a picture.

    Attributes:
        title: Shown above it, such as the sample's name.
        content: An .mp4, such as from
            :func:`~mmrobust.visualization.video.preview_bytes`, or a .png.
        caption: Shown below it.
        suffix: ``.mp4``, ``.png`` or ``.jpg``.
        shows: What it shows, where that is not an attacked sample; see ``description``.
    """

    title: str
    content: bytes
    caption: str = ''
    suffix: str = '.mp4'
    shows: str = ''

    @property
    def moving(self) -> bool:
        """Whether it is a video."""
        return self.suffix == '.mp4'

    @property
    def source(self) -> str:
        """The file as a data: URI."""
        kind = {'.mp4': 'video/mp4', '.jpg': 'image/jpeg'}.get(self.suffix, 'image/png')
        return f'data:{kind};base64,{base64.b64encode(self.content).decode()}'

    @property
    def description(self) -> str:
        """What it shows, for those who do not see it."""
        shown = 'videos' if self.moving else 'poses on the pictures'
        what = self.shows or f'clean and adversarial {shown}, and their amplified difference'
        words = f'{self.title}: {what}'
        return f'{words}; {self.caption}' if self.caption else words


def write_page(
    path: str | os.PathLike[str],
    card: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    previews: Sequence[Preview],
) -> None:
    """Write the report of one run, and a contact sheet if its samples are pictures.

    Args:
        path: The .html file; missing folders are made. ``contact_sheet.png``
            stands beside it then.
        card: The run's card, as in ``report.json``; unknown values may be
            missing, None or NaN.
        rows: One mapping per sample, as in ``results.jsonl``.
        previews: Samples to show; may be empty.
    """
    with replacing(Path(path)) as temporary:
        temporary.write_text(render(card, rows, previews), encoding='utf-8')
    sheet = Path(path).with_name('contact_sheet.png')
    stills = [preview for preview in _titled(previews, _folder(rows)) if not preview.moving]
    if stills:
        write_contact_sheet(sheet, [(p.title, p.caption, decoded(p.content)) for p in stills])


def render(
    card: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], previews: Sequence[Preview]
) -> str:
    """The report as text; see :func:`write_page`."""
    folder = _folder(rows)
    rows, previews = without_folder(folder, rows), _titled(previews, folder)
    columns, samples = samples_table(rows, card.get('classes') or [])
    joint_columns, joints = joints_table(card, rows)
    class_columns, by_class = classes_table(card)
    values = {
        'title': f'{summary.config_name(card)} under {summary.attack_text(card)}',
        'config': summary.config_name(card),
        'attack': summary.attack_text(card),
        'verdict': summary.verdict(card).replace(' %', '\N{NO-BREAK SPACE}%'),
        'tiles': _tiles(card),
        'metrics': summary.metrics(card),
        'robust': summary.robust(card),
        'effects': unannotated.effects(card) if unannotated.nothing_annotated(card) else [],
        'effects_note': unannotated.NOTE,
        'unscored': unannotated.unscored(card),
        'costs': [pair for pair in summary.costs(card) + summary.queries(card) if pair[1] != DASH],
        'perturbations': sizes.perturbations(card, rows),
        'unit': summary.unit(card).capitalize(),
        'all_frames': sizes.all_frames(card),
        'stopped_early': summary.stopped_early(card),
        'flags': summary.flags(card),
        'staircase': bound.staircase(card),
        'staircase_columns': bound.STAIRCASE,
        'tried': bound.tried(card),
        'failures': without_folder(folder, card.get('failures') or []),
        'failed': count(card.get('failed')),
        'plots': plots(card, rows),
        'previews': previews,
        'class_columns': class_columns,
        'classes': by_class,
        'never_attacked': never_attacked(card),
        'joint_columns': joint_columns,
        'joints': joints,
        'labelled': not unannotated.nothing_annotated(card),
        'columns': columns,
        'samples': samples,
        'note': samples_note(card, rows),
        'total': len(rows),
        'blocks': [
            ('Run', _facts(card, folder)),
            ('Attack', flatten(card.get('attack') or {})),
            ('Versions', flatten(card.get('versions') or {})),
        ],
    }
    return document('report.html.j2', values)


def _tiles(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The headline's figures: name, value, remark."""
    limits = summary.success_limits(card)
    attacked, evaluated = count(card.get('attacked')), count(card.get('evaluated'))
    remark = f'Wilson 95 %: {interval(limits)}' if limits else ''
    tiles = [('success rate', percent(card.get('success_rate')), remark)]
    name = summary.main_metric(card)
    for metric in summary.metrics(card):
        if metric.name == name:
            what = summary.METRICS.get(name, name)
            tiles.append((f'{what} under attack', metric.adversarial, f'clean {metric.clean}'))
    if unannotated.nothing_annotated(card):
        tiles += _own_tiles(card)
    tiles.append(
        (
            f'{summary.noun(card, attacked)} attacked',
            number(attacked, 9),
            f'of {number(evaluated, 9)}',
        )
    )
    cost = card.get('cost') or {}
    kind = 'queries' if real(cost.get('queries')) else 'forwards'
    each = summary.costs(card)[3][1]
    each = '' if each == DASH else f'{each} each'
    tiles.append((f'{kind} per sample', number(cost.get(kind), 3), each))
    return tiles


def _own_tiles(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The headline's figures where nothing is annotated."""
    share, limits = unannotated.consistency(card)
    tiles = [('consistency', share, f'Wilson 95 %: {limits}' if limits else '')]
    moved = unannotated.moved_share(card)
    if moved is not None:
        tiles.append(('joints moved', percent(moved), summary.FAR.strip()))
    return tiles


def _folder(rows: Sequence[Mapping[str, Any]]) -> str:
    """Where all samples lie; '' where they are no files."""
    return common_folder(row['name'] for row in rows if row.get('name'))


def _titled(previews: Sequence[Preview], folder: str) -> list[Preview]:
    """Samples to show, by their names inside of the folder."""
    return [replace(preview, title=inside(folder, preview.title)) for preview in previews]


def _streams(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What answers together, and with what weights; nothing for a model alone."""
    found = card.get('streams') or ()
    parts = [
        f'{PurePath(str(one["config"] or "the config")).stem} × {one["weight"]:g}' for one in found
    ]
    return [('fused', ' + '.join(parts))] if parts else []


def _facts(card: Mapping[str, Any], folder: str) -> list[tuple[str, str]]:
    """What was run on what."""
    pairs = [
        ('config', card.get('config')),
        ('checkpoint', card.get('checkpoint')),
        ('checkpoint sha256', card.get('checkpoint_sha256')),
        ('space', card.get('space')),
        ('gradients from', (card.get('surrogate') or {}).get('config', 'the model itself')),
        *_streams(card),
        ('seed', card.get('seed')),
        ('samples', card.get('n')),
        ('evaluated', card.get('evaluated')),
        ('failed', card.get('failed')),
        *([('folder of the samples', folder)] if folder else []),
    ]
    return [*((name, plain(value)) for name, value in pairs), *unannotated.source(card)]
