"""The console script ``mmrobust``."""

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    'attack': ('mmrobust.cli.attack', 'attack a model from its config and checkpoint'),
    'transfer': ('mmrobust.cli.transfer', 'show clips crafted on one model to others'),
    'sweep': ('mmrobust.cli.sweep', 'run an attack at several budgets'),
    'train': ('mmrobust.cli.train', "train a model with mmengine's runner"),
    'env': ('mmrobust.compat.environment', 'what is installed, healed, and to be installed'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ('-h', '--help'):
        print('usage: mmrobust COMMAND ...\n')
        for name, (_, text) in COMMANDS.items():
            print(f'  {name:10}{text}')
        return 0 if arguments else 2
    if arguments[0] not in COMMANDS:
        from mmrobust.functional.checks import suggestion

        print(
            f'error: unknown command {arguments[0]!r}: {suggestion(arguments[0], COMMANDS)}',
            file=sys.stderr,
        )
        return 2
    module = importlib.import_module(COMMANDS[arguments[0]][0])
    return int(module.main(arguments[1:]) or 0)


if __name__ == '__main__':
    sys.exit(main())
