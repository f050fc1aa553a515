"""Write the tracks that a chain estimates in videos as annotations for ``PoseDataset``.

    python tools/data/estimate_tracks.py CONFIG OUT.pkl [--cfg-options KEY=VALUE ...]

CONFIG is that of a recogniser on poses (mmrobust.PoseRecognizerGCN or PoseRecognizer3D); its
videos are those of test_dataloader.dataset, others by --cfg-options
test_dataloader.dataset.split=train. A recogniser that is trained on OUT.pkl knows the estimator's
errors and scores, as deployed ones do.
"""

import argparse
import pickle
import sys
from pathlib import Path

from mmengine.config import DictAction
from mmengine.registry import DATASETS, MODELS, init_default_scope

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.chain.extraction import estimated_tracks
from mmrobust.io.atomic import replacing
from mmrobust.io.configs import read_config


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='of a recogniser on poses')
    parser.add_argument('out', help='annotations (pickle)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override the config')
    args = parser.parse_args()
    cfg = read_config(args.config, 'CONFIG')
    cfg.merge_from_dict(args.cfg_options or {})
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    model, dataset = MODELS.build(cfg.model).eval(), DATASETS.build(cfg.test_dataloader.dataset)
    found = []
    for track in estimated_tracks(model, dataset):
        found.append(track)
        if sys.stderr.isatty():
            print(f'\r{len(found)} of {len(dataset)}', end='', file=sys.stderr)
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        temporary.write_bytes(pickle.dumps(found, protocol=4))
    print(f'{len(found)} tracks in {out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
