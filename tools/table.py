"""Finished runs, sweeps and transfers as one table; see --help."""

import sys

from mmrobust.cli.table import main

if __name__ == '__main__':
    sys.exit(main())
