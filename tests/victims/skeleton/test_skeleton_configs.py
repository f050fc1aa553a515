"""The test pipelines of MMAction2's own skeleton configs: agreement, or a refusal by name."""

import itertools
from functools import cache
from pathlib import Path

import mmaction
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmrobust.victims.samples import LAYOUT_KEY, Failure, RefusedError
from mmrobust.victims.skeleton.loading import Measure, TrackPipeline
from mmrobust.victims.skeleton.path import TrackPath, check_agreement

from .toys import sample, transforms

FOLDER = Path(mmaction.__file__).parent / '.mim' / 'configs' / 'skeleton'
PATHS = sorted(path for path in FOLDER.rglob('*.py') if 'dataloader' in path.read_text())
# What is refused, and which transform the message names.
REFUSED = {
    'slowonly_r50_8xb32-u48-240e_k400-keypoint': 'DecompressPose',
    'rgb_only': 'MMUniformSampleFrames',
    'rgbpose_conv3d': 'MMUniformSampleFrames',
}


def steps_of(path):
    """The test pipeline; of heatmaps, which take seconds to draw, two short clips."""
    steps = Config.fromfile(path).test_dataloader.dataset.pipeline
    if any(step['type'] == 'GeneratePoseTarget' for step in steps):
        for step in steps:
            if 'num_clips' in step:
                step['num_clips'], step['clip_len'] = 2, 12
    return steps


@cache
def checked(text, dimensions, tracks):
    """Compare pipeline and twins on tracks; once for each distinct pipeline."""
    steps = Config.fromstring(f'steps = {text}', '.py').steps
    path = TrackPath(transforms(steps))
    plain = transforms(steps)
    refused = 0
    for persons, frames, dtype in tracks:
        info = sample(dimensions, persons=persons, frames=frames, dtype=dtype, seed=frames)
        if persons == 2 and frames % 2:
            info['keypoint'][1] = 0
        given = {k: v.copy() if hasattr(v, 'copy') else v for k, v in info.items()}
        found = TrackPipeline(path, 'track', Measure('torso'))(given)
        if isinstance(found, Failure):
            assert (dimensions, persons) == (3, 3), found.error
            assert 'at most 2 for PreNormalize3D' in found.error
            refused += 1
            continue
        state = {k: v.copy() if hasattr(v, 'copy') else v for k, v in info.items()}
        for step in plain:
            state = step(state)
        layout = found[LAYOUT_KEY]
        assert torch.equal(found['inputs'], state['inputs'])
        assert torch.equal(layout.render(layout.pixels()), state['inputs'])
        rest = {k: v for k, v in info.items() if k != 'keypoint'}
        track = torch.from_numpy(info['keypoint'].astype(np.float64))
        check_agreement(state['inputs'], path.twin(rest, track, np.dtype(dtype)))
    return refused


def compare(path, tracks):
    steps = steps_of(path)
    names = [step['type'] for step in steps]
    if path.stem in REFUSED:
        with pytest.raises(RefusedError, match=f'{REFUSED[path.stem]}: it has no twin') as told:
            TrackPath(transforms(steps))
        # View space has to follow the pipeline as well: it is no way out.
        assert 'view' not in str(told.value)
        return
    dimensions = 3 if 'PreNormalize3D' in names else 2
    heatmaps = 'GeneratePoseTarget' in names
    assert heatmaps or 'FormatGCNInput' in names
    checked(str([step.to_dict() for step in steps]), dimensions, tracks[:1] if heatmaps else tracks)


def test_skeleton_configs_are_42():
    assert len(PATHS) == 42


# One of each kind of pipeline.
FEW = [
    'stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-2d',
    'stgcnpp_8xb16-bone-motion-u100-80e_ntu60-xsub-keypoint-3d',
    'slowonly_r50_8xb32-u48-240e_k400-keypoint',
    'rgbpose_conv3d',
    'rgb_only',
]


@pytest.mark.parametrize('name', FEW)
def test_skeleton_twin_of_some_configs(name):
    (path,) = [path for path in PATHS if path.stem == name]
    compare(path, ((2, 30, np.float32), (1, 150, np.float16)))


@pytest.mark.slow
@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_skeleton_twin_of_all_configs(path):
    # Shorter than a clip, just as long, up to twice as long, longer.
    lengths = (5, 400, 9, 99, 201, 100)
    kinds = itertools.product((1, 2, 3), (np.float16, np.float32))
    tracks = [(2, 30, np.float16)]
    tracks += [
        (persons, length, dtype) for (persons, dtype), length in zip(kinds, lengths, strict=True)
    ]
    compare(path, tuple(tracks))
