"""Attack runs of the tiny configs, inside the test process."""

import json
from pathlib import Path

from mmengine.config import Config

from tests.conftest import CONFIGS


def attack_run(checkpoint: Path, work_dir: Path, *arguments: str, config: str = 'tiny_3d'):
    """Run tools/attack.py's own function; returns the report's card."""
    from mmrobust.cli.attack import run

    path = CONFIGS / f'{config}.py' if '/' not in config else config
    run([str(path), str(checkpoint), '--work-dir', str(work_dir), *arguments])
    return card(work_dir)


def card(work_dir: Path):
    return json.loads((work_dir / 'report.json').read_text())


def rows(work_dir: Path):
    lines = (work_dir / 'results.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def outcome(row):
    """What must not depend on batches, processes or interruptions."""
    keys = ('index', 'name', 'clean_prediction', 'adversarial_prediction', 'attacked', 'success')
    more = ('linf', 'frames', 'forwards', 'backwards', 'flags')
    return {key: row[key] for key in keys + more}


def derived_config(folder: Path, base: str, **changes) -> Path:
    """A child config on disk."""
    path = folder / f'child_of_{base}.py'
    cfg = Config.fromfile(CONFIGS / f'{base}.py')
    cfg.merge_from_dict(changes)
    cfg.dump(path)
    return path
