"""Raw files as data sets: what pipelines are given is what stock data sets give."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from PIL import Image

from mmrobust.datasets import RawPictures, RawVideos
from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.datasets.wrappers import annotations_digest
from mmrobust.io.video import write_lossless
from tests.conftest import CONFIGS

DECORD = [
    {'type': 'DecordInit'},
    {'type': 'SampleFrames', 'clip_len': 3, 'frame_interval': 2, 'num_clips': 2, 'test_mode': True},
    {'type': 'DecordDecode'},
]
LOAD = [{'type': 'LoadImage'}, {'type': 'GetBBoxCenterScale'}]


def moving(count, seed=0, height=48, width=64):
    rng = np.random.default_rng(seed)
    first = cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 3)
    return np.stack([np.roll(first, 2 * t, axis=1) for t in range(count)])


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    for name, seed in (('clip10', 1), ('clip2', 2)):
        write_lossless(folder / f'{name}.mkv', moving(12, seed), 8)
    (folder / 'readme.txt').write_text('no video')
    return folder


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp('pictures')
    frames = moving(2)
    cv2.imwrite(str(folder / 'colour.png'), frames[0])
    cv2.imwrite(str(folder / 'grey.png'), cv2.cvtColor(frames[1], cv2.COLOR_BGR2GRAY))
    return folder


def raw_pictures(folder, steps=LOAD, **options):
    init_default_scope('mmpose')
    import mmpose.datasets  # noqa: F401

    return RawPictures([str(folder)], steps, metainfo=SyntheticPoseDataset.METAINFO, **options)


def test_raw_videos_are_what_the_stock_data_set_gives(videos, tmp_path):
    init_default_scope('mmaction')
    from mmaction.datasets import VideoDataset

    listed = tmp_path / 'list.txt'
    listed.write_text(f'{videos}/clip2.mkv -1\n{videos}/clip10.mkv -1\n')
    steps = [*DECORD, *Config.fromfile(CONFIGS / 'tiny_3d.py').test_pipeline[2:]]
    stock = VideoDataset(str(listed), steps, test_mode=True)
    raw = RawVideos([str(videos)], steps, metainfo={'classes': ['a', 'b']})
    assert len(raw) == len(stock) == 2
    for index in range(2):
        ours, theirs = raw[index], stock[index]
        assert np.array_equal(ours['inputs'].numpy(), theirs['inputs'].numpy())
        assert ours['data_samples'].gt_label == theirs['data_samples'].gt_label
    assert raw.metainfo['classes'] == ['a', 'b']
    found = {'folder': str(videos), 'files': 2, 'other_files': ['readme.txt'], 'other_names': []}
    assert raw.source == found


def test_raw_pictures_have_the_box_of_the_whole_or_those_of_the_file(pictures, tmp_path):
    whole = raw_pictures(pictures)
    assert [whole[i]['bbox'].tolist() for i in range(2)] == [[[0, 0, 64, 48]]] * 2
    assert whole.source['boxes'] == 'the whole picture'
    # Grey becomes BGR, as LoadImage reads it.
    assert whole[1]['img'].shape == (48, 64, 3)
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('{"grey": [[1, 2, 30, 40], [5, 5, 20, 20]]}')
    some = raw_pictures(pictures, boxes=str(boxes))
    assert [some[i]['bbox'].tolist() for i in range(len(some))] == [
        [[1, 2, 30, 40]],
        [[5, 5, 20, 20]],
    ]
    assert [some.get_data_info(i)['id'] for i in range(2)] == [0, 1]
    assert some.source['without_box'] == ['colour.png']
    # As of a detector's boxes: joints that stand for none.
    info = some.get_data_info(0)
    assert not info['keypoints'].any()
    assert info['keypoints_visible'].all()
    assert 'raw_ann_info' not in info


def test_raw_pictures_are_read_as_the_pipeline_reads_them(tmp_path):
    colour = Image.fromarray(moving(1, 7)[0])
    exif = colour.getexif()
    exif[0x112] = 6
    colour.save(tmp_path / '1_turned.jpg', exif=exif)
    colour.convert('CMYK').save(tmp_path / '2_cmyk.jpg')
    colour.convert('RGBA').save(tmp_path / '3_alpha.png')
    deep = np.asarray(colour).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / '4_deep.png'), deep)
    (tmp_path / '5_broken.png').write_bytes(b'no picture')
    found = raw_pictures(tmp_path)
    # Turned as EXIF says, so is the box.
    assert found[0]['img'].shape == (64, 48, 3)
    assert found[0]['bbox'].tolist() == [[0, 0, 48, 64]]
    for index in (1, 2, 3):
        assert found[index]['img'].shape == (48, 64, 3)
        assert found[index]['img'].dtype == np.uint8
    assert np.array_equal(found[2]['img'], np.asarray(colour)[..., ::-1])
    with pytest.raises(Exception, match='5_broken'):
        found[4]


def test_raw_box_outside_of_its_picture_is_an_error(pictures, tmp_path):
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('{"grey": [[64, 2, 90, 40]]}')
    with pytest.raises(ValueError, match=r'box must be inside the picture of 64 x 48 pixels'):
        raw_pictures(pictures, boxes=str(boxes))[0]


def test_raw_frames_of_a_video_are_pictures(tmp_path):
    frames = moving(4)
    write_lossless(tmp_path / 'walk.mkv', frames, 8)
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    found = raw_pictures(tmp_path, data_mode='bottomup', steps=LOAD[:1])
    names = [found.get_data_info(i)['mmrobust_name'] for i in range(len(found))]
    assert names == ['broken.mp4#0', *(f'walk.mkv#{t}' for t in range(4))]
    for t in range(4):
        assert np.array_equal(found[t + 1]['img'], frames[t][..., ::-1])
    assert 'bbox' not in found[1]
    with pytest.raises(ValueError, match='cannot be opened as a video'):
        found[0]


def test_raw_sets_of_other_files_or_boxes_have_another_digest(pictures, tmp_path):
    first = annotations_digest(raw_pictures(pictures))
    assert annotations_digest(raw_pictures(pictures)) == first
    boxes = tmp_path / 'boxes.json'
    digests = {first}
    for corner in (1, 2):
        boxes.write_text(f'{{"grey": [[{corner}, 2, 30, 40]]}}')
        digests.add(annotations_digest(raw_pictures(pictures, boxes=str(boxes))))
    copy = tmp_path / 'copy'
    copy.mkdir()
    (copy / 'grey.png').write_bytes((pictures / 'grey.png').read_bytes())
    digests.add(annotations_digest(raw_pictures(copy)))
    (copy / 'grey.png').write_bytes((pictures / 'colour.png').read_bytes())
    digests.add(annotations_digest(raw_pictures(copy)))
    assert len(digests) == 5


def test_raw_pictures_refuse_what_does_not_fit(pictures):
    with pytest.raises(ValueError, match='data_mode must be topdown or bottomup'):
        raw_pictures(pictures, data_mode='both')
    with pytest.raises(ValueError, match='boxes must be None for a bottom-up estimator'):
        raw_pictures(pictures, data_mode='bottomup', boxes='x.json')
    with pytest.raises(ValueError, match='pipeline must be one that begins with LoadImage'):
        raw_pictures(pictures, steps=LOAD[1:])
