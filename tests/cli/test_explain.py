"""``mmrobust explain`` from the command on: videos, their adversarial versions, poses, errors."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmrobust.cli import attack, explain
from mmrobust.cli.main import COMMANDS
from mmrobust.corruptions.base import snake
from mmrobust.engine.explaining import DEFAULT, methods_of
from mmrobust.io.video import read_video, write_lossless
from mmrobust.registry import EXPLANATIONS
from tests.conftest import CONFIGS, ROOT

TINY = str(CONFIGS / 'tiny_3d.py')
POSE = (
    str(ROOT / 'configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py'),
    str(ROOT / 'mmrobust/resources/demo_pose_victim.pth'),
)
# Without captum.
OWN = ('--method', 'random_masks', 'grad_cam', 'hi_res_cam')
FEW = ('--cfg-options', 'explain.random_masks.masks=4')


def read(folder):
    return json.loads((folder / 'explain.json').read_text())


@pytest.fixture(scope='module')
def attacked(checkpoints, tmp_path_factory):
    """The folder of a run that has saved its videos."""
    folder = tmp_path_factory.mktemp('attacked')
    words = [TINY, str(checkpoints['tiny_3d']), '--max-samples', '2', '--work-dir', str(folder)]
    assert attack.main([*words, '--save-adv', str(folder / 'adversarial')]) == 0
    return folder


@pytest.fixture(scope='module')
def made(checkpoints, attacked, tmp_path_factory):
    """Two videos explained, clean and adversarial."""
    folder = tmp_path_factory.mktemp('explained')
    words = [TINY, str(checkpoints['tiny_3d']), '--max-samples', '2', '--work-dir', str(folder)]
    assert explain.main([*words, '--adversarial', str(attacked), *OWN, *FEW]) == 0
    return folder


def test_it_is_a_command():
    assert COMMANDS['explain'][0] == 'mmrobust.cli.explain'


def test_the_report_holds_curves_areas_and_gains(made):
    report = read(made)
    assert report['schema'] == 1
    assert report['methods']['random_masks']['masks'] == 4
    assert [sample['index'] for sample in report['samples']] == [0, 1]
    for sample in report['samples']:
        for side in ('clean', 'adversarial'):
            line = sample[side]
            assert set(line['methods']) == set(OWN[1:])
            assert line['chance'] == 1 / 10
            assert line['baseline'] == line['random']['deletion'][-1]
            assert line['baseline'] == line['random']['insertion'][0]
            for one in (line['random'], *line['methods'].values()):
                gone, come = np.array(one['deletion']), np.array(one['insertion'])
                assert gone[0] == come[-1] == pytest.approx(line['share'], abs=1e-5)
                assert gone[-1] == come[0]
                area = np.mean((gone[1:] + gone[:-1]) / 2)
                assert one['areas']['deletion'] == pytest.approx(area, abs=1e-9)
            for one in line['methods'].values():
                gain = line['random']['areas']['deletion'] - one['areas']['deletion']
                assert one['deletion_gain'] == pytest.approx(gain)
                gain = one['areas']['insertion'] - line['random']['areas']['insertion']
                assert one['insertion_gain'] == pytest.approx(gain)
    means = report['explained']['adversarial']['random_masks']
    own = [s['adversarial']['methods']['random_masks'] for s in report['samples']]
    assert means['insertion_gain'] == pytest.approx(np.mean([one['insertion_gain'] for one in own]))
    assert means['insertion_gain_low'] is None


def test_both_sides_are_asked_by_one_rule_about_what_the_run_has_attacked(made, attacked):
    rows = [json.loads(line) for line in (attacked / 'results.jsonl').read_text().splitlines()]
    classes = json.loads((attacked / 'report.json').read_text())['classes']
    for sample, row in zip(read(made)['samples'], rows, strict=True):
        for side in ('clean', 'adversarial'):
            assert sample[side]['target'] == classes[row[f'{side}_prediction']]
    assert any(row['clean_prediction'] != row['adversarial_prediction'] for row in rows)


def test_the_page_opens_offline_and_shows_every_sample(made):
    page = (made / 'explain.html').read_text()
    assert page.count('data:image/jpeg;base64,') == 2
    assert 'http://' not in page.replace('http://www.w3.org', '')
    assert 'Deletion, adversarial' in page
    assert {path.name for path in (made / 'strips').iterdir()} == {'000000.jpg', '000001.jpg'}


def test_a_second_run_gives_the_same_and_keeps_what_was_there(made, checkpoints, tmp_path, capsys):
    words = [TINY, str(checkpoints['tiny_3d']), '--max-samples', '1', *OWN, *FEW]
    before = read(made)['samples'][0]
    for _ in range(2):
        # Another batch: to rounding.
        run = [*words, '--batch-size', '5', '--work-dir', str(tmp_path)]
        assert explain.main(run) == 0
        found = read(tmp_path)['samples'][0]['clean']
        for name in OWN[1:]:
            curves = (found, before['clean'])
            one, other = (each['methods'][name]['deletion'] for each in curves)
            assert one == pytest.approx(other, abs=1e-4)
    assert 'kept from before' in capsys.readouterr().out
    assert len(list(tmp_path.glob('explain.before_*'))) == 2


def test_true_and_named_classes(checkpoints, tmp_path):
    words = [TINY, str(checkpoints['tiny_3d']), '--max-samples', '1', '--method', 'grad_cam']
    for target, name in (('true', 'wave_left'), ('jumping_jack', 'jumping_jack'), ('2', None)):
        assert explain.main([*words, '--target', target, '--work-dir', str(tmp_path)]) == 0
        found = read(tmp_path)['samples'][0]['clean']['target']
        assert name in (None, found)


@pytest.mark.slow
def test_joints_where_they_are_put_and_where_they_are_annotated(tmp_path):
    words = [*POSE, '--max-samples', '1', '--method', 'hi_res_cam', '--work-dir', str(tmp_path)]
    for target in ('left_wrist', 'true'):
        assert explain.main([*words, '--target', target]) == 0
        line = read(tmp_path)['samples'][0]['clean']
        assert line['target'].startswith(target if target == 'left_wrist' else 'joints, where')
        assert 0.3 < line['share'] < 1.1
        assert line['methods']['hi_res_cam']['deletion_gain'] > 0


@pytest.mark.slow
def test_pictures_of_a_run_are_read_back(tmp_path):
    words = [*POSE, '--space', 'image', '--max-samples', '1', '--work-dir']
    run = [*words, str(tmp_path / 'run'), '--save-adv', str(tmp_path / 'run' / 'adversarial')]
    assert attack.main([*run, '--attack', 'fgsm']) == 0
    more = ['--adversarial', str(tmp_path / 'run'), '--method', 'hi_res_cam']
    assert explain.main([*words, str(tmp_path / 'out'), *more]) == 0
    (sample,) = read(tmp_path / 'out')['samples']
    assert sample['adversarial']['share'] < sample['clean']['share']


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--method', 'gradent'], "unknown explanation 'gradent': did you mean 'gradient'"),
        (['--method', 'grad_cam', 'grad_cam'], '--method must be each method once'),
        (['--target', 'wave_lef'], "'wave_lef': did you mean 'wave_left'"),
        (['--target', '10'], '--target must be true, predicted or a class'),
        (['--layer', 'backbone.layer9', *OWN, *FEW], "got 'backbone.layer9'; the last ones: "),
        (
            ['--layer', 'backbone.layer9', '--method', 'hi_res_cam'],
            "got 'backbone.layer9'; the last ones: ",
        ),
        (
            ['--layer', 'backbone.layer4', '--method', 'random_masks', *FEW],
            "--layer must be for a --method that takes one (grad_cam, hi_res_cam), got ['random_m",
        ),
        (['--max-samples', '0'], '--max-samples must be at least 1, got 0'),
        (['--batch-size', '0'], '--batch-size must be a whole number, at least 1, got 0'),
        (['--adversarial', 'nowhere'], '--adversarial must be the folder of a finished run'),
        (['--cfg-options', 'explain.grad_cam.leyer=x'], "GradCAM has no option 'leyer'"),
        (['--cfg-options', 'explain.hi_res_cam.layer=x'], 'options of methods that are used'),
    ],
)
def test_what_is_wrong_is_one_line(words, message, checkpoints, tmp_path, capsys):
    given = [TINY, str(checkpoints['tiny_3d']), *words, '--work-dir', str(tmp_path)]
    assert explain.main(given) == 1
    error = capsys.readouterr().err.strip()
    assert message in error
    assert '\n' not in error


def test_a_run_on_other_samples_or_files_that_were_changed_are_refused(
    checkpoints, attacked, tmp_path, capsys
):
    video = attacked / 'adversarial' / '000000.mkv'
    frames, fps = read_video(video)
    words = [TINY, str(checkpoints['tiny_3d']), '--max-samples', '1', '--method', 'grad_cam']
    words += ['--work-dir', str(tmp_path), '--adversarial', str(attacked)]
    kept = video.read_bytes()
    try:
        write_lossless(video, np.where(frames > 100, frames - 60, frames).astype(np.uint8), fps)
        assert explain.main(words) == 1
        assert 'as the run has saved it (sample 0: l_inf 8), got' in capsys.readouterr().err
    finally:
        video.write_bytes(kept)
    lines = (attacked / 'results.jsonl').read_text()
    try:
        (attacked / 'results.jsonl').write_text(lines.replace('synthetic/test/00000', 'other'))
        assert explain.main(words) == 1
        assert 'a run on the same samples; sample 0 is' in capsys.readouterr().err
    finally:
        (attacked / 'results.jsonl').write_text(lines)


def test_models_without_logits_are_refused_by_name():
    from mmrobust.engine.explained_scores import ScoreRule
    from mmrobust.victims.skeleton import SkeletonVictim

    class LifterVictim:
        pass

    for victim in (LifterVictim(), object.__new__(SkeletonVictim)):
        rule = f'recogniser of videos or a top-down pose est.*{type(victim).__name__}'
        with pytest.raises(ValueError, match=rule):
            ScoreRule('predicted', victim, [])


def test_layer_goes_to_every_method_that_takes_one_and_to_no_other():
    options = {'grad_cam': {'layer': 'neck'}, 'random_masks': {'masks': 4}}
    for layer, first in ((None, 'neck'), ('backbone', 'backbone')):
        found = methods_of(['grad_cam', 'hi_res_cam', 'random_masks'], options, layer)
        assert found['grad_cam'].layer == first
        assert found['hi_res_cam'].layer == (layer or '')
        assert found['random_masks'].masks == 4
    assert options['grad_cam'] == {'layer': 'neck'}


def test_help_names_all_methods_the_default_ones_and_those_with_a_layer():
    said = {action.dest: action.help for action in explain.parser()._actions}
    every, default = said['method'].split('default ')
    named = {snake(name) for name in EXPLANATIONS.names()}
    assert named == set(re.findall(r'\w+', every.split('(')[0]))
    assert tuple(re.split(', | and ', default)) == DEFAULT
    layered = {name for name in named if name in said['layer']}
    assert layered == {name for name in named if _has_layer(name)}


def _has_layer(name):
    return hasattr(methods_of([name], {})[name], 'layer')


def test_a_run_of_another_kind_of_model_is_refused_as_that(attacked, tmp_path, capsys):
    words = [*POSE, '--adversarial', str(attacked), '--work-dir', str(tmp_path)]
    assert explain.main([*words, '--method', 'grad_cam', '--max-samples', '1']) == 1
    error = capsys.readouterr().err
    rule = "a run of this model and config, for which there is no space 'video', got '"
    assert f'--adversarial must be {rule}{attacked}' in error
    # What another --space mends is said as before.
    card = json.loads((attacked / 'report.json').read_text()) | {'space': 'image'}
    (tmp_path / 'report.json').write_text(json.dumps(card))
    words[-3] = str(tmp_path)
    assert explain.main([*words, '--method', 'grad_cam', '--max-samples', '1']) == 1
    assert "--space must be that of the run, 'image', got 'crop'" in capsys.readouterr().err


def test_samples_that_do_not_load_are_counted(checkpoints, tmp_path, capsys):
    clips = tmp_path / 'clips'
    clips.mkdir()
    random = np.random.default_rng(0)
    write_lossless(clips / 'a.mkv', random.integers(0, 255, (12, 40, 56, 3), np.uint8), 25)
    (clips / 'b.mp4').write_bytes(b'no video')
    words = [TINY, str(checkpoints['tiny_3d']), '--input', str(clips), '--method', 'grad_cam']
    path = tmp_path / 'reading.py'
    cfg = Config.fromfile(TINY)
    pipeline = cfg.test_dataloader.dataset.pipeline
    pipeline[1:2] = [{'type': 'OpenCVInit'}, pipeline[0], {'type': 'OpenCVDecode'}]
    cfg.test_dataloader.dataset.pipeline = pipeline[1:]
    cfg.dump(path)
    words[0] = str(path)
    assert explain.main([*words, '--work-dir', str(tmp_path / 'out')]) == 0
    report = read(tmp_path / 'out')
    assert len(report['samples']) == 1
    assert [one['index'] for one in report['failures']] == [1]
    assert '1 sample left out, the first: ' in capsys.readouterr().out
    assert explain.main([*words, '--target', 'true', '--work-dir', str(tmp_path / 'out')]) == 1
    assert '--target must be predicted, or one class or joint' in capsys.readouterr().err


def test_the_victim_is_left_as_it_was(checkpoints):
    from mmrobust.engine.explaining import Explainer, dataset_of
    from mmrobust.engine.from_python import victim_of

    cfg = Config.fromfile(TINY)
    victim = victim_of(cfg, checkpoints['tiny_3d'], {}, None, 'cpu')
    model = victim.model.train()
    model.backbone.conv1.eval()
    modes = [module.training for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    weights = [parameter.clone() for parameter in model.parameters()]
    methods = methods_of(['grad_cam', 'random_masks'], {'random_masks': {'masks': 2}})
    found = Explainer(victim, dataset_of(cfg), methods, target='true').explain(0)
    assert found.maps['clean']['grad_cam'].shape == found.pixels['clean'].shape[1:]
    assert modes == [module.training for module in model.modules()]
    assert flags == [parameter.requires_grad for parameter in model.parameters()]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    pairs = zip(weights, model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
