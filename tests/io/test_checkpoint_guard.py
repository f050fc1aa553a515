from collections import OrderedDict
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.logging import MMLogger
from torch import nn

from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.io.checkpoints import check_state, load_weights, named_tensors

MODEL = {'a.weight': torch.zeros(2, 3), 'a.bias': torch.zeros(2), 'n.num_batches_tracked': 0}


def state(**changes):
    found = {'a.weight': torch.ones(2, 3), 'a.bias': torch.ones(2)} | changes
    return {k: v for k, v in found.items() if v is not None}


def test_matching_tensors_pass():
    check_state(state(), MODEL)


MISMATCHES = [
    ({'a.bias': None}, 'has no values for a.bias'),
    ({'a.bias': torch.ones(3)}, r'a.bias is \(3,?\) instead of \(2,?\)'),
    ({'b': torch.ones(1)}, 'does not have: b'),
    ({'a.bias': torch.tensor([1.0, float('nan')])}, 'NaN or inf in a.bias'),
]


@pytest.mark.parametrize(('changes', 'message'), MISMATCHES)
def test_a_mismatch_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        check_state(state(**changes), MODEL)


class Preprocessor(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('mean', torch.tensor([1.0, 2.0]).view(2, 1, 1), persistent=False)


class Renaming(nn.Module):
    """Called ``old`` what is ``a`` now, up to version 1."""

    _version = 2

    def __init__(self):
        super().__init__()
        self.data_preprocessor = Preprocessor()
        self.a = nn.Linear(3, 2)
        self.n = nn.BatchNorm1d(2)
        self._register_load_state_dict_pre_hook(self._rename)

    def _rename(self, state_dict, prefix, local_metadata, *_):
        if local_metadata.get('version') == 2:
            return
        for name in [name for name in state_dict if name.startswith('old.')]:
            state_dict['a.' + name.removeprefix('old.')] = state_dict.pop(name)


def weights(model, *, rename=('', ''), prefix='', **more):
    """What ``torch.save`` would be given, under other names."""
    known = model.state_dict()
    found = OrderedDict((prefix + k.replace(*rename, 1), v.clone()) for k, v in known.items())
    found.update(more)
    return found


def guarded(model, checkpoint):
    """The guard, and then mmengine's own loading."""
    from mmengine.runner.checkpoint import _load_checkpoint_to_model

    CheckpointGuard().after_load_checkpoint(SimpleNamespace(model=model), checkpoint)
    _load_checkpoint_to_model(model, checkpoint)


def same(one, other):
    return all(torch.equal(v, other.state_dict()[k]) for k, v in one.state_dict().items())


@pytest.mark.parametrize(
    'made',
    [
        lambda m: {'state_dict': weights(m)},
        lambda m: {'state_dict': weights(m, rename=('a.', 'old.'))},
        lambda m: {'state_dict': weights(m, rename=('a.', 'old.'), prefix='module.')},
        lambda m: weights(m),
        lambda m: weights(m, rename=('a.', 'old.')),
        lambda m: {'state_dict': weights(m), 'ema_state_dict': {'module.a.bias': torch.ones(7)}},
        lambda m: {
            'state_dict': weights(m, **{'data_preprocessor.mean': torch.tensor([1.0, 2.0])})
        },
    ],
    ids=['as it is', 'old', 'old, wrapped', 'plain', 'plain, old', 'with averages', 'with means'],
)
@pytest.mark.parametrize('from_file', [False, True])
def test_what_stock_loads_exactly_is_loaded(made, from_file, tmp_path):
    source, model = Renaming(), Renaming()
    nn.init.normal_(source.a.weight)
    checkpoint = made(source)
    if from_file:
        torch.save(checkpoint, tmp_path / 'saved.pth')
        load_weights(model, str(tmp_path / 'saved.pth'))
    else:
        guarded(model, checkpoint)
    assert same(source, model)


def test_names_are_old_by_the_version_that_was_saved():
    """A model that was saved today has no old names, whatever it calls its parts."""
    found = {'state_dict': weights(Renaming(), rename=('a.', 'old.'))}
    found['state_dict']._metadata = {'': {'version': 2}}
    with pytest.raises(ValueError, match='has no values for a.weight, a.bias; it holds .* old.w'):
        guarded(Renaming(), found)
    assert named_tensors(found)._metadata == {'': {'version': 2}}


@pytest.mark.parametrize(('changes', 'message'), MISMATCHES)
def test_a_mismatch_is_named_after_renaming(changes, message):
    found = weights(Renaming(), rename=('a.', 'old.'))
    for name, value in changes.items():
        found.pop(name.replace('a.', 'old.'), None)
        if value is not None:
            found[name.replace('a.', 'old.')] = value
    with pytest.raises(ValueError, match=message):
        guarded(Renaming(), {'state_dict': found})


def test_counts_of_what_does_not_match():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(5)))
    other = {f'x.{k}': v for k, v in model.state_dict().items()}
    with pytest.raises(ValueError, match=r'for 0.weight, 0.bias, 1.weight and 7 more; it holds'):
        guarded(model, {'state_dict': other})


def test_a_hook_that_stumbles_is_a_mismatch():
    def stumble(*_):
        raise AssertionError

    model = Renaming()
    model.a._register_load_state_dict_pre_hook(stumble)
    with pytest.raises(ValueError, match='names cannot be taken for those of an older release'):
        guarded(model, {'state_dict': weights(Renaming())})


def test_other_means_are_said(monkeypatch):
    said = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'log', lambda level, text: said.append(text))
    for mean, lines in ((torch.tensor([1.0, 2.0]), 0), (torch.tensor([5.0, 2.0]), 1)):
        guarded(Renaming(), {'state_dict': weights(Renaming(), **{'data_preprocessor.mean': mean})})
        assert len(said) == lines
    assert said == [
        "data_preprocessor.mean is [5.0, 2.0] in the checkpoint; the config's is used: [1.0, 2.0]"
    ]


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('plain', [False, True])
def test_averages_that_a_test_puts_in_the_models_place_are_loaded_too(prefix, plain):
    """EMAHook reads the checkpoint by itself, without removing a wrapper's prefix."""
    source, model = Renaming(), Renaming()
    runner, hook = SimpleNamespace(model=model, _resume=False), EMAHook()
    hook.before_run(runner)
    found = weights(source, rename=('a.', 'old.'), prefix=prefix)
    checkpoint = found if plain else {'state_dict': found}
    CheckpointGuard().after_load_checkpoint(runner, checkpoint)
    hook.after_load_checkpoint(runner, checkpoint)
    assert same(source, hook.ema_model.module)
