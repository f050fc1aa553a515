from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmrobust.functional.affine_crop import affine_crop

SIZES = [(64, 80), (96, 72), (33, 41)]


def noise(shape=(3, 50, 60), seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape)).float()


def opencv(image, matrix, size):
    array = image.permute(1, 2, 0).byte().numpy()
    crop = cv2.warpAffine(array, matrix, size, flags=cv2.INTER_LINEAR)
    return torch.from_numpy(crop).permute(2, 0, 1).float()


def warp_matrix(centre, scale, rotation, size, udp):
    from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

    make = get_udp_warp_matrix if udp else get_warp_matrix
    centre, scale = (np.asarray(value, np.float32) for value in (centre, scale))
    return make(centre, scale, rotation, output_size=size)


def double(*matrices):
    return torch.from_numpy(np.stack(matrices).astype(np.float64))


def boxes(image, count, seed=0):
    """Centres over and beyond the border, sizes from a few pixels to far above the image."""
    rng = np.random.default_rng(seed)
    height, width = image.shape[1:]
    for index in range(count):
        centre = rng.uniform([-0.2 * width, -0.2 * height], [1.2 * width, 1.2 * height])
        size = SIZES[index % len(SIZES)]
        reach = height * 10 ** rng.uniform(-1.2, 0.5)
        scale = np.array([reach * size[0] / size[1], reach])
        if index % 3 == 0:
            # Whole numbers make places that lie exactly between two of OpenCV's.
            centre, scale = np.round(centre), np.round(scale) + 1
        yield centre, scale, rng.uniform(-180, 180) if index % 2 else 0.0, size


@pytest.mark.parametrize('udp', [False, True])
def test_crops_of_noise_equal_opencvs(udp):
    image = noise()
    for centre, scale, rotation, size in boxes(image, 60):
        matrix = warp_matrix(centre, scale, rotation, size, udp)
        crop = affine_crop(image, double(matrix), size)
        assert torch.equal(crop[0], opencv(image, matrix, size))


@pytest.mark.parametrize(
    'matrix',
    [
        np.array([[1, 0, 0], [0, 1, 0]]),
        np.array([[-1, 0, 59], [0, 1, 0.5]]),
        np.array([[0, 1.3, 0], [-0.7, 0, 45]]),
        np.array([[1, 0.9, -3], [0.1, 1, 2]]),
        np.array([[0, 0, 7], [0, 0, 9]]),
        np.array([[1e-7, 0, 0], [0, 1e-7, 0]]),
    ],
    ids=['identity', 'mirrored', 'quarter turn', 'sheared', 'degenerate', 'from far away'],
)
def test_other_maps_equal_opencvs(matrix):
    image, matrix = noise(), matrix.astype(np.float64)
    crop = affine_crop(image, double(matrix), (64, 80))
    assert torch.equal(crop[0], opencv(image, matrix, (64, 80)))


def test_the_identity_gives_the_picture_and_zeros_beyond_it():
    image = noise((2, 5, 7))
    crop = affine_crop(image, double(np.eye(2, 3)), (9, 6))[0]
    assert torch.equal(crop[:, :5, :7], image)
    assert not crop[:, 5:].any()
    assert not crop[:, :, 7:].any()


def test_sums_are_linear_in_the_picture_and_rounding_is_to_the_nearest_level():
    one, two = noise(seed=1).double(), noise(seed=2).double()
    matrix = double(warp_matrix([25, 20], [30, 37.5], 17, (64, 80), False))
    cut = [affine_crop(image, matrix, (64, 80), rounded=False) for image in (one, two, one + two)]
    assert torch.allclose(cut[0] + cut[1], cut[2], rtol=0, atol=1e-10)
    whole = affine_crop(one, matrix, (64, 80))
    assert torch.equal(whole, (cut[0] + 0.5).floor())
    assert (whole - cut[0]).abs().max() > 0.4


@pytest.mark.parametrize('scale', [6.0, 40.0], ids=['up', 'down'])
def test_gradients_are_those_of_finite_differences(scale):
    image = noise((2, 9, 11)).double().requires_grad_()
    matrices = double(
        *(warp_matrix([x, 4], [scale, scale * 8 / 6], 20, (6, 8), False) for x in (3, 8))
    )

    def cut(pixels):
        return affine_crop(pixels, matrices, (6, 8), rounded=False)

    # Linear: a large step is exact and leaves rounding errors behind.
    assert torch.autograd.gradcheck(cut, (image,), eps=1.0, atol=1e-9)


def test_rounding_passes_the_gradient_straight_through():
    image = noise().double().requires_grad_()
    matrix = double(warp_matrix([25, 20], [30, 37.5], 17, (64, 80), False))
    weights = torch.randn(
        1, 3, 80, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    found = [
        torch.autograd.grad(
            (affine_crop(image, matrix, (64, 80), rounded=r) * weights).sum(), image
        )
        for r in (True, False)
    ]
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][0].any()


def test_overlapping_crops_share_pixels_and_their_gradients_add():
    image = noise().requires_grad_()
    matrices = double(*(warp_matrix([x, 25], [24, 30], 0, (64, 80), False) for x in (22, 34)))

    def gradient(rows):
        return torch.autograd.grad(affine_crop(image, matrices[rows], (64, 80)).sum(), image)[0]

    first, second, both = gradient([0]), gradient([1]), gradient([0, 1])
    assert torch.allclose(first + second, both, rtol=1e-5)
    shared = (first != 0) & (second != 0)
    assert 0 < shared.float().mean() < (both != 0).float().mean() < 1


def test_a_batch_equals_its_crops_one_by_one():
    image = noise()
    matrices = [
        warp_matrix(centre, scale, rotation, (33, 41), False)
        for centre, scale, rotation, _ in boxes(image, 4, seed=3)
    ]
    together = affine_crop(image, double(*matrices), (33, 41))
    for crop, matrix in zip(together, matrices, strict=True):
        assert torch.equal(crop, affine_crop(image, double(matrix), (33, 41))[0])
    assert affine_crop(image, double(*matrices)[:0], (33, 41)).shape == (0, 3, 41, 33)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(image=torch.zeros(1, 3, 4, 4)), r'image must be floating point \(C, H, W\)'),
        (dict(image=torch.zeros(3, 4, 4).byte()), r'image must be floating point \(C, H, W\)'),
        (dict(matrices=torch.zeros(2, 3)), r'matrices must be of shape \(N, 2, 3\)'),
        (dict(matrices=torch.zeros(1, 2, 3)), r'matrices must be in double precision'),
        (dict(size=(0, 4)), r'size must be \(w, h\) of at least one pixel'),
        (dict(size=(4,)), r'size must be \(w, h\) of at least one pixel'),
    ],
)
def test_bad_arguments_are_named(change, message):
    given = dict(image=torch.zeros(3, 4, 4), matrices=torch.zeros(1, 2, 3).double(), size=(4, 4))
    with pytest.raises(ValueError, match=message):
        affine_crop(**{**given, **change})


@pytest.mark.real
@pytest.mark.parametrize('udp', [False, True])
def test_crops_of_real_pictures_equal_those_of_mmposes_pipeline(real_data, udp):
    from mmpose.datasets import CocoDataset
    from mmpose.structures.bbox import get_udp_warp_matrix, get_warp_matrix

    folder = real_data / 'mmpose_tests/coco'
    size = (48, 64) if udp else (192, 256)
    pipeline = [
        dict(type='mmpose.LoadImage'),
        dict(type='mmpose.GetBBoxCenterScale'),
        dict(type='mmpose.TopdownAffine', input_size=size, use_udp=udp),
        dict(type='mmpose.PackPoseInputs'),
    ]
    dataset = CocoDataset(
        ann_file=str(folder / 'test_coco.json'),
        data_prefix=dict(img=str(folder)),
        pipeline=pipeline,
        test_mode=True,
    )
    borders = 0
    for item in dataset:
        meta = item['data_samples'].metainfo
        image = cv2.imread(str(Path(meta['img_path'])))
        make = get_udp_warp_matrix if udp else get_warp_matrix
        matrix = make(meta['input_center'], meta['input_scale'], 0.0, output_size=size)
        picture = torch.from_numpy(image).permute(2, 0, 1).float()
        crop = affine_crop(picture, double(matrix), size)[0]
        assert torch.equal(crop.byte(), item['inputs'])
        low = meta['input_center'] - meta['input_scale'] / 2
        high = low + meta['input_scale']
        borders += bool((low < 0).any() or (high > image.shape[1::-1]).any())
    assert len(dataset) > 2
    assert borders > 0
