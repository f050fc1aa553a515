"""Run an attack at several budgets; see --help."""

import sys

from mmrobust.cli.sweep import main

if __name__ == '__main__':
    sys.exit(main())
