"""Gradients of one model, success on another."""

import pytest
import torch

from tests.conftest import CONFIGS
from tests.engine.runs import attack_run, outcome, rows

pytestmark = pytest.mark.slow

CONFIG = str(CONFIGS / 'tiny_3d.py')
PREDICTED = 'attack.goal.reference=prediction'


@pytest.fixture(scope='module')
def other_checkpoint(checkpoints, tmp_path_factory):
    """The same net with other weights."""
    state = torch.load(checkpoints['tiny_3d'], weights_only=True)
    generator = torch.Generator().manual_seed(1)
    inner = state.get('state_dict', state)
    for name, value in inner.items():
        if value.is_floating_point() and value.dim() > 1:
            inner[name] = value + 0.5 * value.std() * torch.randn(value.shape, generator=generator)
    path = tmp_path_factory.mktemp('other') / 'other.pth'
    torch.save(state, path)
    return path


def transfer(checkpoint, folder, surrogate, attack, *options):
    arguments = ['--attack', attack, '--surrogate', CONFIG, str(surrogate)]
    return attack_run(checkpoint, folder, *arguments, '--cfg-options', PREDICTED, *options)


def test_a_model_as_its_own_surrogate_changes_nothing_but_the_queries(checkpoints, tmp_path):
    own = checkpoints['tiny_3d']
    plain = ['--attack', 'IterativeSaliencyRG', '--cfg-options', PREDICTED]
    attack_run(own, tmp_path / 'white', *plain)
    card = transfer(own, tmp_path / 'same', own, 'IterativeSaliencyRG')
    white, same = (rows(tmp_path / name) for name in ('white', 'same'))
    for one, other in zip(white, same, strict=True):
        kept = {k: v for k, v in outcome(one).items() if k != 'forwards'}
        assert {k: v for k, v in outcome(other).items() if k != 'forwards'} == kept
        # The white box tests with the forward that carries the next gradient.
        assert other['queries'] == (one['frames'] if one['attacked'] else 0)
    assert card['surrogate']['config'] == CONFIG
    assert card['cost']['queries'] > 0


@pytest.mark.slow
def test_transfer_is_measured_on_the_attacked_model(checkpoints, other_checkpoint, tmp_path):
    own = checkpoints['tiny_3d']
    transfer(own, tmp_path / 'transfer', other_checkpoint, 'OneShot')
    attack_run(own, tmp_path / 'white', '--attack', 'OneShot', '--cfg-options', PREDICTED)
    moved, white = (rows(tmp_path / name) for name in ('transfer', 'white'))
    assert [r['clean_prediction'] for r in moved] == [r['clean_prediction'] for r in white]
    assert [r['l2'] for r in moved] != [r['l2'] for r in white]
    assert not any('scores_disagree' in row['flags'] for row in moved)


def test_bad_surrogates_are_named(checkpoints, tmp_path):
    own = checkpoints['tiny_3d']
    with pytest.raises(FileNotFoundError, match=r'checkpoint .*missing\.pth does not exist'):
        transfer(own, tmp_path, tmp_path / 'missing.pth', 'FGSM')
    with pytest.raises(ValueError, match='does not match the model'):
        transfer(own, tmp_path, checkpoints['tiny_2d'], 'FGSM')


def test_a_mistake_in_a_surrogates_config_is_named_by_file_and_line(checkpoints, tmp_path):
    broken = tmp_path / 'broken.py'
    broken.write_text('model = 1\nother = dict(\n')
    own = checkpoints['tiny_3d']
    with pytest.raises(ValueError, match=r'^surrogate\.config .*broken\.py, line 2: '):
        attack_run(own, tmp_path / 'out', '--surrogate', str(broken), str(own))
