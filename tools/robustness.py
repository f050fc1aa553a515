"""Natural corruptions and attacks on one page; see --help."""

import sys

from mmrobust.cli.card import main

if __name__ == '__main__':
    sys.exit(main())
