"""Checkpoints load as data: mmengine's own do, anything that runs code does not."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import checkpoint as mmengine_checkpoint
from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint

from mmrobust.compat import checkpoints, heal


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class Attribute:
    """Fetches an attribute when it is unpickled."""

    def __reduce__(self):
        return getattr, (np.ndarray, 'tofile')


class ObjectType:
    """Builds the dtype of Python objects when it is unpickled."""

    def __reduce__(self):
        return np.dtype, ('O', False, True)


@pytest.fixture(autouse=True)
def _healed() -> None:
    heal()


@pytest.fixture
def message_hub(request) -> dict:
    hub = MessageHub(request.node.name)
    for value in (0.5, 0.25):
        hub.update_scalar('train/loss', np.float32(value))
        hub.update_scalar('train/lr', value)
    hub.update_info('iter', 7)
    hub.update_info('dataset_meta', {'sigmas': np.ones(3, 'f4'), 'names': np.array(['hip'])})
    return hub.state_dict()


def test_mmengine_checkpoint_loads(tmp_path, message_hub):
    path = tmp_path / 'epoch_1.pth'
    torch.save(
        {
            'meta': {'epoch': 1, 'seed': np.int64(3), 'best': np.float64(0.5)},
            'state_dict': torch.nn.Linear(2, 1).state_dict(),
            'message_hub': message_hub,
        },
        path,
    )
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)  # what torch >= 2.6 does by itself
    model = torch.nn.Linear(2, 1)
    loaded = load_checkpoint(model, str(path), strict=True)
    assert loaded['meta'] == {'epoch': 1, 'seed': 3, 'best': 0.5}
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    assert history.mean() == 0.375
    assert history.statistics('current') == 0.25
    meta = loaded['message_hub']['runtime_info']['dataset_meta']
    assert meta['sigmas'].tolist() == [1, 1, 1]
    assert meta['names'].tolist() == ['hip']


@pytest.mark.parametrize('forced', ['0', '1'])
@pytest.mark.parametrize('legacy', [False, True])
def test_malicious_checkpoint_is_refused(tmp_path, monkeypatch, forced, legacy):
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', forced)
    path, proof = tmp_path / 'bad.pth', tmp_path / 'proof'
    torch.save(
        {'state_dict': {}, 'extra': Touch(proof)}, path, _use_new_zipfile_serialization=not legacy
    )
    with pytest.raises(pickle.UnpicklingError) as caught:
        CheckpointLoader.load_checkpoint(str(path))
    assert not proof.exists()
    message = str(caught.value)
    assert str(path) in message
    assert 'posix.mkdir' in message
    assert 'To convert' in message
    assert '\n' not in message
    torch.load(path, weights_only=False)
    assert proof.exists()  # so the checkpoint would have done it


@pytest.mark.parametrize(
    ('value', 'name'), [(Attribute(), 'builtins.getattr'), (ObjectType(), 'numpy.dtype')]
)
def test_allowed_names_are_restricted(tmp_path, value, name):
    path = tmp_path / 'sly.pth'
    torch.save({'value': value}, path)
    with pytest.raises(pickle.UnpicklingError, match=f'holds the global {name}'):
        CheckpointLoader.load_checkpoint(str(path))


def test_class_of_the_user_is_named(tmp_path):
    path = tmp_path / 'own.pth'
    torch.save({'path': Path('x')}, path)
    with pytest.raises(pickle.UnpicklingError, match=r'global pathlib\.PosixPath'):
        CheckpointLoader.load_checkpoint(str(path))


def test_what_is_no_checkpoint(tmp_path):
    path = tmp_path / 'text.pth'
    path.write_text('not a checkpoint')
    with pytest.raises(pickle.UnpicklingError, match=r'text\.pth cannot be read as data: [^\n]+$'):
        CheckpointLoader.load_checkpoint(str(path))
    with pytest.raises(FileNotFoundError, match='absent'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'absent.pth'))


@pytest.mark.parametrize(
    ('content', 'kind'),
    [
        (b'hello world\n', 'a file of another kind, such as text'),
        (b'e\n', 'a file of another kind, such as text'),
        (b'', 'an empty file'),
    ],
)
def test_a_file_of_another_kind_is_called_so(tmp_path, content, kind):
    (tmp_path / 'odd.pth').write_bytes(content)
    words = rf'odd\.pth cannot be read as data: it is no checkpoint, but {kind}$'
    with pytest.raises(pickle.UnpicklingError, match=words):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'odd.pth'))


def test_allowed_globals_do_not_stay():
    with torch.serialization.safe_globals([HistoryBuffer]):
        before = set(torch.serialization.get_safe_globals())
        with checkpoints.data_only('here'):
            assert set(checkpoints.allowed_globals()) <= set(torch.serialization.get_safe_globals())
        assert set(torch.serialization.get_safe_globals()) == before >= {HistoryBuffer}


def test_downloads_are_data_too(monkeypatch, tmp_path):
    asked = {}

    def download(url, **kwargs):
        asked.update(kwargs, url=url)
        raise pickle.UnpicklingError('GLOBAL os.system was not allowed')

    loader = checkpoints.functools.partial(checkpoints._load_url, download)
    monkeypatch.setattr(mmengine_checkpoint, 'load_url', loader)
    with pytest.raises(pickle.UnpicklingError, match=r'https://x/y refused.*os\.system'):
        CheckpointLoader.load_checkpoint('https://x/y')
    assert asked['weights_only'] is True


def test_url_loader_is_replaced(tmp_path):
    path = tmp_path / 'there.pth'
    torch.save({'state_dict': {}, 'meta': Path('any')}, path)
    with pytest.raises(pickle.UnpicklingError, match=r'file://.*there\.pth refused: .*pathlib'):
        mmengine_checkpoint.load_url(path.as_uri(), model_dir=str(tmp_path / 'here'))
