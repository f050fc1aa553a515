"""Train a model from its config; see --help."""

import sys

from mmrobust.cli.train import main

if __name__ == '__main__':
    sys.exit(main())
