"""MMAction2's own configs, unmodified, on real videos."""

import json
import subprocess
import sys
from pathlib import Path

import mmaction
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose

from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.samples import LAYOUT_KEY
from tests.conftest import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow]

WHEEL = Path(mmaction.__file__).parent / '.mim' / 'configs' / 'recognition'
CONFIGS = {
    'tsn': 'tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb.py',
    'tsm': 'tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py',
    'i3d': 'i3d/i3d_imagenet-pretrained-r50_8xb8-32x2x1-100e_kinetics400-rgb.py',
    'slowfast': 'slowfast/slowfast_r50_8xb8-4x16x1-256e_kinetics400-rgb.py',
    'omni': 'omnisource/slowonly_r50_8xb16-8x8x1-256e_imagenet-kinetics400-rgb.py',
    'trn': 'trn/trn_imagenet-pretrained-r50_8xb16-1x1x8-50e_sthv2-rgb.py',
    'swin': 'swin/swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
}
VIDEOS = ['demo.mp4', 'test.mp4', 'part_0.mp4', 'test.avi']


@pytest.mark.parametrize('name', CONFIGS)
def test_the_gather_is_exact_on_real_videos(name, real_data):
    import mmaction.datasets  # noqa: F401

    cfg = Config.fromfile(WHEEL / CONFIGS[name])
    stock = Compose(cfg.test_dataloader.dataset.pipeline)
    ours = LayoutPipeline(stock.transforms, 'video')
    folder = real_data / 'mmaction_tests'
    for video in VIDEOS:
        info = dict(filename=str(folder / video), label=0, start_index=0, modality='RGB')
        packed = ours(dict(info))
        assert torch.equal(packed['inputs'], stock(dict(info))['inputs'])
        layout = packed[LAYOUT_KEY]
        assert torch.equal(layout.render(layout.pixels()), packed['inputs'])


@pytest.mark.parametrize(('name', 'clips'), [('tsn', 2), ('i3d', 1), ('omni', 1)])
@pytest.mark.parametrize('space', ['video', 'view'])
def test_a_full_size_recogniser_is_attacked(name, clips, space, real_data, tmp_path):
    """Fewer clips than the config's 25 and 10, for time; all crops where views are gathered."""
    config, checkpoint = WHEEL / CONFIGS[name], tmp_path / 'random.pth'
    tool = ROOT / 'tools' / 'data' / 'random_checkpoint.py'
    subprocess.run([sys.executable, tool, config, checkpoint], check=True)
    (tmp_path / 'list.txt').write_text('test.mp4 0\n')
    sample = Config.fromfile(config).test_pipeline
    steps = [step['type'] for step in sample]
    position = steps.index('SampleFrames')
    crop = next(number for number, step in enumerate(steps) if step.endswith('Crop'))
    options = [
        f'test_dataloader.dataset.ann_file={tmp_path / "list.txt"}',
        f'test_dataloader.dataset.data_prefix.video={real_data / "mmaction_tests"}',
        f'test_dataloader.dataset.pipeline.{position}.num_clips={clips}',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        'attack.goal.reference=prediction',
        'victim.memory_limit=2',
    ]
    if space == 'view':
        options.append(f'test_dataloader.dataset.pipeline.{crop}.type=CenterCrop')
    subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'attack.py', config, checkpoint),
            *('--attack', 'FGSM', '--space', space, '--work-dir', tmp_path / 'w'),
            *('--cfg-options', *options),
        ],
        check=True,
    )
    card = json.loads((tmp_path / 'w' / 'report.json').read_text())
    assert card['n'] == card['evaluated'] == card['attacked'] == 1
    assert card['cost'] == {'forwards': 1, 'backwards': 1, 'queries': 0}
    assert 0 < card['perturbation']['linf'] <= 8
    assert 'scores_disagree' not in card['flags']
