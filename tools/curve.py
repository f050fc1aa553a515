"""Robust accuracy at every budget, from finished runs; see --help."""

import sys

from mmrobust.cli.curve import main

if __name__ == '__main__':
    sys.exit(main())
