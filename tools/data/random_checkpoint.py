"""Write a checkpoint with seeded random weights for a config.

For trying the whole path of a big model where its weights are not at hand; the
numbers that come out say nothing about the model.
"""

import argparse
import sys

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)


def main() -> int:
    """Build the config's model without its pretrained weights and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config of a model')
    parser.add_argument('out', help='the .pth file to write')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    torch.manual_seed(args.seed)
    cfg = Config.fromfile(args.config).model
    cfg.backbone.pretrained = None
    model = MODELS.build(cfg)
    torch.save({'state_dict': model.state_dict(), 'meta': {'random_seed': args.seed}}, args.out)
    print(f'{args.out}: {sum(p.numel() for p in model.parameters())} random parameters')
    return 0


if __name__ == '__main__':
    sys.exit(main())
