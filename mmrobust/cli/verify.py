"""``mmrobust verify CONFIG CHECKPOINT WORK_DIR``: does the stock test say what the report says?

Reads what ``mmrobust attack --save-adv``, ``mmrobust corrupt --save`` and ``mmrobust card --save``
have kept: videos with MMAction2's own VideoDataset, decord and the config's test pipeline, tracks
of skeletons with its PoseDataset, pictures with the config's own data set of MMPose. Runs
mmengine's own test loop (no part of an attack is loaded), and compares the predictions with the
ledger's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.cli.arguments import Arguments
from mmrobust.cli.inputs import add_arguments
from mmrobust.cli.reporting import report_errors
from mmrobust.cli.stock import Stock
from mmrobust.cli.verify_attack import verify_attack
from mmrobust.cli.verify_card import verify_card
from mmrobust.cli.verify_cells import is_of_corruptions, verify_cells


def parser() -> Arguments:
    """The command's arguments."""
    what = (
        'Play saved adversarial and corrupted samples through the stock pipeline: does the model '
        'still say what the report says?'
    )
    p = Arguments('verify', what, 'verify_adv.py')
    p.share('config')
    p.share('checkpoint')
    p.add_argument('work_dir', help='folder of a run, with results.jsonl, or of a card')
    p.share('--save-adv', "saved samples of an attack run; default: the run's own, from its report")
    p.share('--save', "those of a corruption run, of a card all; default: the run's own")
    add_arguments(p)
    p.share('--batch-size', 'default 1')
    p.set_defaults(batch_size=1)
    p.share('--cfg-options')
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; status 0 only if all is as it was reported."""
    return report_errors(run, sys.argv[1:] if argv is None else argv)


def run(argv: Sequence[str]) -> None:
    """Verify as the arguments say.

    Raises:
        ValueError: A file is missing or altered, or the run is of another checkpoint.
        RuntimeError: A prediction, a score or a success differs from the reported one.
    """
    from mmrobust.evaluation.card_files import FILE

    args = parser().read(argv)
    folder = Path(args.work_dir)
    if not any((folder / name).is_file() for name in (FILE, 'report.json')):
        raise ValueError(f'{folder} must be the folder of a finished run or card')
    stock = Stock(args, folder / 'verify')
    if (folder / FILE).is_file():
        verify_card(stock, folder, args.save)
    elif is_of_corruptions(folder):
        verify_cells(stock, folder, args.save)
    else:
        verify_attack(stock, folder, args.save_adv)


if __name__ == '__main__':
    sys.exit(main())
