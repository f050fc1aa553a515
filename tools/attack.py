"""Attack a model from its config and checkpoint; see --help."""

import sys

from mmrobust.cli.attack import main

if __name__ == '__main__':
    sys.exit(main())
