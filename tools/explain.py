"""What in the pixels a model's answers rest on; see --help."""

import sys

from mmrobust.cli.explain import main

if __name__ == '__main__':
    sys.exit(main())
