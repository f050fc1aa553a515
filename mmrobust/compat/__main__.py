"""``python -m mmrobust.compat``: see :mod:`mmrobust.compat.environment`."""

import sys

from mmrobust.compat.environment import main

sys.exit(main(sys.argv[1:]))
