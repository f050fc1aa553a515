"""A model on natural corruptions of its test data; see --help."""

import sys

from mmrobust.cli.corrupt import main

if __name__ == '__main__':
    sys.exit(main())
