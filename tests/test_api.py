"""The front door: what it gives is what the command gives."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

import mmrobust as mr
from mmrobust.datasets import SyntheticVideoDataset
from mmrobust.io.video import write_lossless
from tests.conftest import CONFIGS, ROOT, build_recognizer
from tests.engine.runs import attack_run, rows
from tests.flow.recognizer_toys import build, config_3d

TINY = CONFIGS / 'tiny_3d.py'
POSE = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
POSE_WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'


@pytest.fixture(scope='module')
def victim(checkpoints):
    return mr.load_victim(TINY, checkpoints['tiny_3d'])


@pytest.fixture(scope='module')
def frames():
    dataset = SyntheticVideoDataset(num_videos=3, split='test', pipeline=[], test_mode=True)
    return [dataset.frames(index) for index in range(3)]


def pgd(**options):
    return mr.PGD(threat=mr.Linf(8), steps=4, **options)


def facts(outcome):
    return (outcome.attacked, outcome.success, outcome.linf, outcome.forwards, outcome.frames)


def small(frames, size=(32, 43)):
    """Videos (N, C, T, H, W) of the size that the tiny pipeline's Resize leaves."""
    import mmcv

    shown = [[mmcv.imresize(f, (size[1], size[0])) for f in video] for video in frames]
    return torch.from_numpy(np.array(shown)).permute(0, 4, 1, 2, 3).contiguous()


def test_arrays_get_what_the_command_gives_their_videos(victim, frames, checkpoints, tmp_path):
    found = mr.attack(victim, frames, pgd())
    attack_run(checkpoints['tiny_3d'], tmp_path, '--max-samples', '3')
    keys = ('attacked', 'success', 'linf', 'forwards', 'frames')
    assert [facts(one) for one in found] == [
        tuple(row[key] for key in keys) for row in rows(tmp_path)
    ]
    assert any(one.success for one in found)


def test_files_are_read_as_arrays_are(victim, frames, tmp_path):
    for number, video in enumerate(frames[:2]):
        write_lossless(tmp_path / f'{number}.mkv', video, 25)
    arrays, files = mr.attack(victim, frames[:2], pgd()), mr.attack(victim, tmp_path, pgd())
    for one, other in zip(arrays, files, strict=True):
        assert torch.equal(one.adversarial, other.adversarial)
    (single,) = mr.attack(victim, str(tmp_path / '0.mkv'), pgd())
    assert torch.equal(single.adversarial, arrays[0].adversarial)


def test_bare_videos_go_through_sampling_and_crops(victim, frames):
    pixels = small(frames)
    expected = mr.attack(victim, [one.permute(1, 2, 3, 0).numpy() for one in pixels], pgd())
    outcomes = pgd()(victim, pixels, seeds=[1, 2, 3])
    with torch.no_grad():
        outputs = victim(pixels.float())
    torch.testing.assert_close(victim(outcomes[0].adversarial[None].float())[0], outcomes[0].scores)
    assert len(outputs) == 3
    for outcome, other, clean in zip(outcomes, expected, pixels, strict=True):
        assert outcome.adversarial.shape == clean.shape
        assert (outcome.success, outcome.linf) == (other.success, other.linf)
        # The frames that no view samples stay as they are.
        assert 0 < outcome.frames == other.frames < clean.shape[1]
    labels = (outputs.argmax(dim=1) + torch.tensor([0, 1, 0])) % 10
    assert [one.attacked for one in pgd()(victim, pixels, labels)] == [True, False, True]


def test_in_view_space_pixels_are_what_the_model_takes(checkpoints, frames):
    victim = mr.load_victim(TINY, checkpoints['tiny_3d'], space='view')
    view = small(frames)[:, :, :3, :, :32]
    outputs = victim(view.float())
    model = victim.model
    # The mean and deviation of the tiny config.
    features = model.backbone((view.float() - 120) / 60)
    torch.testing.assert_close(outputs, model.cls_head(features), rtol=1e-4, atol=1e-4)
    assert all(one.attacked for one in pgd()(victim, view))


def test_a_recogniser_of_images_takes_a_frame_as_an_image(checkpoints, frames):
    victim = mr.load_victim(CONFIGS / 'tiny_2d.py', checkpoints['tiny_2d'], space='view')
    view = small(frames)[:, :, :3, :, :32]
    assert victim(view.float()).shape == (3, 10)


def test_a_flow_recogniser(frames, tmp_path):
    cfg = Config.fromfile(TINY).to_dict()
    estimator = dict(type='DifferentiableTVL1', warps=1, outer_iterations=2, scales=1)
    cfg['model'] = config_3d(flow_estimator=estimator)
    torch.save({'state_dict': build(cfg['model']).state_dict()}, tmp_path / 'flow.pth')
    victim = mr.load_victim(Config(cfg), tmp_path / 'flow.pth')
    (outcome,) = mr.attack(victim, small(frames)[:1], 'fgsm')
    assert outcome.attacked
    assert outcome.linf == 8


def test_a_pose_estimator_has_its_own_goal():
    victim = mr.load_victim(POSE, POSE_WEIGHTS)
    pixels = torch.randint(0, 256, (2, 3, 80, 64), generator=torch.Generator().manual_seed(0))
    for outcomes in (pgd()(victim, pixels), mr.attack(victim, pixels.to(torch.uint8), 'fgsm')):
        assert all(one.attacked and 'no_annotation' in one.flags for one in outcomes)
    picture = pixels[0].permute(1, 2, 0).numpy().astype(np.uint8)
    (outcome,) = mr.attack(victim, [picture], pgd())
    assert outcome.adversarial.shape == (3, 80, 64)
    image = mr.load_victim(POSE, POSE_WEIGHTS, space='image')
    (outcome,) = mr.attack(image, picture, pgd())
    assert outcome.adversarial.shape == (3, 80, 64)
    assert outcome.attacked


def test_a_plain_function_needs_no_labels():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 4 * 6 * 6, 5))
    pixels = torch.randint(0, 256, (3, 3, 4, 6, 6), dtype=torch.uint8)
    victim = mr.FunctionVictim(net)
    labels = net(pixels.flatten(1).float()).argmax(dim=1)
    known, unknown = pgd()(victim, pixels, labels), pgd()(victim, pixels)
    assert [facts(one) for one in known] == [facts(one) for one in unknown]
    assert all(one.attacked for one in unknown)
    assert len(mr.attack(victim, pixels, 'mi_fgsm', labels=labels)) == 3


def test_evaluate_is_the_command(checkpoints, tmp_path):
    weights = checkpoints['tiny_3d']
    goal = mr.Misclassify(reference='prediction')
    report = mr.evaluate(
        TINY,
        weights,
        pgd(goal=goal),
        work_dir=tmp_path / 'own',
        max_samples=2,
        options={'victim.memory_limit': 2.0},
    )
    assert report == json.loads((tmp_path / 'own' / 'report.json').read_text())
    attack_run(weights, tmp_path / 'command', '--max-samples', '2')
    for row, other in zip(rows(tmp_path / 'own'), rows(tmp_path / 'command'), strict=True):
        assert (row['name'], row['linf'], row['success']) == (
            other['name'],
            other['linf'],
            other['success'],
        )
    with pytest.raises(ValueError, match="unknown attack 'pdg'"):
        mr.evaluate(TINY, weights, 'pdg', work_dir=tmp_path / 'w')


@pytest.mark.slow
def test_evaluate_gives_an_attack_without_a_goal_that_of_the_victim(tmp_path):
    report = mr.evaluate(POSE, POSE_WEIGHTS, pgd(), work_dir=tmp_path, max_samples=1)
    assert report['goal']['type'] == 'CorruptPose'


def test_a_shape_passes_the_pipeline_once(checkpoints, frames, monkeypatch):
    victim = mr.load_victim(TINY, checkpoints['tiny_3d'])
    made = []
    arrays = victim.arrays
    monkeypatch.setattr(victim, 'arrays', lambda given: made.append(given) or arrays(given))
    pixels = small(frames)
    first = victim(pixels[:1].float())
    assert torch.equal(victim(pixels[:1].float()), first)
    (outcome,) = pgd()(victim, pixels[1:2])
    assert outcome.attacked
    assert len(made) == 1
    victim(small(frames, (32, 50))[:1].float())
    assert len(made) == 2


@pytest.mark.parametrize(
    ('inputs', 'options', 'message'),
    [
        (np.zeros((4, 8, 8, 3)), {}, r'inputs must be frames \(T, H, W, 3\), uint8'),
        (np.zeros((8, 8, 3), np.uint8), {}, r'inputs must be frames \(T, H, W, 3\)'),
        ([], {}, 'inputs must be at least one video or picture'),
        ([np.zeros((4, 8, 8, 3), np.uint8), 'a.mp4'], {}, 'inputs must be paths, arrays, or a'),
        ('nowhere.mp4', {}, 'nowhere.mp4'),
        (torch.zeros(1, 3, 8, 8), {}, r'pixels must be videos \(N, C, T, H, W\)'),
        (torch.zeros(1, 3, 9, 64, 64), {}, 'of the 32 x 32 pixels that the pipeline resizes'),
        (torch.zeros(1, 3, 9, 32, 32), {'boxes': 'b.json'}, 'boxes must be used with paths'),
        (
            torch.zeros(1, 3, 9, 32, 32),
            {'attack': 'pdg'},
            "unknown attack 'pdg': did you mean 'PGD'",
        ),
        (torch.zeros(1, 3, 9, 32, 32), {'labels': torch.zeros(2).long()}, 'must be 1 classes'),
        (
            torch.zeros(1, 3, 9, 32, 32),
            {'attack': mr.PGD},
            r'attack must be an attack, a dict of options or a name, got the class PGD: PGD\(\) m',
        ),
        (torch.zeros(1, 3, 9, 32, 32), {'attack': 3}, 'a dict of options or a name, got 3$'),
        *(
            (torch.zeros(1, 3, 9, 32, 32), {'labels': labels}, rule)
            for labels, rule in (
                (3, r'^labels must be a tensor \(N,\) or a list of class indices, got 3$'),
                (['bend'], r"a list of class indices, got \['bend'\]$"),
                ([0.5], r'a list of class indices, got \[0.5\]$'),
                ([True], r'a list of class indices, got \[True\]$'),
            )
        ),
        (
            torch.full((1, 3, 9, 32, 32), 0.25),
            {},
            r'whole grey levels 0..255 .*, got 0.25: \(255 \* pixels\).round\(\) makes them of',
        ),
        (torch.full((1, 3, 9, 32, 32), 9.5), {}, 'takes any values\\), got 9.5$'),
        (
            torch.zeros(1, 3, 9, 32, 32).bool(),
            {},
            'grey levels 0..255 in whole or floating numbers, got torch.bool',
        ),
        ('nowhere.mp4', {'boxes': 'b.json'}, "^boxes must be left out for recognisers, got '"),
    ],
)
def test_bad_inputs_are_named(victim, inputs, options, message):
    with pytest.raises(ValueError, match=message):
        mr.attack(victim, inputs, **options)


def test_class_indices_may_be_a_list_or_an_array(victim, frames):
    pixels = small(frames)
    labels = victim(pixels.float()).argmax(dim=1)
    wanted = [facts(one) for one in mr.attack(victim, pixels, pgd(), labels=labels)]
    for given in (labels.tolist(), tuple(labels.tolist()), labels.numpy().astype(np.int32)):
        assert [facts(one) for one in mr.attack(victim, pixels, pgd(), labels=given)] == wanted
    with pytest.raises(ValueError, match=r"labels must be a tensor \(N,\) of class.*, got 'list'"):
        pgd()(victim, pixels, labels.tolist())


def test_no_samples_are_no_outcomes(victim):
    nothing = torch.zeros(0, 3, 9, 32, 43).long()
    assert mr.attack(victim, nothing, 'fgsm') == pgd()(victim, nothing) == []
    assert mr.attack(mr.FunctionVictim(lambda x: x.mean(dim=(3, 4)).flatten(1)), nothing) == []
    with pytest.raises(ValueError, match='pixels must be of at least one sample'):
        victim(nothing)


def test_a_bare_model_is_told_to_become_a_victim():
    model, pixels = torch.nn.Linear(1, 1), torch.zeros(1, 3, 4, 8, 8)
    rule = r'^victim must be from mr.load_victim, or an mr.FunctionVictim, got Linear: wrap it in '
    rule += r'mr.FunctionVictim\(model\)$'
    for inputs in (pixels, 'clip.mp4'):
        with pytest.raises(ValueError, match=rule):
            mr.attack(model, inputs, mr.FGSM())
    with pytest.raises(ValueError, match=rule):
        mr.FGSM()(model, pixels, torch.zeros(1).long())
    with pytest.raises(ValueError, match='or an mr.FunctionVictim, got str$'):
        mr.attack('victim', pixels)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize('device', ['cuda', 'cuda:3'])
def test_a_device_that_is_not_there_is_named(checkpoints, device, tmp_path, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '')
    weights, rule = checkpoints['tiny_3d'], f'^device {device}: torch finds no such GPU$'
    with pytest.raises(ValueError, match=rule):
        mr.load_victim(TINY, weights, device=device)
    with pytest.raises(ValueError, match=rule):
        mr.evaluate(TINY, weights, device=device, work_dir=tmp_path)
    with pytest.raises(ValueError, match=r"^device must be cpu, cuda or cuda:N, got 'gpu'$"):
        mr.load_victim(TINY, weights, device='gpu')
    with pytest.raises(ValueError, match=r"^device must be cpu, cuda or cuda:N, got 'gpu'$"):
        mr.evaluate(TINY, weights, device='gpu', work_dir=tmp_path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'boxes': 'b.json'}, "^boxes must be used with inputs, got 'b.json'$"),
        ({'attack': 'nowhere.py'}, r'^attack nowhere\.py does not exist'),
        ({'attack': mr.PGD}, 'a dict of options or a name, got the class PGD'),
        ({'config': 'demo.pth'}, r'^config must be .*: config comes first, then checkpoint$'),
        ({'inputs': 'demo.pth'}, r'^inputs must be a video by its ending .*demo\.pth'),
        ({'options': {'victm.space': 'view'}}, "^options: no key 'victm'"),
    ],
)
def test_evaluate_names_its_own_arguments(checkpoints, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'demo.pth').write_text('')
    swapped = options.get('config')
    words = (swapped, TINY) if swapped else (TINY, checkpoints['tiny_3d'])
    options = {name: value for name, value in options.items() if name != 'config'}
    with pytest.raises((ValueError, OSError), match=message):
        mr.evaluate(*words, work_dir=tmp_path, **options)


def test_a_file_that_cannot_be_read_is_named(victim, tmp_path):
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    write_lossless(tmp_path / 'a.mkv', np.zeros((4, 32, 43, 3), np.uint8), 25)
    with pytest.raises(ValueError, match=r'broken\.mp4 must be readable by the pipeline'):
        mr.attack(victim, tmp_path)


def test_a_victim_of_a_model_alone_takes_no_bare_pixels():
    from mmrobust.victims import ActionVictim

    _, model = build_recognizer(TINY)
    with pytest.raises(ValueError, match='must be from mmrobust.load_victim, for its pipeline'):
        ActionVictim(model)(torch.zeros(1, 3, 9, 32, 32))
    with pytest.raises(ValueError, match='victim must be from load_victim for paths and arrays'):
        mr.attack(mr.FunctionVictim(model), str(TINY))


def test_what_cannot_be_loaded_is_named(checkpoints, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'config nowhere\.py does not exist'):
        mr.load_victim('nowhere.py', checkpoints['tiny_3d'])
    with pytest.raises(FileNotFoundError, match=r'checkpoint .*nowhere\.pth does not exist'):
        mr.load_victim(TINY, tmp_path / 'nowhere.pth')
    with pytest.raises(ValueError, match='does not match the model'):
        mr.load_victim(TINY, checkpoints['tiny_2d'])
    with pytest.raises(ValueError, match="no option 'spcae'"):
        mr.load_victim(TINY, checkpoints['tiny_3d'], options={'spcae': 'view'})
    with pytest.raises(ValueError, match='space must be video or view'):
        mr.load_victim(TINY, checkpoints['tiny_3d'], space='crop')


def test_the_victim_is_left_as_it_was(victim, frames):
    before = {name: value.clone() for name, value in victim.model.state_dict().items()}
    mr.attack(victim, frames[:1], pgd())
    assert not victim.model.training
    assert all(parameter.requires_grad for parameter in victim.model.parameters())
    after = victim.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_files_keep_the_order_in_which_they_are_given(victim, frames, tmp_path):
    for number, video in enumerate(frames):
        write_lossless(tmp_path / f'{number}.mkv', video, 25)
    paths = [tmp_path / f'{number}.mkv' for number in (2, 0, 1, 0)]
    found = mr.attack(victim, paths, pgd())
    same = mr.attack(victim, [frames[i] for i in (2, 0, 1, 0)], pgd())
    assert len(found) == 4
    assert [facts(one) for one in found] == [facts(one) for one in same]
    for one, other in zip(found, same, strict=True):
        assert torch.equal(one.scores, other.scores)
    # A folder has the natural order, wherever it stands.
    some = mr.attack(victim, [paths[0], tmp_path], pgd())
    assert len(some) == 4
    assert torch.equal(some[0].scores, found[0].scores)


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ([], 'inputs must be at least one video or picture'),
        ('', 'inputs must be a file, a folder or a pattern'),
        (['  '], 'inputs must be a file, a folder or a pattern'),
        (np.zeros((4, 8, 8, 3), np.uint8), 'inputs must be a path or a list of paths'),
    ],
)
def test_evaluate_takes_no_nothing_for_the_test_data(checkpoints, tmp_path, inputs, message):
    with pytest.raises(ValueError, match=message):
        mr.evaluate(TINY, checkpoints['tiny_3d'], pgd(), work_dir=tmp_path, inputs=inputs)


def test_evaluate_builds_registered_attacks_alone(checkpoints, tmp_path):
    class Private(mr.PGD):
        pass

    with pytest.raises(ValueError, match='attack must be of a class with @ATTACKS.register_module'):
        mr.evaluate(TINY, checkpoints['tiny_3d'], Private(), work_dir=tmp_path)


@pytest.mark.parametrize(
    ('arguments', 'options', 'message'),
    [
        (({'a': 1}, 'x.pth'), {}, 'config must be a path or a config of mmengine'),
        ((3, 'x.pth'), {}, 'config must be a path or a config of mmengine, got 3'),
        ((TINY, None), {}, 'checkpoint must be a path or a URL, got None'),
        ((TINY, 'x.pth'), {'options': [1]}, 'options must be a dict of options'),
    ],
)
def test_load_victim_names_its_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        mr.load_victim(*arguments, **options)


@pytest.mark.parametrize('seed', ['a', 1.5, None])
def test_a_seed_is_a_whole_number(victim, frames, seed):
    with pytest.raises(ValueError, match='seed must be a whole number'):
        mr.attack(victim, frames[0], pgd(), seed=seed)
