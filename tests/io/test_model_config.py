"""Models that are refused before they are built, in a line that says what to do."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.utils import get_installed_path

from mmrobust.cli.attack import main
from mmrobust.engine.attack_hook import AttackHook
from mmrobust.engine.models import load_model
from mmrobust.io import model_config
from mmrobust.io.model_config import check_model
from mmrobust.victims.lifting.lifter_chain import Lifter

BACKBONE = {'type': 'mmpretrain.VisionTransformer', 'arch': 'small'}


def wheel(path):
    return Path(get_installed_path('mmpose'), '.mim', 'configs', path)


@pytest.mark.parametrize(
    ('model', 'place'),
    [
        ({'type': 'A', 'backbone': BACKBONE}, r"model\.backbone\.type='mmpretrain\.Vision"),
        ({'type': 'A', 'neck': [{'type': 'B'}, BACKBONE]}, r"model\.neck\.1\.type='mmpretrain"),
        ({'backbone': {'_scope_': 'mmpretrain'}}, r"model\.backbone\._scope_='mmpretrain'"),
    ],
)
def test_packages_that_a_model_needs_are_named_where_they_are_missing(monkeypatch, model, place):
    monkeypatch.setattr(model_config, 'find_spec', lambda name: None)
    rule = rf'{place}.* needs the package mmpretrain, which is not .*: pip install "mmpretrain'
    with pytest.raises(ModuleNotFoundError, match=rule):
        check_model(model)
    monkeypatch.setattr(model_config, 'find_spec', lambda name: object())
    check_model(model)


def test_types_of_other_packages_are_left_to_the_registries(monkeypatch):
    monkeypatch.setattr(model_config, 'find_spec', lambda name: None)
    check_model({'type': 'mmrobust.X', 'backbone': {'type': 'mine.Net', 'layers': [1, 'a.b']}})


def test_distillers_are_refused_with_their_students_config(tmp_path, capsys):
    folder = 'wholebody_2d_keypoint/dwpose'
    configs = sorted(wheel(folder).rglob('*dis*/*.py'))
    assert len(configs) == 14
    for path in (configs[0], configs[-1]):
        with pytest.raises(ValueError, match=r"student's config, \S*\.py, with") as caught:
            check_model(Config.fromfile(path).model)
        student = str(caught.value).split('config, ')[1].split(', with')[0]
        assert Config.fromfile(student).model.type == 'TopdownPoseEstimator'
    weights = tmp_path / 'weights.pth'
    weights.touch()
    assert main([str(configs[0]), str(weights), '--work-dir', str(tmp_path / 'out')]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith('error: model.type must be a model')]
    assert not (tmp_path / 'out').exists()


def test_surrogates_and_lifters_are_checked_with_their_files_named(monkeypatch, tmp_path):
    monkeypatch.setattr(model_config, 'find_spec', lambda name: None)
    config, weights = tmp_path / 'other.py', tmp_path / 'weights.pth'
    config.write_text(f"model = {{'type': 'PoseLifter', 'backbone': {BACKBONE!r}}}")
    weights.touch()
    with pytest.raises(ModuleNotFoundError, match=r'of config \S*other\.py needs the package'):
        load_model(config, weights)
    options = {'config': str(config), 'checkpoint': str(weights)}
    with pytest.raises(ModuleNotFoundError, match=r'of lifter\.config needs the package'):
        Lifter(options, torch.device('cpu'))


def test_a_hook_refuses_what_the_command_refuses():
    # A runner of MMPose's own test script, which builds a distiller like any model.
    distiller = {'type': 'DWPoseDistiller', 'student_cfg': 'student.py'}
    loop = SimpleNamespace(dataloader=None, evaluator=None)
    runner = SimpleNamespace(_test_loop=loop, cfg=Config({'model': distiller}), model=None)
    with pytest.raises(ValueError, match=r"its student's config, student\.py, with weights"):
        AttackHook('PGD').before_run(runner)
