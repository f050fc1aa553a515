"""Show clips crafted on one recogniser to others; see --help."""

import sys

from mmrobust.cli.transfer import main

if __name__ == '__main__':
    sys.exit(main())
