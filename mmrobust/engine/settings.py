"""Settings of an attack run that are no part of the attack itself."""

from dataclasses import dataclass, fields
from typing import Any

from mmrobust.functional.checks import finite, require, suggestion, whole
from mmrobust.visualization.panels import AMPLIFY


@dataclass(frozen=True)
class RunSettings:
    """How a run proceeds and what it leaves behind.

    Args:
        seed: Together with a sample's index decides its random numbers.
        max_samples: Attack only the first so many samples of the data set.
        resume: Go on from the ledger in the work directory.
        strict: Stop at the first video or picture that cannot be loaded, instead of
            counting it.
        save_adv: Folder for the adversarial videos, lossless, and an annotation list that the
            stock pipeline reads, or for the pictures; None saves none.
        save: Folder for the corrupted samples of a corruption run, each a file that the stock test
            plays; None saves none.
        previews: How many attacked samples the report shows as video.
        amplify: Factor of the differences that they show, above 0: one for a whole run, so that
            a weak change looks weaker than a strong one.
    """

    seed: int = 0
    max_samples: int | None = None
    resume: bool = False
    strict: bool = False
    save_adv: str | None = None
    save: str | None = None
    previews: int = 4
    amplify: float = AMPLIFY

    def __post_init__(self) -> None:
        few = self.max_samples is None or whole(self.max_samples, 1)
        require(few, 'max_samples', 'a whole number, at least 1', self.max_samples)
        for name in ('resume', 'strict'):
            value = getattr(self, name)
            require(isinstance(value, bool), f'settings.{name}', 'true or false', value)
        require(whole(self.seed), 'seed', 'a whole number', self.seed)
        require(whole(self.previews, 0), 'previews', 'a whole number, at least 0', self.previews)
        positive = finite(self.amplify) and self.amplify > 0
        require(positive, 'settings.amplify', 'a finite number above 0', self.amplify)

    @classmethod
    def from_config(cls, cfg: dict[str, Any] | None) -> 'RunSettings':
        """Build from a config dict; ValueError with a suggestion for a misspelt key."""
        known = [field.name for field in fields(cls)]
        for name in cfg or {}:
            if name not in known:
                raise ValueError(f'settings has no option {name!r}: {suggestion(name, known)}')
        return cls(**(cfg or {}))
