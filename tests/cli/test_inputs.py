"""``--input``: raw files through the whole run, and what is refused before it."""

import json
import re

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmrobust.cli import attack, verify
from mmrobust.io.video import write_lossless
from mmrobust.ledger.ledger import OtherRunError
from tests.conftest import CONFIGS, ROOT
from tests.engine.runs import attack_run, card, derived_config, outcome, rows

POSE = (
    str(ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'),
    str(ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'),
)


def moving(count, seed, height=40, width=56):
    rng = np.random.default_rng(seed)
    first = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 2)
    return np.stack([np.roll(first, 3 * t, axis=1) for t in range(count)])


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Two videos that can be played, one that cannot, and a text."""
    folder = tmp_path_factory.mktemp('videos')
    for seed, name in enumerate(('clip10.mkv', 'clip2.mkv')):
        write_lossless(folder / name, moving(10, seed), 8)
    (folder / 'broken.mp4').write_bytes(b'no video')
    (folder / 'notes.txt').write_text('none')
    return folder


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp('pictures')
    cv2.imwrite(str(folder / 'colour.png'), moving(1, 3, 90, 70)[0])
    cv2.imwrite(str(folder / 'grey.jpg'), moving(1, 4, 80, 110)[0][..., 0])
    return folder


def pose_run(folder, out, *arguments):
    words = [*POSE, '--input', folder, '--work-dir', out, *arguments]
    options = ['--cfg-options', 'attack.steps=2', 'attack.threat.eps=16']
    attack.run([str(word) for word in (*words, *options)])
    return card(out)


def test_input_videos_are_attacked_without_annotations(videos, checkpoints, tmp_path, capsys):
    weights, out = checkpoints['tiny_3d'], tmp_path / 'out'
    adversarial = tmp_path / 'adv'
    words = ['--input', str(videos), '--save-adv', str(adversarial)]
    report = attack_run(weights, out, *words)
    shown = capsys.readouterr().out
    assert f'input: 3 files in {videos}' in shown
    assert 'other files, skipped: 1 (notes.txt)' in shown
    line = 'Not scored, for want of annotations: AccMetric.'
    assert shown.count(line) == (out / 'report.html').read_text().count(line) == 1
    assert [row['name'] for row in rows(out)] == ['broken.mp4', 'clip2.mkv', 'clip10.mkv']
    assert report['failed'] == 1
    assert report['annotated'] == 0
    assert report['clean'] == report['adversarial'] == {}
    assert report['goal']['reference'] == 'prediction'
    assert report['classes'][:2] == ['wave_left', 'wave_right']
    good = rows(out)[1:]
    stays = [row['clean_prediction'] == row['adversarial_prediction'] for row in good]
    assert report['consistency'] == sum(stays) / 2
    assert all(row['label'] is None and row['clean_correct'] is None for row in good)
    for text in (shown, (out / 'report.html').read_text()):
        assert 'acc/' not in text
        assert 'accuracy' not in text
    listed = (adversarial / 'annotations.txt').read_text().splitlines()
    assert listed == ['clip2_000001.mkv -1', 'clip10_000002.mkv -1']
    config = str(CONFIGS / 'tiny_3d.py')
    verify.run([config, str(weights), str(out)])
    assert '2 of 2 predictions are those of the report' in capsys.readouterr().out


@pytest.mark.slow
def test_input_is_resumed_with_the_same_files_alone(videos, checkpoints, tmp_path):
    weights, out = checkpoints['tiny_3d'], tmp_path / 'out'
    one, both = (str(videos / name) for name in ('clip2.mkv', 'clip*.mkv'))
    attack_run(weights, out, '--input', both, '--max-samples', '1')
    whole = tmp_path / 'whole'
    attack_run(weights, whole, '--input', both)
    attack_run(weights, out, '--resume', '--input', both)
    assert list(map(outcome, rows(out))) == list(map(outcome, rows(whole)))
    with pytest.raises(OtherRunError, match=r'differs in: input files \('):
        attack_run(weights, out, '--resume', '--input', one)


def test_input_keeps_what_the_user_said_of_goal_and_metrics(videos, checkpoints, tmp_path):
    weights = checkpoints['tiny_3d']
    metrics = [{'type': 'AccMetric'}, {'type': 'mmrobust.AttackSuccess'}]
    metrics += [{'type': 'DumpResults', 'out_file_path': str(tmp_path / 'found.pkl')}]
    config = derived_config(tmp_path, 'tiny_3d', test_evaluator=metrics)
    one = str(videos / 'clip2.mkv')
    report = attack_run(weights, tmp_path / 'out', '--input', one, config=str(config))
    assert report['robust'].keys() == {'robust/success_rate', 'robust/attacked'}
    assert (tmp_path / 'found.clean.pkl').exists()
    with pytest.raises(ValueError, match='label must be one of the 10 classes'):
        attack_run(
            weights, tmp_path / 'b', '--input', one, '--cfg-options', 'attack.goal.reference=label'
        )


@pytest.mark.slow
def test_input_pictures_are_attacked_whole_or_by_boxes(pictures, tmp_path, capsys):
    report = pose_run(pictures, tmp_path / 'whole')
    assert [row['name'] for row in rows(tmp_path / 'whole')] == ['colour.png', 'grey.jpg']
    assert report['annotated'] == 0
    assert report['clean'] == report['adversarial'] == {}
    assert report['input']['boxes'] == 'the whole picture'
    assert report['movement']['joints'] == 14
    page = (tmp_path / 'whole' / 'report.html').read_text()
    out, line = capsys.readouterr().out, 'Not scored, for want of annotations:'
    assert f'{line} PCKAccuracy, EPE, CocoMetric.\n' in out
    assert page.count(f'{line} PCKAccuracy, EPE, CocoMetric.') == 1
    text = re.sub(f'{line}.*', '', out + re.sub(r'base64,[^"]*', '', page))
    for word in ('PCK', 'EPE', 'NaN', 'labelled joints'):
        assert word not in text, word
    boxes = tmp_path / 'boxes.json'
    boxes.write_text(json.dumps({'grey': [[5, 5, 60, 70], [40, 0, 110, 80]]}))
    found = pose_run(pictures, tmp_path / 'boxes', '--boxes', boxes)
    assert [row['name'] for row in rows(tmp_path / 'boxes')] == ['grey.jpg#0', 'grey.jpg#1']
    assert found['input']['without_box'] == ['colour.png']
    assert 'the whole picture' not in (tmp_path / 'boxes' / 'report.html').read_text()


@pytest.mark.slow
def test_input_pictures_are_saved_under_their_names(pictures, tmp_path):
    saved = tmp_path / 'adv'
    pose_run(pictures, tmp_path / 'out', '--space', 'image', '--save-adv', saved)
    # Beside what a run leaves in each of its folders.
    found = {path.name for path in saved.iterdir()} - {'adversarial.json', '.lock'}
    assert found == {'colour.png', 'grey.jpg'}
    clean = cv2.imread(str(pictures / 'grey.jpg'))
    changed = cv2.imread(str(saved / 'grey.jpg'))
    assert 0 < np.abs(clean.astype(int) - changed).max() <= 16
    # The saved ones in the place of the clean ones are what the attack saw last.
    again = pose_run(saved, tmp_path / 'again', '--space', 'image')
    before, after = rows(tmp_path / 'out'), rows(tmp_path / 'again')
    assert again['n'] == 2
    for one, other in zip(before, after, strict=True):
        assert one['adversarial_joints'] == other['clean_joints']


@pytest.mark.slow
def test_input_video_of_a_pose_estimator_is_attacked_frame_by_frame(tmp_path):
    (tmp_path / 'in').mkdir()
    write_lossless(tmp_path / 'in' / 'walk.mkv', moving(5, 5, 90, 70), 8)
    report = pose_run(tmp_path / 'in', tmp_path / 'out', '--max-samples', '3')
    assert [row['name'] for row in rows(tmp_path / 'out')] == [f'walk.mkv#{t}' for t in range(3)]
    assert report['n'] == 3
    assert report['input']['pictures'] == 5


@pytest.fixture
def configured(tmp_path, checkpoints):
    """What ``--input`` makes of a config."""

    def build(*arguments, **changes):
        config = derived_config(tmp_path, 'tiny_3d', **changes)
        words = [str(config), str(checkpoints['tiny_3d']), *arguments]
        return attack.build_config(attack.parser().parse_args(words))

    return build


@pytest.mark.parametrize(
    ('goal', 'expected'),
    [
        ({}, {'reference': 'prediction'}),
        ({'type': 'Misclassify', 'reference': 'label'}, {'reference': 'label'}),
        ({'type': 'LeastLikely', 'loss': 'logit'}, {'reference': 'prediction', 'loss': 'logit'}),
        ({'type': 'TargetPose'}, {'type': 'TargetPose'}),
    ],
)
def test_input_names_the_reference_where_the_goal_has_one(videos, configured, goal, expected):
    attacks = {'type': 'PGD', 'goal': goal}
    found = configured('--input', str(videos), attack={'_delete_': True, **attacks})
    assert found.test_cfg.attack.goal.to_dict().items() >= expected.items()
    assert ('reference' in found.test_cfg.attack.goal) == ('reference' in expected)


def test_input_looks_through_wrappers_and_takes_the_users_class_names(videos, configured):
    inner = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset.to_dict()
    inner |= {'metainfo': {'classes': ['a', 'b']}}
    wrapped = {'_delete_': True, 'type': 'RepeatDataset', 'times': 2, 'dataset': inner}
    found = configured('--input', str(videos), **{'test_dataloader.dataset': wrapped})
    dataset = found.test_dataloader.dataset
    assert dataset.type == 'mmrobust.RawVideos'
    assert dataset.metainfo.classes == ['a', 'b']
    assert found.test_dataloader.batch_size == 2
    other = inner | {'pipeline': inner['pipeline'][:-1]}
    joined = {'_delete_': True, 'type': 'ConcatDataset', 'datasets': [inner, other]}
    with pytest.raises(ValueError, match='of one pipeline with --input'):
        configured('--input', str(videos), **{'test_dataloader.dataset': joined})


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--boxes', 'b.json'], '--boxes must be used with --input'),
        (['--input', '{}', '--boxes', 'b.json'], '--boxes must be left out for recognisers'),
        (['--input', '{}/none'], 'input must be a file, a folder or a pattern that matches'),
        (['--input', '{}/notes.txt'], 'input must be a video by its ending'),
    ],
)
def test_input_that_does_not_fit_is_refused_before_the_run(videos, configured, arguments, message):
    with pytest.raises(ValueError, match=message):
        configured(*(word.format(videos) for word in arguments))


def test_input_of_a_lifter_is_refused_by_name(videos, configured):
    lifter = {'type': 'PoseLifter', 'backbone': {'type': 'TCN'}}
    with pytest.raises(ValueError, match='a 3-D lifter takes annotated joints'):
        configured(
            '--input', str(videos), default_scope='mmpose', model={'_delete_': True, **lifter}
        )
    with pytest.raises(ValueError, match='a 3-D lifter takes annotated joints'):
        configured('--input', str(videos), victim={'lifter': {'config': 'c', 'checkpoint': 'd'}})
