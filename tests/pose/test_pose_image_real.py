"""Real pictures, several persons each: what is cut out of them is what MMPose cuts."""

from itertools import combinations

import pytest
import torch

from mmrobust.functional.affine_crop import affine_crop
from mmrobust.victims.pose.image_loading import PersonPipeline
from mmrobust.victims.pose.images import PERSONS_KEY, Images
from mmrobust.victims.samples import LAYOUT_KEY

pytestmark = pytest.mark.real


def coco(folder, *, udp):
    from mmengine.registry import init_default_scope

    init_default_scope('mmpose')
    import mmpose.datasets  # noqa: F401
    from mmpose.registry import DATASETS

    steps = [
        {'type': 'LoadImage'},
        {'type': 'GetBBoxCenterScale'},
        {'type': 'TopdownAffine', 'input_size': (96, 128), 'use_udp': udp},
        {'type': 'PackPoseInputs'},
    ]
    return DATASETS.build(
        {
            'type': 'CocoDataset',
            'data_root': str(folder),
            'ann_file': 'test_coco.json',
            'data_prefix': {'img': ''},
            'test_mode': True,
            'pipeline': steps,
        }
    )


@pytest.mark.parametrize('udp', [False, True])
def test_pose_image_crops_of_real_pictures_are_mmposes(real_data, udp):
    folder = real_data / 'mmpose_tests' / 'coco'
    stock, followed = coco(folder, udp=udp), coco(folder, udp=udp)
    followed.pipeline = PersonPipeline(followed.pipeline.transforms)
    pictures = Images(followed)
    assert [len(rows) for rows in pictures.persons] == [1, 2, 4, 5]
    overlapping = 0
    for index, rows in enumerate(pictures.persons):
        item = pictures[index]
        layout = item[LAYOUT_KEY]
        crops = layout.render(layout.pixels())
        for crop, person, row in zip(crops, item[PERSONS_KEY], rows, strict=True):
            expected = stock[row]['inputs']
            assert torch.equal(crop, expected)
            assert torch.equal(person['inputs'], expected)
        seen = []
        for matrix in layout.matrices:
            leaf = layout.pixels().float().requires_grad_()
            crop = affine_crop(leaf, matrix[None], layout.size, rounded=False)
            seen.append(torch.autograd.grad(crop.sum(), leaf)[0][0] > 0)
        overlapping += sum(bool((one & other).any()) for one, other in combinations(seen, 2))
    assert overlapping >= 4
