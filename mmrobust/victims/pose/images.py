"""A pose data set regrouped: an item is a picture with all its persons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mmrobust.functional.checks import one_line, require
from mmrobust.victims.pose.image_loading import ImageLayout
from mmrobust.victims.samples import LAYOUT_KEY, NAME_KEY, Failure, Results

PERSONS_KEY = 'mmrobust_persons'


class Images:
    """The items of a data set by picture, in the order of its first person.

    Args:
        dataset: An MMPose data set (wrapped or not) whose items are persons, with
            a ``PersonPipeline`` installed.

    Attributes:
        paths: Of the pictures, as the data set names them.
        persons: Their items in the data set.

    Raises:
        ValueError: Its items do not say what picture they are from.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        groups: dict[str, list[int]] = {}
        for row in range(len(dataset)):
            path = dataset.get_data_info(row).get('img_path')
            require(isinstance(path, str), 'img_path', "a picture's path for every item", path)
            groups.setdefault(path, []).append(row)
        self.paths, self.persons = list(groups), list(groups.values())

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Results | Failure:
        """A picture's persons, packed, and the layout; or why there are none."""
        items = [self.dataset[row] for row in self.persons[index]]
        failures = [item for item in items if isinstance(item, Failure)]
        if failures:
            return next((failure for failure in failures if failure.refused), failures[0])
        layouts = [item.pop(LAYOUT_KEY) for item in items]
        names = [item.pop(NAME_KEY) for item in items]
        try:
            layout = ImageLayout.joined(layouts)
        except ValueError as error:
            return Failure(names[0], one_line(error), refused=True)
        return {PERSONS_KEY: items, LAYOUT_KEY: layout, NAME_KEY: names[0]}


@dataclass(frozen=True)
class CollatePersons:
    """Collates the persons of pictures as the data loader would collate them.

    Attributes:
        collate: The data loader's own function.
    """

    collate: Callable[[list[Any]], dict[str, Any]]

    def __call__(self, items: list[Results]) -> dict[str, Any]:
        """One stock batch of all persons."""
        return self.collate([person for item in items for person in item[PERSONS_KEY]])
