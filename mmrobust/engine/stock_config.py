"""A config whose stock test reads saved files, with nothing of an attack in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.datasets.reading import reading_files
from mmrobust.io.configs import read_config
from mmrobust.victims.action.video_files import LIST, annotation_lines
from mmrobust.victims.skeleton.track_files import LIST as TRACK_LIST


def stock_config(
    config: str, checkpoint: str, options: Mapping[str, Any], batch_size: int, work_dir: Path
) -> Any:
    """The user's config with mmengine's own test loop.

    Args:
        config: File of the config.
        checkpoint: The weights.
        options: Of the command line, by dotted keys.
        batch_size: Of the test.
        work_dir: For what the test leaves.
    """
    cfg = read_config(config, 'CONFIG')
    cfg.merge_from_dict(dict(options))
    without_attack(cfg)
    cfg.test_dataloader.batch_size = batch_size
    cfg.test_dataloader.sampler = {'type': 'DefaultSampler', 'shuffle': False}
    cfg.test_cfg = {'type': 'TestLoop'}
    cfg.work_dir, cfg.load_from, cfg.log_level = str(work_dir), checkpoint, 'WARNING'
    return cfg


def video_dataset(
    pipeline: Any, videos: Path, rows: Sequence[Mapping[str, Any]], work_dir: Path
) -> dict[str, Any]:
    """MMAction2's own data set of saved videos.

    Args:
        pipeline: Of the config's test.
        videos: Their folder.
        rows: With ``video``, the name of each, and its ``label``.
        work_dir: For the list of them.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    annotations = work_dir / LIST
    annotations.write_text(annotation_lines(rows), encoding='utf-8')
    return {
        'type': 'VideoDataset',
        'ann_file': str(annotations.resolve()),
        'data_prefix': {'video': str(videos.resolve())},
        'pipeline': reading_files(pipeline),
        'test_mode': True,
    }


def track_dataset(pipeline: Any, tracks: Path) -> dict[str, Any]:
    """Likewise of saved tracks of skeletons, all of which are in one file."""
    path = (tracks / TRACK_LIST).resolve()
    return {
        'type': 'PoseDataset',
        'ann_file': str(path),
        'pipeline': pipeline,
        'test_mode': True,
    }


def without_attack(cfg: Any) -> None:
    """Take the attack's hooks out of a config that has them."""
    hooks = cfg.get('default_hooks') or {}
    for name in [k for k, hook in hooks.items() if 'AttackHook' in str((hook or {}).get('type'))]:
        hooks.pop(name)
    custom = cfg.get('custom_hooks') or []
    cfg.custom_hooks = [hook for hook in custom if 'AttackHook' not in str(hook.get('type'))]
