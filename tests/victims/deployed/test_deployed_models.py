"""ONNX twins of the demo's networks, end to end."""

import json

import pytest
import torch

import mmrobust as mr
from mmrobust.cli.attack import main as attack
from mmrobust.cli.export import main as export
from mmrobust.cli.verify_deployed import main as verify
from mmrobust.engine.models import load_model
from mmrobust.io.configs import read_config
from mmrobust.registry import MODELS
from mmrobust.victims.deployed.config import deployed_model, runtime_of
from tests.conftest import ROOT

pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')

I3D = (
    str(ROOT / 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'),
    str(ROOT / 'mmrobust/resources/demo_victim.pth'),
)
POSE = (
    str(ROOT / 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'),
    str(ROOT / 'mmrobust/resources/demo_pose_victim.pth'),
)


@pytest.fixture(scope='module')
def onnx(tmp_path_factory):
    folder = tmp_path_factory.mktemp('onnx')
    found = {}
    for name, model in (('i3d', I3D), ('pose', POSE)):
        found[name] = str(folder / f'{name}.onnx')
        assert export([*model, '-o', found[name]]) == 0
    return found


@pytest.mark.slow
@pytest.mark.parametrize(('name', 'model'), [('i3d', I3D), ('pose', POSE)])
def test_a_twin_answers_as_its_model(name, model, onnx, capfd):
    assert verify([*model, onnx[name], '--samples', '5']) == 0
    out = capfd.readouterr().out
    assert 'metrics: the same' in out
    assert ('classes: 0 of 5 differ' in out) == (name == 'i3d')


@pytest.mark.slow
def test_another_checkpoint_is_no_twin(onnx, tmp_path, capfd):
    state = torch.load(POSE[1], weights_only=True)
    weights = state.get('state_dict', state)
    name = next(key for key in weights if key.endswith('final_layer.bias'))
    weights[name] = weights[name] + 0.1
    torch.save(state, tmp_path / 'other.pth')
    assert verify([POSE[0], str(tmp_path / 'other.pth'), onnx['pose'], '--samples', '2']) == 1
    assert 'does not answer as' in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize('name', ['square', 'rays'])
def test_searches_find_on_a_twin_what_they_find_on_the_model(name, onnx, tmp_path):
    options = ['attack.budget=150', 'attack.threat.eps=16']
    common = ['--attack', name, '--max-samples', '3', '--cfg-options', *options]
    for which, given in (('torch', [I3D[1]]), ('onnx', [onnx['i3d'], '--black-box'])):
        assert attack([I3D[0], *given, '--work-dir', str(tmp_path / which), *common]) == 0
    own, twin = (
        [json.loads(line) for line in (tmp_path / one / 'results.jsonl').open()]
        for one in ('torch', 'onnx')
    )
    for key in ('queries', 'success', 'clean_prediction', 'adversarial_prediction'):
        assert [row[key] for row in own] == [row[key] for row in twin]


@pytest.mark.slow
def test_gradients_of_a_black_box_are_refused_in_words(onnx, tmp_path, capfd):
    given = [POSE[0], onnx['pose'], '--black-box', '--attack', 'pgd', '--max-samples', '1']
    assert attack([*given, '--work-dir', str(tmp_path / 'w')]) == 1
    assert 'a black box takes a query attack' in capfd.readouterr().err


@pytest.mark.slow
def test_a_run_says_what_was_deployed_and_goes_on_with_that_alone(onnx, tmp_path, capfd):
    folder = str(tmp_path / 'w')
    given = ['--black-box', '--attack', 'RandomNoise', '--work-dir', folder, '--max-samples']
    assert attack([POSE[0], onnx['pose'], *given, '1']) == 0
    report = json.loads((tmp_path / 'w/report.json').read_text())
    assert report['checkpoint'] == onnx['pose']
    assert len(report['checkpoint_sha256']) == 64
    assert attack([POSE[0], onnx['pose'], *given, '2', '--resume']) == 0
    other = tmp_path / 'other.onnx'
    other.write_bytes((tmp_path / onnx['pose']).read_bytes() + b' ')
    assert attack([POSE[0], str(other), *given, '3', '--resume']) == 1


@pytest.mark.slow
def test_the_exporter_leaves_the_model_in_evaluation_mode(tmp_path):
    from mmrobust.engine.exporting import DeployedPart, export_onnx

    model = load_model(read_config(POSE[0], 'config'), POSE[1])
    part, inputs = DeployedPart(model), torch.rand(2, 3, 80, 64)
    before = part(inputs)
    export_onnx(part, inputs, tmp_path / 'x.onnx')
    assert not any(one.training for one in model.modules())
    assert torch.equal(part(inputs), before)
    # Wrapped and not in that mode itself: its batch statistics would be exported.
    part.train()
    with pytest.raises(ValueError, match='evaluation mode'):
        export_onnx(part, inputs, tmp_path / 'y.onnx')


def scores(average_clips, answer, given='auto'):
    """What a recogniser makes of an answer (N, K) of a deployed network."""
    model = {
        'type': 'Recognizer3D',
        'cls_head': {
            'type': 'I3DHead',
            'num_classes': 3,
            'in_channels': 4,
            'average_clips': average_clips,
        },
        'data_preprocessor': {'type': 'ActionDataPreprocessor', 'format_shape': 'NCTHW'},
    }
    config = deployed_model(model, 'numpy:asarray') | {'scores': given}
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    built = MODELS.build(config).eval()
    built.backbone.runtime.function = lambda array: answer[: len(array)].numpy()
    from mmaction.structures import ActionDataSample

    samples = [ActionDataSample() for _ in answer]
    inputs = torch.zeros(len(answer), 2, 3, 4, 8, 8)
    return torch.stack([s.pred_score for s in built(inputs, samples, mode='predict')])


PROBABILITIES = torch.tensor([[0.7, 0.2, 0.1], [0.05, 0.05, 0.9]])


def test_probabilities_stay_what_they_are():
    assert torch.allclose(scores('prob', PROBABILITIES), PROBABILITIES)


def test_logits_are_averaged_as_the_head_says():
    logits = PROBABILITIES.log() + 3
    assert torch.allclose(scores('prob', logits, 'logits'), PROBABILITIES)
    assert torch.allclose(scores('score', logits), logits)


def test_what_is_taken_for_probabilities_must_be_some():
    with pytest.raises(ValueError, match=r'probabilities.*model\.scores=logits'):
        scores('prob', 10 * PROBABILITIES)


@pytest.mark.parametrize('given', ['x.weights', 'checkpoint', '/a:b/x.pth', 'a b:c'])
def test_what_is_deployed_must_be_known(given):
    with pytest.raises(ValueError, match=r'a file of \.onnx, or module:function'):
        runtime_of(given)


def test_a_drive_is_no_module():
    assert runtime_of('/a:b/x.onnx')['type'] == 'OnnxRuntime'
    assert runtime_of('package.module:function')['type'] == 'FunctionRuntime'


def test_other_models_have_no_deployed_network():
    with pytest.raises(ValueError, match='RecognizerGCN'):
        deployed_model({'type': 'RecognizerGCN'}, 'json:loads')


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / 'x.onnx').write_bytes(b'no graph')
    with pytest.raises(ValueError, match=r'x\.onnx must be an ONNX file'):
        mr.load_victim(I3D[0], tmp_path / 'x.onnx', black_box=True)


@pytest.mark.slow
def test_a_twin_from_python(onnx):
    own = mr.load_victim(*POSE, space='crop')
    twin = mr.load_victim(POSE[0], onnx['pose'], space='crop', black_box=True)
    pixels = torch.randint(0, 256, (3, 3, 80, 64), generator=torch.Generator().manual_seed(0))
    own.model.test_cfg['flip_test'] = False
    outputs = [one.bind_pixels(pixels.float())(pixels.float()) for one in (own, twin)]
    assert torch.allclose(*(each.detach() for each in outputs), atol=1e-5)
