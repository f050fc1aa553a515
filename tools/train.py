"""Train a recogniser or a pose estimator from a config.

    python tools/train.py CONFIG [--work-dir DIR] [--resume] [--cfg-options k=v ...]

Like the train.py of MMAction2 and MMPose, after healing the known breaks of
the OpenMMLab stack; works for any config of theirs.
"""

import argparse
from pathlib import Path

import mmrobust  # noqa: F401  # isort: skip  (heals the imports below)

from mmengine.config import Config, DictAction
from mmengine.runner import Runner


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    parser.add_argument('--resume', action='store_true', help='go on from the latest checkpoint')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    return parser.parse_args()


def main() -> None:
    """Train."""
    args = parse_args()
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    cfg.resume = args.resume or cfg.get('resume', False)
    Runner.from_cfg(cfg).train()


if __name__ == '__main__':
    main()
