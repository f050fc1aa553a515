"""The flow configs on real videos."""

import json
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.samples import LAYOUT_KEY
from tests.conftest import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow]

FOLDER = ROOT / 'configs' / 'flow'
CONFIGS = {
    'tsn': 'tsn_imagenet-pretrained-r50_8xb32-5x1x3-110e_kinetics400-tvl1.py',
    'slowonly': 'slowonly_r50_8xb16-16x4x1-256e_kinetics400-tvl1.py',
    'two-stream': 'tsn_r50_two-stream_kinetics400-rgb-tvl1.py',
}
# Views, frames of a view, size of a view, of one clip.
SHAPES = {'tsn': (10, 6, 224), 'slowonly': (3, 32, 256), 'two-stream': (10, 6, 224)}


def config(name, num_clips=1):
    cfg = Config.fromfile(FOLDER / CONFIGS[name])
    (sampler,) = [step for step in cfg.test_dataloader.dataset.pipeline if 'Sample' in step.type]
    sampler.num_clips = num_clips
    return cfg


def test_every_config_is_tested():
    assert {path.name for path in FOLDER.glob('*.py')} == set(CONFIGS.values())


@pytest.mark.parametrize('name', CONFIGS)
def test_the_pipeline_is_followed_bit_for_bit(name, real_data):
    init_default_scope('mmaction')
    import mmaction.datasets  # noqa: F401

    views, frames, size = SHAPES[name]
    stock = Compose(config(name, 2).test_dataloader.dataset.pipeline)
    ours = LayoutPipeline(stock.transforms, 'video')
    video = str(real_data / 'mmaction_tests' / 'demo.mp4')
    packed = ours(dict(filename=video, label=0, start_index=0, modality='RGB'))
    layout = packed[LAYOUT_KEY]
    assert packed['inputs'].shape == (2 * views, 3, frames, size, size)
    assert torch.equal(layout.render(layout.pixels()), packed['inputs'])


@pytest.mark.parametrize('name', CONFIGS)
def test_one_view_is_recognised_by_its_tvl1_flow(name, real_data):
    init_default_scope('mmaction')
    import mmaction.datasets  # noqa: F401
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    cfg = config(name)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).eval()
    pipeline = Compose(cfg.test_dataloader.dataset.pipeline)
    video = str(real_data / 'mmaction_tests' / 'demo.mp4')
    packed = pipeline(dict(filename=video, label=0, start_index=0, modality='RGB'))
    # A part of one view, for time.
    clip = packed['inputs'][:1, :, :8, :128, :128]
    motion = model.backbone['motion'] if name == 'two-stream' else model
    with torch.no_grad(), model.incremental() as memo:
        data = {'inputs': [clip], 'data_samples': [packed['data_samples']]}
        (sample,) = model.test_step(data)
        flow = motion.flow(clip[None].float())[0, 0]
    frames = clip[0].transpose(0, 1).float()
    pairs = (frames[::2], frames[1::2]) if name == 'slowonly' else (frames[:-1], frames[1:])
    assert flow.shape == (len(pairs[0]), 2, 128, 128)
    assert memo.computed == memo.reused == len(flow)
    still, moved = (pairs[1] - pairs[0]).abs().mean(), warped(pairs[1], flow) - pairs[0]
    assert moved.abs().mean() < 0.5 * still
    assert sample.pred_score.shape == (400,)
    assert bool(sample.pred_score.isfinite().all())


def warped(frames, flow):
    """Frames (T, 3, H, W), looked up where the flow (T, 2, H, W) leads."""
    height, width = frames.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    x, y = (x + flow[:, 0]) * 2 / (width - 1) - 1, (y + flow[:, 1]) * 2 / (height - 1) - 1
    return F.grid_sample(frames, torch.stack([x, y], -1), 'bilinear', 'border', True)


def test_the_full_size_recogniser_is_attacked_through_a_flow_network(real_data, tmp_path):
    """Random weights, a narrow network, one crop of one clip."""
    path, checkpoint = FOLDER / CONFIGS['tsn'], tmp_path / 'random.pth'
    tool = ROOT / 'tools' / 'data' / 'random_checkpoint.py'
    subprocess.run([sys.executable, tool, path, checkpoint], check=True)
    (tmp_path / 'list.txt').write_text('test.mp4 0\n')
    options = [
        'model.flow_estimator.type=FlowNet2S',
        'model.flow_estimator.width=0.125',
        f'test_dataloader.dataset.ann_file={tmp_path / "list.txt"}',
        f'test_dataloader.dataset.data_prefix.video={real_data / "mmaction_tests"}',
        'test_dataloader.dataset.pipeline.1.num_clips=1',
        'test_dataloader.dataset.pipeline.4.type=CenterCrop',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        'attack.goal.reference=prediction',
        'victim.memory_limit=2',
    ]
    subprocess.run(
        [
            *(sys.executable, ROOT / 'tools' / 'attack.py', path, checkpoint),
            *('--attack', 'FGSM', '--work-dir', tmp_path / 'w', '--cfg-options', *options),
        ],
        check=True,
    )
    card = json.loads((tmp_path / 'w' / 'report.json').read_text())
    assert card['n'] == card['evaluated'] == card['attacked'] == 1
    assert card['cost']['backwards'] == 1
    assert 0 < card['perturbation']['linf'] <= 8
    assert 'zero_gradient' not in card['flags']
