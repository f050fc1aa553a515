"""What a run leaves beside its ledger: videos, previews, report.json, report.html."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.datasets import leaves, locate
from mmrobust.engine.ledger import Entry
from mmrobust.engine.photograph_files import PhotographFiles
from mmrobust.engine.previews import LiftingPreviews, PosePreviews, Previews, VideoPreviews
from mmrobust.engine.provenance import file_sha256, versions
from mmrobust.evaluation.queries import query_summary
from mmrobust.evaluation.relations import Relations
from mmrobust.evaluation.summary import summarize
from mmrobust.functional.checks import require
from mmrobust.victims.action.full_video import check_readable, full_video
from mmrobust.victims.action.layouts import VideoLayout
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.page import Preview, write_page
from mmrobust.visualization.terminal import print_table
from mmrobust.visualization.video import write_lossless

SCHEMA = 1


class Artifacts:
    """Files of one attack run.

    Args:
        loop: The :class:`~mmrobust.engine.attack_loop.AttackTestLoop`.

    Raises:
        ValueError: ``save_adv`` in a space whose perturbations no video and no
            photograph can carry (``view``, ``crop``).
        OSError: The work directory or ``save_adv`` cannot be written.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.folder = Path(loop.runner.work_dir)
        target = loop.settings.save_adv
        self.adversarial = Path(target).absolute() if target else None
        if target:
            space = loop.victim.space
            rule = '"video" with save_adv (for a pose estimator, "image")'
            require(space in ('video', 'image'), 'space', rule, space)
        for folder in (self.folder, self.adversarial):
            if folder is not None:
                check_writable(folder)
        dataset = loop.dataloader.dataset
        self.dataset = dataset
        self._readable: set[tuple[int, ...]] = set()
        metainfo = getattr(dataset, 'metainfo', None) or {}
        self.source = next((s for d in leaves(dataset) if (s := getattr(d, 'source', None))), None)
        self.classes = [str(name) for name in metainfo.get('classes', [])]
        self.joints = [str(name) for name in metainfo.get('keypoint_id2name', {}).values()]
        self.previews: Previews = VideoPreviews(self.classes)
        if loop.victim.space in ('crop', 'image'):
            self.previews = PosePreviews(metainfo, Relations.of(loop.victim, loop.attack))
        elif loop.victim.space == 'keypoints':
            self.previews = LiftingPreviews(metainfo)
        self.photographs = None
        if self.adversarial is not None and loop.victim.space == 'image':
            self.photographs = PhotographFiles(self.adversarial, loop.samples)

    def complete(self, entry: Entry) -> bool:
        """Whether a resumed entry needs no second go: it loaded, and what was saved is there."""
        if entry['error'] is not None:
            return False
        if self.adversarial is None:
            return True
        saved = entry.get('video', entry.get('photograph'))
        return saved is not None and (self.adversarial / saved).exists()

    def start(self) -> None:
        """Remove the previews of an earlier run in the same folder."""
        for path in (self.folder / 'previews').glob('*.*'):
            path.unlink()

    def save(self, index: int, loaded: Loaded, outcome: Outcome, entry: Entry) -> dict[str, str]:
        """Write the sample's video or photograph, and its preview.

        Args:
            index: Of the sample.
            loaded: The sample, alone in its batch.
            outcome: Of the attack.
            entry: Its line in the ledger.

        Returns:
            File names for the ledger.
        """
        files, layout = {}, loaded.layouts[0]
        if self.adversarial is not None and isinstance(layout, VideoLayout):
            files['video'] = f'{index:06d}.mkv'
            self._write_video(self.adversarial / files['video'], index, layout, outcome)
        if self.photographs is not None:
            files['photograph'] = self.photographs.write(index, outcome.adversarial)
        if outcome.attacked and self._wants_preview(index):
            files['preview'] = f'previews/{index:06d}{self.previews.suffix}'
            path = self.folder / files['preview']
            path.parent.mkdir(parents=True, exist_ok=True)
            self.previews.write(path, loaded, outcome, entry)
        return files

    def _write_video(self, path: Path, index: int, layout: VideoLayout, outcome: Outcome) -> None:
        """The whole video on the canvas, its sampled frames replaced."""
        leaf, inner = locate(self.dataset, index)
        video = full_video(leaf.pipeline, leaf.get_data_info(inner))
        positions = layout.frame_indices.numpy() - video.start
        clean = layout.canvas.permute(1, 2, 3, 0).numpy()
        if not np.array_equal(video.frames[positions], clean):
            raise ValueError(f'save_adv: {path.name}: the decoder returns other frames each time')
        video.frames[positions] = outcome.adversarial.cpu().permute(1, 2, 3, 0).numpy()
        write_lossless(path, video.frames, video.fps)
        if video.frames.shape[1:] not in self._readable:
            check_readable(path, video.frames, leaf.pipeline)
            self._readable.add(video.frames.shape[1:])

    def _wants_preview(self, index: int) -> bool:
        """The first few attacked samples of the data set, whatever is resumed."""
        folder = self.folder / 'previews'
        earlier = [p for p in folder.glob(f'*{self.previews.suffix}') if int(p.stem) < index]
        return len(earlier) < self.loop.settings.previews

    def report(
        self, entries: list[Entry], metrics: dict[str, dict[str, float]], wall_time: float
    ) -> None:
        """Write report.json and report.html, print the table."""
        rows = [{k: v for k, v in entry.items() if k != 'evaluator'} for entry in entries]
        card = self.card(rows, metrics, wall_time)
        text = json.dumps(_finite(card), indent=2, default=str) + '\n'
        (self.folder / 'report.json').write_text(text, encoding='utf-8')
        if self.adversarial is not None and self.photographs is None:
            lines = annotation_lines([row for row in rows if 'video' in row])
            (self.adversarial / 'annotations.txt').write_text(lines, encoding='utf-8')
        write_page(self.folder / 'report.html', card, rows, self._previews(rows))
        print_table(card)
        print(f'\nreport: {self.folder / "report.html"}')
        shown = [row['preview'] for row in rows if 'preview' in row]
        if shown:
            print(f'clean | adversarial | difference: {self.folder / shown[0]}')
        if self.adversarial is not None:
            kind = 'videos' if self.photographs is None else 'photographs'
            print(f'adversarial {kind}: {self.adversarial}')

    def card(
        self, rows: list[Entry], metrics: dict[str, dict[str, float]], wall_time: float
    ) -> dict[str, Any]:
        """Everything that report.json says."""
        runner, loop = self.loop.runner, self.loop
        attack = loop.attack.describe()
        return {
            'schema': SCHEMA,
            'config': str(runner.cfg.filename or 'config'),
            'checkpoint': str(runner._load_from),
            'checkpoint_sha256': file_sha256(runner._load_from),
            'attack': attack,
            'title': loop.attack.title,
            'threat': attack['threat'],
            'goal': attack['goal'],
            'space': loop.victim.space,
            'surrogate': loop.surrogate.describe() if loop.surrogate else None,
            'seed': loop.settings.seed,
            'versions': versions(),
            'classes': self.classes,
            'joints': self.joints,
            'clean': metrics['clean'],
            'adversarial': metrics['adversarial'],
            'robust': metrics['robust'],
            'unscored': loop.metrics.unscored,
            'input': self.source,
            'query': query_summary(rows, attack),
            'wall_time': wall_time,
            'work_dir': str(self.folder),
            'adversarial_videos': str(self.adversarial) if self.adversarial else None,
        } | summarize(rows)

    def _previews(self, rows: list[Entry]) -> list[Preview]:
        shown = [row for row in rows if 'preview' in row][: self.loop.settings.previews]
        found = []
        for row in shown:
            path = self.folder / row['preview']
            if path.exists():
                caption = self.previews.caption(row)
                found.append(Preview(row['name'], path.read_bytes(), caption, path.suffix))
        return found


def annotation_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Saved videos as ``VideoDataset`` lists them; its class of a video without one is -1."""
    labels = [-1 if row['label'] is None else row['label'] for row in rows]
    return ''.join(f'{row["video"]} {n}\n' for row, n in zip(rows, labels, strict=True))


def check_writable(folder: Path) -> None:
    """Raise OSError with one clear line unless files can be made in ``folder``."""
    for part in (folder, *folder.parents):
        if part.is_symlink() and not part.exists():
            raise OSError(f'output folder {folder} must be writable: {part} links to nothing')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / '.writable'
        probe.write_text('', encoding='utf-8')
        probe.unlink()
    except OSError as error:
        raise OSError(
            f'output folder {folder} must be writable: {os.strerror(error.errno or 0)}'
        ) from error


def _finite(value: Any) -> Any:
    """Arrays as lists, NaN and infinity as null: JSON has neither."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return _finite(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
