"""``mmrobust verify CONFIG CHECKPOINT WORK_DIR``: do saved videos still fool the model?

Reads the adversarial videos that ``mmrobust attack --save-adv`` wrote with
MMAction2's own VideoDataset, decord and the config's test pipeline (tracks of
skeletons with its PoseDataset), runs
mmengine's own test loop (no part of the attack is loaded), and compares the
predictions with the ledger's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.compat.cut_files import missing_bytes
from mmrobust.functional.checks import require, whole
from mmrobust.visualization.formatting import counted


def parser() -> Arguments:
    """The command's arguments."""
    what = (
        'Play saved adversarial videos or tracks through the stock pipeline: do they still fool '
        'the model?'
    )
    p = Arguments('verify', what, 'verify_adv.py')
    p.share('config')
    p.share('checkpoint')
    p.add_argument('work_dir', help='folder of the attack run, with results.jsonl')
    p.share('--save-adv', "default: the run's own, from report.json")
    p.share('--batch-size', 'default 1')
    p.set_defaults(batch_size=1)
    p.share('--cfg-options')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; status 0 only if every reported success still succeeds."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Verify as the arguments say.

    Raises:
        RuntimeError: A reported success does not succeed, or a prediction
            differs from the reported one.
    """
    from mmrobust.ledger.ledger import read_entries

    args = parser().read(argv)
    folder = Path(args.work_dir)
    card = read_card(folder / 'report.json')
    videos = args.save_adv or card['adversarial_videos']
    if not videos or not Path(videos).is_dir():
        raise ValueError(f'--save-adv must be the folder of the saved videos, got {videos!r}')
    entries = read_entries(folder)
    reported = [entries[index] for index in sorted(entries) if index < card['n']]
    pictures = any('picture' in row for row in reported)
    require(not pictures, 'WORK_DIR', 'of a run that saved videos, not pictures', folder.name)
    key = 'track' if any('track' in row for row in reported) else 'video'
    rows = [row for row in reported if key in row and (Path(videos) / row[key]).exists()]
    if not rows:
        raise ValueError(f'no {key} of {folder}/results.jsonl is in {videos}')
    paths = [Path(videos) / row[key] for row in rows]
    check_rows(folder / 'results.jsonl', rows, paths)
    predictions = predict(stock_config(args, Path(videos), folder / 'verify', rows, key), paths)
    if len(predictions) != len(rows):
        saved = counted(len(rows), f'saved {key}')
        raise RuntimeError(f'{saved}, but {len(predictions)} read back')
    report(rows, predictions, sum(row.get('success', False) for row in reported), key)


def read_card(path: Path) -> dict[str, Any]:
    """The report of the run.

    Raises:
        OSError: There is none.
        ValueError: It is none that a run writes.
    """
    content = path.read_bytes()
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    rule = 'the report of a run, a JSON object with n and adversarial_videos'
    known = isinstance(found, dict) and {'n', 'adversarial_videos'} <= found.keys()
    require(known, str(path), rule, content[:60].decode('utf-8', 'replace'))
    assert isinstance(found, dict)
    require(whole(found['n'], 0), f'{path}: n', 'a whole number, at least 0', found['n'])
    videos = found['adversarial_videos']
    text = videos is None or isinstance(videos, str)
    require(text, f'{path}: adversarial_videos', 'a folder or null', videos)
    return found


def check_rows(ledger: Path, rows: Sequence[dict[str, Any]], paths: Sequence[Path]) -> None:
    """Raise ValueError, naming the file, for what nothing can be compared with."""
    for row, path in zip(rows, paths, strict=True):
        where = f'{ledger}: index {row["index"]}:'
        seen, success = row.get('adversarial_prediction'), row.get('success')
        require(whole(seen, 0), f'{where} adversarial_prediction', 'a class', seen)
        require(isinstance(success, bool), f'{where} success', 'true or false', success)
        missing = missing_bytes(str(path))
        require(not missing, str(path), 'whole, as it was saved; missing bytes must be 0', missing)


def stock_config(
    args: argparse.Namespace,
    videos: Path,
    work_dir: Path,
    rows: Sequence[dict[str, Any]],
    key: str = 'video',
) -> Any:
    """The user's config, reading ``videos`` (or tracks) with MMAction2's own data set."""
    from mmrobust.cli.options import parse_options
    from mmrobust.io.configs import read_config

    cfg = read_config(args.config, 'CONFIG')
    cfg.merge_from_dict(parse_options(args.cfg_options))
    pipeline = own_pipeline(cfg.test_dataloader.dataset)
    without_attack(cfg, work_dir)
    work_dir.mkdir(parents=True, exist_ok=True)
    files = saved_tracks if key == 'track' else saved_videos
    dataset = files(videos, work_dir, rows, pipeline)
    cfg.test_dataloader.dataset = {**dataset, 'test_mode': True}
    cfg.test_dataloader.batch_size = args.batch_size
    cfg.test_dataloader.sampler = {'type': 'DefaultSampler', 'shuffle': False}
    cfg.test_cfg = {'type': 'TestLoop'}
    cfg.work_dir, cfg.load_from, cfg.log_level = str(work_dir), args.checkpoint, 'WARNING'
    return cfg


def saved_videos(
    folder: Path, work_dir: Path, rows: Sequence[dict[str, Any]], pipeline: Any
) -> dict[str, Any]:
    """The videos as MMAction2's own data set reads them."""
    from mmrobust.datasets.reading import reading_files
    from mmrobust.victims.action.video_files import annotation_lines

    annotations = work_dir / 'annotations.txt'
    annotations.write_text(annotation_lines(rows), encoding='utf-8')
    return {
        'type': 'VideoDataset',
        'ann_file': str(annotations.resolve()),
        'data_prefix': {'video': str(folder.resolve())},
        'pipeline': reading_files(pipeline),
    }


def saved_tracks(
    folder: Path, work_dir: Path, rows: Sequence[dict[str, Any]], pipeline: Any
) -> dict[str, Any]:
    """The tracks likewise: those of all samples are in one file."""
    from mmrobust.victims.skeleton.track_files import LIST

    path = (folder / LIST).resolve()
    return {'type': 'PoseDataset', 'ann_file': str(path), 'pipeline': pipeline}


def own_pipeline(dataset: Any) -> Any:
    """The test pipeline of a data set's config, inside wrappers.

    Raises:
        ValueError: There is none, or the parts of a wrapper have different ones.
    """
    found, left = [], [dataset]
    while left:
        part = left.pop(0)
        if 'pipeline' in part:
            found.append(part.pipeline)
        else:
            left += [part.dataset] if 'dataset' in part else part.get('datasets', [])
    if not found:
        raise ValueError(f'test_dataloader.dataset must have a pipeline, got {dataset.type}')
    if any(pipeline != found[0] for pipeline in found):
        raise ValueError(
            f'test_dataloader.dataset must have one pipeline in all its parts, got {len(found)} '
            f'parts with different ones in {dataset.type}; verify them one by one'
        )
    return found[0]


def without_attack(cfg: Any, work_dir: Path) -> None:
    """Take the attack's hooks and metrics out of a config that has them."""
    hooks = cfg.get('default_hooks') or {}
    for name in [k for k, hook in hooks.items() if 'AttackHook' in str((hook or {}).get('type'))]:
        hooks.pop(name)
    custom = cfg.get('custom_hooks') or []
    cfg.custom_hooks = [hook for hook in custom if 'AttackHook' not in str(hook.get('type'))]
    cfg.test_evaluator = {
        'type': 'DumpResults',
        'out_file_path': str(work_dir / 'predictions.pkl'),
    }


def predict(cfg: Any, paths: Sequence[Path] = ()) -> list[int]:
    """Predicted classes of the stock test loop, in the order of the data set.

    Args:
        cfg: The config.
        paths: Of the videos that it plays, to name the one where it fails.
    """
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    from mmrobust.engine.checkpoint_guard import CheckpointGuard
    from mmrobust.functional.checks import one_line

    found: list[int] = []
    begun: list[bool] = []

    class Collect(Hook):
        def before_test_epoch(self, runner: Any) -> None:
            begun.append(True)

        def after_test_iter(
            self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            found.extend(int(sample.pred_label) for sample in outputs)

    runner = Runner.from_cfg(cfg)
    runner.register_hook(Collect())
    runner.register_hook(CheckpointGuard())
    try:
        runner.test()
    except Exception as error:
        if not begun or not paths[len(found) :]:
            raise
        raise RuntimeError(f'playing {paths[len(found)]}: {one_line(error)}') from error
    return found


def report(
    rows: Sequence[dict[str, Any]], predictions: Sequence[int], successes: int, key: str = 'video'
) -> None:
    """Compare and print; see :func:`run` for what it raises."""
    wins = [(r, p) for r, p in zip(rows, predictions, strict=True) if r['success']]
    same = sum(r['adversarial_prediction'] == p for r, p in wins)
    alike = sum(r['adversarial_prediction'] == p for r, p in zip(rows, predictions, strict=True))
    one, single = successes == 1, len(rows) == 1
    what = 'success still succeeds' if one else 'successes still succeed'
    print(f'{same} of {successes} reported {what} through the stock pipeline')
    what = 'prediction is that' if single else 'predictions are those'
    print(f'{alike} of {len(rows)} {what} of the report')
    if len(wins) < successes:
        lost = successes - len(wins)
        what = 'success has' if lost == 1 else 'successes have'
        raise RuntimeError(f'{lost} reported {what} no saved {key}')
    if alike < len(rows):
        other = [
            r[key]
            for r, p in zip(rows, predictions, strict=True)
            if r['adversarial_prediction'] != p
        ]
        raise RuntimeError(f'predictions differ for {", ".join(other[:5])}')


if __name__ == '__main__':
    sys.exit(main())
