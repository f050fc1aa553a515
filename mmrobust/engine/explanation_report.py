"""What an explained model leaves: explain.json, explain.html, strips."""

from __future__ import annotations

import re
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmrobust.engine.artifacts import finite
from mmrobust.engine.explaining import Explained, Explainer
from mmrobust.evaluation.explanations import SIDES, explained
from mmrobust.io.atomic import replacing
from mmrobust.ledger.provenance import file_sha256, versions
from mmrobust.ledger.set_aside import set_aside
from mmrobust.victims.samples import Failure
from mmrobust.visualization.explanations import (
    described,
    print_explanations,
    write_explanations,
)
from mmrobust.visualization.files import write_json
from mmrobust.visualization.formatting import duration
from mmrobust.visualization.heat import heat_sheet
from mmrobust.visualization.panels import Frame

SCHEMA = 1
# Of samples on the page; all are in explain.json, and their strips in the folder.
SHOWN = 16
QUALITY = 88
STRIP = re.compile(r'\d{6,}\.jpg')


class ExplanationReport:
    """The folder of an explained model.

    Args:
        folder: Of the results.
        explainer: The model with its data.
        config: As the user named it.
        checkpoint: Likewise.
    """

    def __init__(self, folder: Path, explainer: Explainer, config: str, checkpoint: str) -> None:
        self.folder, self.explainer = folder, explainer
        self.config, self.checkpoint = config, checkpoint
        self.lines: list[dict[str, Any]] = []
        self.failures: list[dict[str, Any]] = []
        self.strips: dict[int, bytes] = {}

    def go_through(self, count: int) -> None:
        """Explain the first samples; what is done is on disk before the next one begins.

        Raises:
            ValueError: None of them could be explained.
        """
        strips = (path for path in (self.folder / 'strips').glob('*') if STRIP.fullmatch(path.name))
        set_aside([self.folder / 'explain.json', self.folder / 'explain.html', *sorted(strips)])
        for index in range(count):
            began = time.perf_counter()
            found = self.explainer.explain(index)
            if isinstance(found, Failure):
                self.failures.append({'index': index, 'name': found.name, 'error': found.error})
                print(f'{index + 1} of {count}: {found.name}: left out, {found.error}', flush=True)
                continue
            self.lines.append(found.line)
            self._draw(index, found)
            write_json(self.folder / 'explain.json', finite(self.report()))
            took = duration(time.perf_counter() - began)
            said = described(found.line)
            print(f'{index + 1} of {count}: {found.line["name"]}: {said} ({took})', flush=True)
        if not self.lines:
            first = self.failures[0]
            raise ValueError(
                f'at least one sample must be explained, but all {count} were left out; the '
                f'first: {first["name"]}: {first["error"]}'
            )
        report = finite(self.report())
        # With the samples that were left out at the end.
        write_json(self.folder / 'explain.json', report)
        write_explanations(self.folder / 'explain.html', report, self.strips)
        print()
        print_explanations(report)
        print(f'\nexplanations: {self.folder / "explain.html"}')

    def report(self) -> dict[str, Any]:
        """Everything that explain.json says."""
        explainer = self.explainer
        run = explainer.run
        return {
            'schema': SCHEMA,
            'config': self.config,
            'checkpoint': self.checkpoint,
            'checkpoint_sha256': file_sha256(self.checkpoint),
            'space': explainer.victim.space,
            'noun': explainer.victim.kind.noun,
            'target': explainer.rule.target,
            'adversarial': None if run is None else {'run': str(run.folder), 'attack': run.title},
            'without_adversarial': 0 if run is None else sum(SIDES[1] not in s for s in self.lines),
            'methods': {name: one.describe() for name, one in explainer.methods.items()},
            'seed': explainer.seed,
            'versions': versions() | _captum(),
            'explained': explained(self.lines),
            'samples': self.lines,
            'failures': self.failures,
        }

    def _draw(self, index: int, found: Explained) -> None:
        """Write the sample's strip, and keep that of the first ones for the page."""
        sides = {}
        for side, pixels in found.pixels.items():
            maps = {name: _as_frames(one.numpy()) for name, one in found.maps[side].items()}
            sides[side] = (self._frames(pixels.numpy()), maps)
        content = _jpeg(heat_sheet(sides))
        with replacing(self.folder / 'strips' / f'{index:06d}.jpg') as temporary:
            temporary.write_bytes(content)
        if len(self.strips) < SHOWN:
            self.strips[index] = content

    def _frames(self, pixels: Any) -> Any:
        """(T, H, W, 3), RGB, of pixels (C, S)."""
        if self.explainer.rule.posed:
            # Pipelines of MMPose read pictures as BGR.
            return np.ascontiguousarray(pixels.transpose(1, 2, 0)[None, ..., ::-1])
        return np.ascontiguousarray(pixels.transpose(1, 2, 3, 0))


def _as_frames(found: Any) -> Any:
    return found if found.ndim == 3 else found[None]


def _jpeg(picture: Frame) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return cv2.imencode('.jpg', picture[..., ::-1], options)[1].tobytes()


def _captum() -> dict[str, str]:
    try:
        return {'captum': version('captum')}
    except PackageNotFoundError:
        return {}
