"""Another recogniser that the attack sees in the place of the model."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mmrobust.engine.models import load_model
from mmrobust.functional.checks import require, suggestion
from mmrobust.io.configs import read_config
from mmrobust.ledger.provenance import file_sha256, model_files
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.base import Victim
from mmrobust.victims.bound import BoundSamples, BoundVictim

OPTIONS = ('config', 'checkpoint', 'overrides')


class Surrogate:
    """Gives gradients for an attack on a model that gives none.

    Args:
        victim: The model under attack, whose space and device are taken over.
        config: Path of the surrogate's config.
        checkpoint: Its weights.
        overrides: Dotted keys of the config and other values for them.
    """

    def __init__(
        self,
        victim: ActionVictim,
        config: str,
        checkpoint: str,
        overrides: dict[str, Any] | None = None,
    ) -> None:
        self.config, self.checkpoint, self.overrides = config, checkpoint, overrides or {}
        device = next(victim.model.parameters()).device
        cfg = read_config(config, 'surrogate.config')
        model = load_model(cfg, checkpoint, overrides=overrides, device=device)
        self.files = model_files(cfg.model)
        self.victim = victim.like(model, cfg)

    @classmethod
    def from_config(cls, cfg: dict[str, Any] | None, victim: Victim) -> Surrogate | None:
        """Build from a config dict; ValueError for missing or misspelt keys."""
        if not cfg:
            return None
        kind = type(victim).__name__
        require(isinstance(victim, ActionVictim), 'surrogate', 'none but for recognisers', kind)
        assert isinstance(victim, ActionVictim)
        for name in cfg:
            if name not in OPTIONS:
                raise ValueError(f'surrogate has no option {name!r}: {suggestion(name, OPTIONS)}')
        for name in ('config', 'checkpoint'):
            require(isinstance(cfg.get(name), str), f'surrogate.{name}', 'a path', cfg.get(name))
        return cls(victim, **cfg)

    def bind(self, clips: BoundVictim) -> BoundVictim:
        """The surrogate for samples that another recogniser is bound to."""
        assert isinstance(clips, BoundSamples)
        return self.victim.bind(clips.data_samples, clips.layouts)

    def changes(self, before: Tensor, after: Tensor, sample: Any) -> dict[str, Any]:
        """What became of the poses that it finds in frames, each key with ``surrogate_`` before it.

        Args:
            before: Its input for the clean pixels.
            after: Likewise for the adversarial ones.
            sample: The data sample.
        """
        own = getattr(self.victim.scorer.model, 'changes', None)
        found = {} if own is None else own(sample, before, after)
        return {f'surrogate_{name}': value for name, value in found.items()}

    def describe(self) -> dict[str, Any]:
        """What it is, for the report."""
        digest = file_sha256(self.checkpoint)
        return {
            'config': self.config,
            'checkpoint': digest or self.checkpoint,
            'overrides': dict(self.overrides),
            'files': self.files,
        }
