"""Bad input through the command: one clear line, a non-zero status, results kept."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmrobust.cli.attack import main
from mmrobust.engine.replay import Replay
from mmrobust.io.video import write_lossless
from tests.conftest import CONFIGS, build_recognizer
from tests.engine.runs import attack_run, card, rows

pytestmark = pytest.mark.slow

TINY = str(CONFIGS / 'tiny_3d.py')


def fails(capsys, *arguments: object) -> str:
    """Run the command, expect status 1 and a single line; return it."""
    assert main([str(argument) for argument in arguments]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def checkpoint(checkpoints):
    return checkpoints['tiny_3d']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--attack', 'PDG'], "unknown attack 'PDG': did you mean 'PGD'?"),
        (['--attack', 'missing.py'], 'missing.py does not exist'),
        (['--cfg-options', 'attack.stesp=3'], "PGD has no option 'stesp': did you mean 'steps'?"),
        (['--cfg-options', 'attack.threat.eps=-1'], 'eps must be a finite number >= 0, got -1'),
        (['--cfg-options', 'attack.steps=0'], 'steps must be a whole number >= 1, got 0'),
        (['--cfg-options', 'attack.goal.target=1'], "Misclassify has no option 'target'"),
        (['--cfg-options', 'victim.spcae=view'], "no option 'spcae': did you mean 'space'?"),
        (['--cfg-options', 'victim.space=clip'], "space must be video or view, got 'clip'"),
        (['--cfg-options', 'victm.space=view'], "no key 'victm': did you mean 'victim'?"),
        (['--cfg-options', 'settings.sede=1'], "settings has no option 'sede': did you mean"),
        (['--cfg-options', 'attack.steps'], "--cfg-options must be KEY=VALUE, got 'attack.steps'"),
        (['--max-samples', '-2'], 'max_samples must be a whole number, at least 1, got -2'),
        (['--max-samples', '0'], 'max_samples must be a whole number, at least 1, got 0'),
        (['--cfg-options', 'settings.max_samples=2.5'], 'at least 1, got 2.5'),
        (['--cfg-options', 'attack=3'], 'attack must be a dict of options or a name, got 3'),
        (['--cfg-options', 'victim=3'], 'victim must be a dict of options, got 3'),
        (['--cfg-options', 'victim.memory_limit=abc'], "memory_limit must be GiB > 0, got 'abc'"),
        (['--cfg-options', 'model.type=Nope'], "error: unknown model 'Nope' (looked for in"),
        (['--cfg-options', 'model.type=Recognizer3d'], "did you mean 'Recognizer3D'?"),
        (['--cfg-options', 'attack.goal.type=Targeted'], "did you mean 'TargetClass' or"),
        (
            ['--cfg-options', 'attack.threat=dict(type=L2,eps=-3)'],
            'eps must be a finite number >= 0',
        ),
        (
            ['--cfg-options', 'attack.threat.eps=1e9'],
            'threat.eps must be at most 255, from one end',
        ),
        (['--cfg-options', 'custom_imports.imports=[nope_y]'], "No module named 'nope_y'"),
        (['--launcher', 'pytorch'], '--launcher pytorch needs RANK in the environment: start'),
        (['--launcher', 'slurm'], '--launcher slurm needs SLURM_PROCID in the environment: start'),
        (
            ['--cfg-options', 'test_dataloader.nmu_workers=2'],
            "error: DataLoader.__init__() got an unexpected keyword argument 'nmu_workers'\n",
        ),
        (['--batch-size', '0'], '--batch-size must be at least 1, got 0'),
        (['--device', 'tpu'], "--device must be cpu, cuda or cuda:N, got 'tpu'"),
    ],
)
def test_wrong_options(capsys, checkpoint, tmp_path, options, message):
    found = fails(capsys, TINY, checkpoint, '--work-dir', tmp_path / 'w', *options)
    assert message in found + '\n'


def test_a_folder_in_the_place_of_a_file(capsys, checkpoint, tmp_path):
    found = fails(capsys, tmp_path, checkpoint)
    assert f'CONFIG {tmp_path} is a folder: it must be a file' in found
    found = fails(capsys, TINY, tmp_path)
    assert f'CHECKPOINT {tmp_path} is a folder: it must be a file' in found


def test_a_work_dir_that_links_to_nothing(capsys, checkpoint, tmp_path):
    (tmp_path / 'link').symlink_to(tmp_path / 'gone')
    for folder in (tmp_path / 'link', tmp_path / 'link' / 'w'):
        found = fails(capsys, TINY, checkpoint, '--work-dir', folder)
        assert f'must be writable: {tmp_path / "link"} links to nothing' in found


def test_half_a_checkpoint_is_not_verified(checkpoint, tmp_path):
    content = torch.load(checkpoint)
    state = dict(list(content['state_dict'].items())[::2])
    torch.save(content | {'state_dict': state}, tmp_path / 'half.pth')
    cfg = Config.fromfile(TINY)
    cfg.merge_from_dict({'work_dir': str(tmp_path), 'load_from': str(tmp_path / 'half.pth')})
    with pytest.raises(ValueError, match='checkpoint does not match the model: it has no values'):
        Replay(cfg).play(cfg.test_dataloader.dataset, [])


def test_missing_files(capsys, checkpoint):
    assert 'CONFIG nowhere.py does not exist' in fails(capsys, 'nowhere.py', checkpoint)
    assert 'CHECKPOINT no.pth does not exist' in fails(capsys, TINY, 'no.pth')


def test_checkpoint_of_another_model(capsys, checkpoints, tmp_path):
    found = fails(capsys, TINY, checkpoints['tiny_2d'], '--work-dir', tmp_path)
    assert 'checkpoint does not match the model' in found
    assert 'backbone' in found


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_checkpoint_with_nan(capsys, tmp_path, value):
    _, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    state = model.state_dict()
    state['cls_head.fc_cls.bias'][3] = value
    torch.save({'state_dict': state}, tmp_path / 'nan.pth')
    found = fails(capsys, TINY, tmp_path / 'nan.pth', '--work-dir', tmp_path)
    assert 'finite numbers, got NaN or inf in cls_head.fc_cls.bias' in found


def test_checkpoint_that_is_none(capsys, checkpoint, tmp_path):
    whole = checkpoint.read_bytes()
    contents = [b'not a checkpoint', b'', b'hello world', whole[: len(whole) // 2]]
    for number, content in enumerate(contents):
        path = tmp_path / f'bad{number}.pth'
        path.write_bytes(content)
        found = fails(capsys, TINY, path, '--work-dir', tmp_path)
        assert f'bad{number}.pth cannot be read as data' in found


@pytest.mark.parametrize('value', [[1], torch.zeros(2), {'state_dict': [1]}])
def test_checkpoint_without_named_tensors(capsys, tmp_path, value):
    torch.save(value, tmp_path / 'odd.pth')
    found = fails(capsys, TINY, tmp_path / 'odd.pth', '--work-dir', tmp_path)
    assert 'checkpoint must hold a dict of named tensors, got a' in found


def test_work_dir_is_a_file(capsys, checkpoint, tmp_path):
    (tmp_path / 'taken').write_text('')
    found = fails(capsys, TINY, checkpoint, '--work-dir', tmp_path / 'taken' / 'w')
    assert f'w must be writable: {tmp_path / "taken"} is a file' in found
    found = fails(
        capsys, TINY, checkpoint, '--work-dir', tmp_path / 'w', '--save-adv', tmp_path / 'taken'
    )
    assert f'output folder {tmp_path / "taken"} must be writable: ' in found
    assert found.endswith('taken is a file')


@pytest.mark.parametrize(('reference', 'label'), [('label', 99), ('label', -1)])
def test_label_outside_the_classes(capsys, checkpoint, tmp_path, reference, label):
    config = file_config(tmp_path, ['good.mkv'], label=label)
    found = fails(
        capsys,
        config,
        checkpoint,
        '--work-dir',
        tmp_path / 'w',
        '--cfg-options',
        'attack.goal.reference=label',
    )
    assert 'label must be one of the 10 classes, 0..9' in found
    assert f'got {label}' in found
    assert 'good.mkv' in found


def test_target_equal_to_the_label(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good.mkv'], label=4)
    options = (
        'attack.goal.type=TargetClass',
        'attack.goal.target=4',
        'attack.goal.reference=label',
    )
    found = fails(
        capsys, config, checkpoint, '--work-dir', tmp_path / 'w', '--cfg-options', *options
    )
    assert 'target must be different from the label' in found


def file_config(folder, names, label=0, transforms=()):
    """A config that reads videos from files with the stock pipeline."""
    rng = np.random.default_rng(0)
    for name in names:
        if 'good' in name:
            frames = rng.integers(0, 256, (12, 40, 56, 3), dtype=np.uint8)
            write_lossless(folder / name, frames, 8)
        elif 'corrupt' in name:
            (folder / name).write_bytes(b'this is no video')
    lines = ''.join(f'{name} {label}\n' for name in names)
    (folder / 'list.txt').write_text(lines)
    middle = ''.join(f'    {step!r},\n' for step in transforms)
    text = f"""
_base_ = [{TINY!r}]
test_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=3, frame_interval=2, num_clips=2, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 32)),
    dict(type='CenterCrop', crop_size=32),
{middle}    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(dataset=dict(
    _delete_=True, type='VideoDataset', ann_file={str(folder / 'list.txt')!r},
    data_prefix=dict(video={str(folder)!r}), pipeline=test_pipeline, test_mode=True))
"""
    path = folder / 'files.py'
    path.write_text(text)
    return path


def test_empty_annotation_list(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, [])
    found = fails(capsys, config, checkpoint, '--work-dir', tmp_path / 'w')
    assert 'must hold at least one sample, got an empty annotation list' in found


def test_broken_videos_among_good_ones_are_counted(checkpoint, tmp_path, capsys):
    names = ['good1.mkv', 'corrupt.mkv', 'missing.mkv', 'good2.mkv']
    config = file_config(tmp_path, names)
    found = attack_run(checkpoint, tmp_path / 'w', config=str(config))
    lines = rows(tmp_path / 'w')
    assert found['n'] == 4
    assert found['evaluated'] == 2
    assert found['failed'] == 2
    assert [row['error'] is None for row in lines] == [True, False, False, True]
    failed = [failure['name'].rsplit('/')[-1] for failure in found['failures']]
    assert failed == ['corrupt.mkv', 'missing.mkv']
    printed = capsys.readouterr().out
    assert 'failed' in printed
    assert (
        card(tmp_path / 'w')['clean']['acc/top1']
        == sum(row['clean_correct'] for row in lines if row['error'] is None) / 2
    )


def test_strict_stops_at_a_broken_video_and_keeps_results(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good.mkv', 'corrupt.mkv'])
    found = fails(
        capsys, config, checkpoint, '--work-dir', tmp_path / 'w', '--strict', '--batch-size', 1
    )
    assert 'corrupt.mkv' in found
    assert len(rows(tmp_path / 'w')) == 1


@pytest.mark.slow
def test_a_video_that_arrives_late_is_done_on_resume(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good.mkv', 'late.mkv'])
    assert attack_run(checkpoint, tmp_path / 'w', config=str(config))['failed'] == 1
    found = fails(capsys, config, checkpoint, '--work-dir', tmp_path / 'w', '--resume', '--strict')
    assert 'late.mkv' in found
    (tmp_path / 'late.mkv').write_bytes((tmp_path / 'good.mkv').read_bytes())
    again = attack_run(checkpoint, tmp_path / 'w', '--resume', config=str(config))
    assert (again['n'], again['failed']) == (2, 0)


def test_another_list_of_videos_is_another_run(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good1.mkv', 'corrupt.mkv', 'good2.mkv'])
    attack_run(checkpoint, tmp_path / 'w', '--max-samples', '2', config=str(config))
    file_config(tmp_path, ['good1.mkv', 'good2.mkv'])
    found = fails(capsys, config, checkpoint, '--work-dir', tmp_path / 'w', '--resume')
    assert 'another run; it differs in: annotations' in found


def test_resume_without_run_json(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good.mkv'])
    attack_run(checkpoint, tmp_path / 'w', config=str(config))
    (tmp_path / 'w' / 'run.json').unlink()
    found = fails(capsys, config, checkpoint, '--work-dir', tmp_path / 'w', '--resume')
    assert 'run.json is missing' in found


def test_save_adv_that_the_reader_cannot_read(capsys, checkpoint, tmp_path):
    """Decord fails on videos 48 pixels wide."""
    config = file_config(tmp_path, ['good.mkv'])
    path = 'test_dataloader.dataset.pipeline'
    options = ('--cfg-options', f'{path}.3.scale=(48,32)', f'{path}.3.keep_ratio=False')
    found = fails(
        capsys,
        config,
        checkpoint,
        '--work-dir',
        tmp_path / 'w',
        *options,
        '--save-adv',
        tmp_path / 'adv',
    )
    assert 'DecordInit/DecordDecode cannot read 000000.mkv back (48 pixels wide)' in found


def test_random_sampling_is_refused(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['good.mkv'])
    option = 'test_dataloader.dataset.pipeline.1.test_mode=False'
    for seed in range(3):
        torch.manual_seed(seed)
        found = fails(
            capsys,
            config,
            checkpoint,
            '--work-dir',
            tmp_path / 'w',
            '--cfg-options',
            option,
            'test_dataloader.dataset.pipeline.1.clip_len=1',
        )
    assert 'SampleFrames: it samples at random' in found


def test_all_videos_broken(capsys, checkpoint, tmp_path):
    config = file_config(tmp_path, ['corrupt.mkv'])
    found = fails(capsys, config, checkpoint, '--work-dir', tmp_path / 'w')
    assert 'at least one sample must load, but all 1 failed' in found


@pytest.mark.parametrize('workers', [0, 1])
def test_unknown_transform(capsys, checkpoint, tmp_path, workers):
    config = file_config(tmp_path, ['good.mkv'], transforms=[dict(type='ColorJitter')])
    found = fails(
        capsys,
        config,
        checkpoint,
        '--work-dir',
        tmp_path / 'w',
        '--cfg-options',
        f'test_dataloader.num_workers={workers}',
    )
    assert "space='video' cannot follow the pipeline's transform ColorJitter" in found


def test_inference_mode(checkpoint, tmp_path):
    with torch.inference_mode(), pytest.raises(RuntimeError, match='inference_mode'):
        attack_run(checkpoint, tmp_path)
