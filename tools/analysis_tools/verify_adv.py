"""Feed saved adversarial videos back through the stock pipeline; see --help."""

import sys

from mmrobust.cli.verify import main

if __name__ == '__main__':
    sys.exit(main())
