"""Finished cards, and runs of corruptions as cards that hold nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmrobust.evaluation.card import card_of
from mmrobust.evaluation.card_files import CORRUPTIONS, read_card
from mmrobust.ledger.finished import finished_part, kind_of, rows_of_run

# What :func:`~mmrobust.ledger.finished.kind_of` calls them.
KINDS = ('card', 'corruptions')


def corruptions_of(folder: Path) -> Path:
    """The folder of the run of corruptions, of a card or of that run itself."""
    return folder / CORRUPTIONS if kind_of(folder) == 'card' else folder


def card_and_rows(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A card, and the lines of its run of corruptions; none where the card lies alone.

    Args:
        folder: Of a card, or of a run of corruptions.

    Raises:
        ValueError: What is there is neither, or not finished.
    """
    run = corruptions_of(folder)
    if run == folder:
        report, rows = finished_part(folder)
        return card_of(report, rows, {}), rows
    card = read_card(folder)
    there = (run / 'results.jsonl').is_file()
    return card, rows_of_run(run, card['data']['n']) if there else []
