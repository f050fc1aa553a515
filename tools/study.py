"""Do a study: many runs, tables and claims; see --help."""

import sys

from mmrobust.cli.study import main

if __name__ == '__main__':
    sys.exit(main())
