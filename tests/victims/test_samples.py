"""Pictures with another number of channels are one failure each, whoever loads them."""

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from torch import nn

from mmrobust.victims.bottomup.loading import PicturePipeline
from mmrobust.victims.pose.image_loading import PersonPipeline
from mmrobust.victims.pose.loading import CropPipeline
from mmrobust.victims.samples import Failure, channels_of, check_channels


class Pack:
    def __call__(self, results):
        picture = results['img']
        picture = picture[..., None] if picture.ndim == 2 else picture
        return {'inputs': torch.from_numpy(picture).permute(2, 0, 1).contiguous()}


SHAPES = {'grey': (6, 8), 'transparent': (6, 8, 4), 'coloured': (6, 8, 3)}


@pytest.mark.parametrize('kind', SHAPES)
@pytest.mark.parametrize('pipeline', [CropPipeline, PicturePipeline, PersonPipeline])
def test_a_picture_of_other_channels_is_a_failure(tmp_path, kind, pipeline):
    path = str(tmp_path / f'{kind}.png')
    cv2.imwrite(path, np.full(SHAPES[kind], 90, np.uint8))
    found = pipeline([LoadImageFromFile(color_type='unchanged'), Pack()], 3)({'img_path': path})
    count = SHAPES[kind][2:] or (1,)
    if kind == 'coloured':
        assert not isinstance(found, Failure) or 'TopdownAffine' in found.error
    else:
        assert isinstance(found, Failure)
        assert not found.refused
        assert f'{kind}.png' in found.name
        assert f'picture must have 3 channels, got {count[0]}; LoadImage(' in found.error


def test_any_number_suits_a_model_that_does_not_say():
    check_channels(7, None)


@pytest.mark.parametrize(
    ('options', 'expected'),
    [
        ({'mean': [1, 2, 3], 'std': [1, 1, 1]}, 3),
        ({'mean': [1], 'std': [1]}, None),
        ({'bgr_to_rgb': True}, 3),
        ({}, None),
    ],
)
def test_channels_are_those_that_the_preprocessor_takes(options, expected):
    from mmpose.models.data_preprocessors import PoseDataPreprocessor

    model = nn.Module()
    model.data_preprocessor = PoseDataPreprocessor(**options)
    assert channels_of(model) == expected
    assert channels_of(nn.Module()) is None
