"""The console script ``mmrobust``."""

import importlib
import sys
from collections.abc import Sequence

from mmrobust.version import __version__

COMMANDS = {
    'attack': ('mmrobust.cli.attack', 'attack a model from its config and checkpoint'),
    'corrupt': ('mmrobust.cli.corrupt', 'a model on natural corruptions of its test data'),
    'card': ('mmrobust.cli.card', 'natural corruptions beside attacks, on one page'),
    'board': ('mmrobust.cli.board', 'robustness cards side by side'),
    'compare': ('mmrobust.cli.compare', 'is a model worse than another? for CI'),
    'explain': ('mmrobust.cli.explain', 'what in the pixels a model looks at, and how true it is'),
    'sweep': ('mmrobust.cli.sweep', 'run an attack at several budgets'),
    'curve': ('mmrobust.cli.curve', 'robust accuracy at every budget, from finished runs'),
    'table': ('mmrobust.cli.table', 'finished runs, sweeps and transfers as one table'),
    'figures': ('mmrobust.cli.figures', 'figures of finished runs as SVG, PNG and PDF'),
    'transfer': ('mmrobust.cli.transfer', 'show clips crafted on one model to others'),
    'study': ('mmrobust.cli.study', 'do all runs of a study; tables and claims'),
    'verify': ('mmrobust.cli.verify', 'play saved adversarial videos through the stock pipeline'),
    'export': ('mmrobust.cli.export', 'the network of a model as an ONNX file'),
    'verify-deployed': ('mmrobust.cli.verify_deployed', 'does a deployed network answer alike?'),
    'train': ('mmrobust.cli.train', "train a model with mmengine's runner"),
    'list': ('mmrobust.cli.listing', 'attacks, threats, goals and samplers by name'),
    'env': ('mmrobust.compat.environment', 'what is installed, healed, and to be installed'),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ('-h', '--help'):
        print('usage: mmrobust COMMAND ...\n')
        for name, (_, text) in COMMANDS.items():
            print(f'  {name:16}{text}')
        print('\nmmrobust COMMAND --help says what a command takes; mmrobust --version')
        return 0 if arguments else 2
    if arguments[0] == '--version':
        print(f'mmrobust {__version__}')
        return 0
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
