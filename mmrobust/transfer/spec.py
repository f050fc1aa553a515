"""What a transfer run is told: victims, who crafts, who is shown, and with what."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from mmrobust.attacks.base import Attack
from mmrobust.engine.attack_configs import attack_config
from mmrobust.evaluation.budget import budget_path, check_budgets, with_budget, without_budget
from mmrobust.functional.checks import require, suggestion, whole
from mmrobust.registry import ATTACKS, find

Success = Literal['source', 'target']
OPTIONS = ('success_on', 'space', 'batch_size', 'seed')
# What mmengine itself reads in a config, and has read by then.
FOREIGN = ('default_scope', 'custom_imports')


@dataclass(frozen=True)
class Job:
    """One thing to do to every sample; ``target`` is None where all targets are shown it."""

    attack: str
    eps: float
    source: str
    target: str | None = None


@dataclass(frozen=True)
class Recipe:
    """Where a victim comes from.

    Attributes:
        config: Path of its config.
        checkpoint: Path or URL of its weights.
        overrides: Dotted keys of the config and other values for them.
    """

    config: str
    checkpoint: str
    overrides: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_config(cls, name: str, cfg: Any) -> Recipe:
        """Build from a config dict; ValueError for missing, misspelt or odd entries."""
        where = f'victims.{name}'
        require(isinstance(cfg, Mapping), where, 'a dict with config and checkpoint', cfg)
        check_keys(where, cfg, [f.name for f in fields(cls)], ('config', 'checkpoint'))
        for key in ('config', 'checkpoint'):
            require(isinstance(cfg[key], str), f'{where}.{key}', 'a path', cfg[key])
        overrides = cfg.get('overrides') or {}
        require(isinstance(overrides, Mapping), f'{where}.overrides', 'a dict', overrides)
        return cls(cfg['config'], cfg['checkpoint'], dict(overrides))


@dataclass(frozen=True)
class TransferSpec:
    """A checked spec.

    Attributes:
        data: A test_dataloader, or the path of a config that has one.
        victims: Name -> recipe.
        attacks: Name -> config of the attack, without a budget; a spec may give a shipped
            attack by its usual name alone.
        eps: Budgets, ascending.
        sources: Victims that clips are crafted on.
        targets: Victims that they are shown to.
        success_on: ``source``: clips are crafted once per source, which also
            says when to stop, and shown to all targets. ``target``: once per
            pair, with gradients of the source and the target's word on success
            (Inkawhich et al. 2018, arXiv:1811.11875, transfer of the iterative
            attacks).
        space: ``video`` or ``view``; of skeletons ``track`` or ``view``.
        batch_size: Samples at once; None for the data's own.
        seed: Together with a sample's index decides its random numbers.
    """

    data: str | dict[str, Any]
    victims: dict[str, Recipe]
    attacks: dict[str, dict[str, Any]]
    eps: tuple[float, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    success_on: Success = 'source'
    space: Literal['video', 'view', 'track'] = 'video'
    batch_size: int | None = None
    seed: int = 0

    @classmethod
    def from_config(cls, cfg: Mapping[str, Any]) -> TransferSpec:
        """Check a spec and fill in what it leaves out.

        Args:
            cfg: The spec as a plain dict. Keys that start with an underscore
                are its own variables.

        Raises:
            ValueError: A key is missing or misspelt, or a value out of range.
        """
        own = {k: v for k, v in cfg.items() if not k.startswith('_') and k not in FOREIGN}
        names = [f.name for f in fields(cls)]
        check_keys('the spec', own, names, ('data', 'victims', 'attacks', 'eps'))
        data = own['data']
        require(isinstance(data, str | Mapping), 'data', 'a path or a dict', data)
        victims = {n: Recipe.from_config(n, v) for n, v in _named(own, 'victims').items()}
        attacks = {n: _attack(n, v) for n, v in _named(own, 'attacks').items()}
        given: dict[str, Any] = {k: own[k] for k in OPTIONS if k in own}
        return cls(
            data=data if isinstance(data, str) else dict(data),
            victims=victims,
            attacks=attacks,
            eps=check_budgets(own['eps']),
            sources=_chosen('sources', own.get('sources', list(victims)), victims),
            targets=_chosen('targets', own.get('targets', list(victims)), victims),
            **given,
        )

    def __post_init__(self) -> None:
        spaces = ('video', 'view', 'track')
        for name, known in (('success_on', ('source', 'target')), ('space', spaces)):
            value = getattr(self, name)
            require(value in known, name, ' or '.join(known), value)
        size = self.batch_size
        require(size is None or whole(size, 1), 'batch_size', 'a whole number >= 1', size)

    @property
    def jobs(self) -> list[Job]:
        """Everything that is done to a sample, in order."""
        aims: tuple[str | None, ...] = (None,) if self.success_on == 'source' else self.targets
        return [
            Job(attack, eps, source, target)
            for attack in self.attacks
            for eps in self.eps
            for source in self.sources
            for target in aims
        ]

    @property
    def used(self) -> list[str]:
        """Victims that are a source or a target, in the spec's order."""
        return [name for name in self.victims if name in (*self.sources, *self.targets)]

    def build_attacks(self) -> dict[tuple[str, float], Attack]:
        """Every attack at every budget, by name and eps.

        What is crafted to be shown to others runs all its steps, unless its config says
        ``early_stop`` itself: a clip that stops at the source's border transfers worse,
        and attacks with other defaults could not be compared. Where the target decides,
        an attack stops as its own default is: at what the target was fooled by.

        Raises:
            ValueError: An attack or one of its options is unknown or out of range.
        """
        found = {}
        for name, cfg in self.attacks.items():
            for eps in self.eps:
                try:
                    found[name, eps] = ATTACKS.build(with_budget(self._complete(cfg), eps))
                except ValueError as error:
                    raise ValueError(f'attacks.{name}: {error}') from error
        return found

    def _complete(self, cfg: dict[str, Any]) -> dict[str, Any]:
        """The config with what crafting for others needs, where it does not say so itself."""
        kind = cfg['type']
        cls = find(ATTACKS, kind) if isinstance(kind, str) else kind
        stops = 'early_stop' in inspect.signature(cls).parameters
        return {'early_stop': False} | cfg if stops and self.success_on == 'source' else cfg

    def describe_attacks(self) -> dict[str, dict[str, Any]]:
        """Every attack with all its options, but the budgets, and when it stops.

        ``stops`` is ``last step``, or ``first success`` (``smallest success``) of the victim
        that decides.
        """
        found, built = {}, self.build_attacks()
        for name, cfg in self.attacks.items():
            attack = built[name, self.eps[-1]]
            options = place = attack.describe()
            *path, last = budget_path(cfg)
            for key in path:
                place = place[key]
            del place[last]
            found[name] = options | {'stops': attack.stops}
        return found


def check_keys(
    where: str, given: Mapping[str, Any], known: Collection[str], needed: Collection[str]
) -> None:
    """Refuse misspelt and missing keys."""
    for name in given:
        if name not in known:
            raise ValueError(f'{where} has no key {name!r}: {suggestion(name, known)}')
    for name in needed:
        if name not in given:
            raise ValueError(f'{where} must have {name!r}')


def _named(cfg: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An entry that must be a dict of at least one named thing."""
    found = cfg[key]
    require(isinstance(found, Mapping) and len(found) > 0, key, 'a dict NAME=dict(...)', found)
    return found


def _attack(name: str, cfg: Any) -> dict[str, Any]:
    """An attack's config without a budget of its own, which nothing would read."""
    if isinstance(cfg, str):
        # By its usual name: what is shipped states a budget.
        return without_budget(_named_attack(f'attacks.{name}', cfg))
    typed = isinstance(cfg, Mapping) and 'type' in cfg
    require(typed, f'attacks.{name}', 'a dict with a type, or a name', cfg)
    try:
        path = budget_path(cfg)
    except ValueError as error:
        raise ValueError(f'attacks.{name}: {error}') from error
    place: Any = cfg
    for key in path:
        place = (place or {}).get(key)
    rule = 'left out: eps of the spec lists the budgets'
    require(place is None, '.'.join(('attacks', name, *path)), rule, place)
    return dict(cfg)


def _named_attack(where: str, name: str) -> dict[str, Any]:
    try:
        return attack_config(name, where)
    except ValueError as error:
        # A mistake in a file is placed already.
        text = str(error)
        raise ValueError(text if text.startswith(where) else f'{where}: {text}') from error


def _chosen(role: str, names: Any, victims: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of victims, each at most once."""
    listed = isinstance(names, list | tuple) and len(names) > 0
    require(listed, role, 'a list of at least one victim', names)
    for name in names:
        if name not in victims:
            raise ValueError(f'{role}: no victim {name!r}: {suggestion(str(name), victims)}')
    require(len(set(names)) == len(names), role, 'distinct names', names)
    return tuple(names)
