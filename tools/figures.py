"""The figures of finished runs as files of their own; see --help."""

import sys

from mmrobust.cli.figures import main

if __name__ == '__main__':
    sys.exit(main())
