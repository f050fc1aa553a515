"""One config from end to end: random weights, stand-in data, stock test, one step of an attack."""

from __future__ import annotations

import json
import math
import re
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from coverage_reasons import Ending, category, ending
from coverage_smaller import smaller
from coverage_watch import Listener, Seen, WatchedLoop, apart
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner

from mmrobust.cli.attack import build_config, parser
from mmrobust.datasets.stand_ins import NoStandInError, stand_in_options
from mmrobust.engine.stock_config import stock_config
from mmrobust.io.configs import read_config
from mmrobust.io.model_config import check_model

Row = dict[str, Any]
# Two ways to the same outputs, in single precision.
CLOSE = 1e-3
HINT = re.compile(r"use space='(\w+)'")
TRIED = 'not tried'
# The bare network's gradient, below which one of the goal's may round to zero.
VANISHED = 1e-9


def examine(config: Path, folder: Path, most_pixels: float) -> Row:
    """The row of a config.

    Args:
        config: Its file.
        folder: Empty, for data, weights and what the runs leave.
        most_pixels: See :func:`~coverage_smaller.smaller`.
    """
    row: Row = {'seconds': {}, 'reduced': '', 'space': ''}
    stages = _Stages(row['seconds'])
    cfg = stages.do('config', lambda: read_config(config, 'CONFIG'))
    if cfg is None:
        return row | _verdict(stages, [])
    options = stages.do('data', lambda: _data(cfg, folder, most_pixels, row)) or {}
    options |= no_pretraining(cfg.get('model') or {}, 'model')
    checkpoint = folder / 'random.pth'
    row['parameters'] = stages.do('weights', lambda: _weights(cfg, options, checkpoint)) or 0
    checkpoint.touch()
    stock: tuple[Listener, Mapping[str, Any]] | None = None
    if not stages.endings:
        stock = stages.do('stock', lambda: _stock(config, cfg, checkpoint, options, folder))
    told = stages.do('attack', lambda: _attacked(config, checkpoint, options, folder, row))
    problems = [] if told is None else _problems(told, WatchedLoop.seen, stock, row)
    return row | _verdict(stages, problems)


class _Stages:
    """Runs stages, times them and keeps what ended them."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.endings: dict[str, Ending] = {}

    def do(self, name: str, work: Callable[[], Any]) -> Any:
        """The result of a stage; None where it ended early."""
        began = time.perf_counter()
        try:
            return work()
        except Exception as error:
            self.endings[name] = ending(error)
            return None
        finally:
            self.seconds[name] = round(time.perf_counter() - began, 2)


def _verdict(stages: _Stages, problems: list[str]) -> Row:
    """Category and reason, and whether the stock test manages the config."""
    ours = stages.endings.get('attack', stages.endings.get('config'))
    # A data set without a stand-in says nothing of what stock can do; an unbuilt model does.
    lacking = stages.endings.get('data')
    tried = lacking is None or lacking.kind != NoStandInError.__name__
    names = ('config', 'data', 'weights', 'stock') if tried else ('config', 'weights')
    first = next((stages.endings[name] for name in names if name in stages.endings), None)
    said = [one.text for one in (ours, first) if one is not None]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        'status': category(ours, first, problems, tried),
        'reason': '; '.join(problems) or next(iter(said), ''),
        'ours': ours and ours.row,
        'stock': first.row if first else 'ok' if tried else TRIED,
        'peak_mib': used.ru_maxrss // 1024,
        'cpu_seconds': round(used.ru_utime + used.ru_stime, 1),
    }


def no_pretraining(part: Any, place: str) -> dict[str, Any]:
    """Options that leave out what would load weights, anywhere in a model."""
    found: dict[str, Any] = {}
    items = part.items() if isinstance(part, Mapping) else enumerate(part)
    for key, value in items:
        here = f'{place}.{key}'
        loads = key == 'pretrained' and isinstance(value, str)
        if loads or (key == 'init_cfg' and 'Pretrained' in str(value)):
            found[here] = None
        elif isinstance(value, Mapping | list | tuple):
            found |= no_pretraining(value, here)
    return found


def _data(cfg: Any, folder: Path, most_pixels: float, row: Row) -> dict[str, Any]:
    """Options for stand-in data and less of it."""
    scope = cfg.get('default_scope') or 'mmaction'
    init_default_scope(scope)
    options = stand_in_options(cfg, folder / 'data')
    fewer, row['reduced'] = smaller(cfg, most_pixels)
    if 'score_thr' in (cfg.model.get('test_cfg') or {}):
        # Random weights are sure of nobody, and then there is nobody to attack.
        fewer['model.test_cfg.score_thr'] = 0.0
        row['reduced'] = 'persons of any score, initial weights of the model itself'
    return options | fewer


def _weights(cfg: Any, options: Mapping[str, Any], path: Path) -> int:
    """Write seeded random weights; their number."""
    cfg.merge_from_dict({k: v for k, v in options.items() if k.startswith('model.')})
    scope = cfg.get('default_scope') or 'mmaction'
    init_default_scope(scope)
    torch.manual_seed(0)
    with MODELS.switch_scope_and_registry(scope) as registry:
        model = registry.build(cfg.model)
    if 'model.test_cfg.score_thr' in options:
        # With torch's own beginnings the boxes of one-stage estimators are beyond all numbers.
        model.init_weights()
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
    return sum(p.numel() for p in model.parameters())


def _stock(
    config: Path, cfg: Any, checkpoint: Path, options: Mapping[str, Any], folder: Path
) -> tuple[Listener, Mapping[str, Any]]:
    """Predictions and metrics of mmengine's own test."""
    batch = cfg.test_dataloader.get('batch_size') or 1
    runner = Runner.from_cfg(
        stock_config(str(config), str(checkpoint), options, batch, folder / 'stock')
    )
    listener = Listener()
    runner.register_hook(listener)
    return listener, runner.test()


def _attacked(
    config: Path, checkpoint: Path, options: Mapping[str, Any], folder: Path, row: Row
) -> Mapping[str, Any]:
    """The card of one step of PGD, in the victim's own space or in the one that it names."""
    try:
        return _attack(config, checkpoint, options, folder / 'attack', '')
    except ValueError as error:
        hint = HINT.search(str(error))
        if hint is None:
            raise
        row['space'], row['space_reason'] = hint[1], str(error)
        return _attack(config, checkpoint, options, folder / hint[1], hint[1])


def _attack(
    config: Path, checkpoint: Path, options: Mapping[str, Any], folder: Path, space: str
) -> Mapping[str, Any]:
    """What the command does, with an eye on it."""
    WatchedLoop.seen = Seen()
    args = parser().parse_args([str(config), str(checkpoint)])
    args.attack = {'type': 'WatchedPGD', 'steps': 1, 'goal': {'reference': 'prediction'}}
    args.work_dir, args.space = str(folder), space or None
    args.cfg_options = dict(options)
    cfg = build_config(args)
    check_model(cfg.model)
    cfg.test_cfg.type = 'mmrobust.WatchedLoop'
    Runner.from_cfg(cfg).test()
    card: Mapping[str, Any] = json.loads((folder / 'report.json').read_text(encoding='utf-8'))
    return card


def _problems(card: Mapping[str, Any], seen: Seen, stock: Any, row: Row) -> list[str]:
    """What is not as it should be in a run that came to its end."""
    row |= {
        'samples': card['n'],
        'flags': card['flags'],
        'bound_difference': seen.difference,
        'gradients': seen.gradients,
        'metrics': sorted(card['clean']),
    }
    found = _of_attack(card, seen, row)
    if 'random_outputs' in card['flags']:
        # Nothing that a network draws anew each time can be the same twice.
        return found
    if not seen.difference <= CLOSE:
        found.append(f'differentiable path {seen.difference:.2g} from the test step')
    return found + _of_stock(card, seen, stock, row)


def _of_attack(card: Mapping[str, Any], seen: Seen, row: Row) -> list[str]:
    """What is wrong with samples and gradients."""
    found = []
    if not card['n'] == card['evaluated'] > 0:
        found.append(f'{card["evaluated"]} of {card["n"]} samples evaluated')
    if not card['attacked']:
        found.append('no sample attacked')
    if 'not_finite' in card['flags']:
        found.append('gradient not finite')
    if card['attacked'] and min(seen.gradients, default=0.0) == 0:
        row['plain_gradient'] = seen.plain
        if seen.plain is None or seen.plain > VANISHED:
            found.append(f"gradient zero, the network's own {seen.plain}")
    return found


def _of_stock(card: Mapping[str, Any], seen: Seen, stock: Any, row: Row) -> list[str]:
    """Where the clean side is not what the stock test gives."""
    if stock is None:
        return ['the stock test ends']
    listener, metrics = stock
    row['clean_difference'] = apart(seen.clean, listener.found)
    found = []
    if row['clean_difference']:
        found.append(f'clean predictions {row["clean_difference"]:.2g} from the stock test')
    if not _equal(card['clean'], metrics) or card['adversarial'].keys() != metrics.keys():
        found.append(f'metrics {card["clean"]} differ from the stock test, {dict(metrics)}')
    return found


def _equal(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether metrics have the same names and values; no number equals no number."""
    if ours.keys() != theirs.keys():
        return False
    # A report has null where a metric is no number.
    pairs = [(math.nan if ours[k] is None else ours[k], theirs[k]) for k in theirs]
    return all(
        math.isclose(mine, other, abs_tol=1e-6) or (math.isnan(mine) and math.isnan(other))
        for mine, other in pairs
    )
