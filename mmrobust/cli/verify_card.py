"""``mmrobust verify`` of a robustness card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmrobust.cli.stock import Stock
from mmrobust.cli.verify_attack import verify_attack
from mmrobust.cli.verify_cells import verify_cells


def verify_card(stock: Stock, folder: Path, saved: str | None) -> None:
    """Play all that a card has saved, and make the card anew of its runs.

    Args:
        stock: The stock test.
        folder: Of the card.
        saved: Folder of the samples, if it is not the one that the reports name.

    Raises:
        ValueError: The card is of another checkpoint, or of raw files that are not named.
        RuntimeError: A file is missing or altered, or a prediction, a score or the card differs;
            all parts are looked at before.
    """
    from mmrobust.evaluation.card import card_of
    from mmrobust.evaluation.card_files import CORRUPTIONS, read_card
    from mmrobust.evaluation.differing import differing
    from mmrobust.ledger.finished import finished_part

    card = read_card(folder)
    stock.check(card['model'])
    names = [one['name'] for one in card['attacks']]
    runs = {name: finished_part(folder / name) for name in names}
    corrupted = finished_part(folder / CORRUPTIONS)
    stock.check_input(corrupted[0])
    wrong: list[str] = []
    for name in [CORRUPTIONS, *names]:
        own = None if saved is None else str(Path(saved) / name)
        if name != CORRUPTIONS and own is None and not runs[name][0]['adversarial_videos']:
            print(f'{name}: nothing saved, not played')
            continue
        print(f'{name}:')
        try:
            if name == CORRUPTIONS:
                verify_cells(stock, folder / name, own)
            else:
                verify_attack(stock, folder / name, own)
        except (RuntimeError, ValueError) as error:
            wrong.append(f'{name}: {error}')
    again = card_of(*corrupted, runs, card.get('left_out'))
    wrong += [f'card.json: {what}' for what in differing(card, _as_saved(again))]
    if wrong:
        raise RuntimeError('; '.join(wrong))
    print('the card is what its runs say')


def _as_saved(card: dict[str, Any]) -> Any:
    """As it is read from its file: keys are texts there."""
    return json.loads(json.dumps(card, default=str))
