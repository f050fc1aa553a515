"""Write a checkpoint with seeded random weights for a config.

For trying the whole path of a big model where its weights are not at hand; the
numbers that come out say nothing about the model.
"""

import argparse
import importlib
import sys

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmrobust  # noqa: F401  (heals the stack before they are imported)


def main() -> int:
    """Build the config's model without its pretrained weights and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of a model')
    parser.add_argument('out', help='the .pth file to write')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    scope = cfg.get('default_scope') or 'mmaction'
    init_default_scope(scope)
    # MMAction2's models, or MMPose's.
    importlib.import_module(f'{scope}.models')
    models = importlib.import_module(f'{scope}.registry').MODELS
    torch.manual_seed(args.seed)
    cfg.model.backbone.pop('init_cfg', None)
    if cfg.model.backbone.get('pretrained') is not None:
        cfg.model.backbone.pretrained = None
    model = models.build(cfg.model)
    torch.save({'state_dict': model.state_dict(), 'meta': {'random_seed': args.seed}}, args.out)
    print(f'{args.out}: {sum(p.numel() for p in model.parameters())} random parameters')
    return 0


if __name__ == '__main__':
    sys.exit(main())
