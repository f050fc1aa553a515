"""Bad lines in lists of videos are refused with their place; good ones are read as ever."""

import re

import pytest
from mmaction.datasets import RawframeDataset, VideoDataset

FORM = "must be NAME LABEL or NAME, parted by ' ' alone, got "
BAD_VIDEOS = [
    (b'a.mp4 cat\n', "line 1: label must be a whole number, got 'cat'"),
    (b'a.mp4 0\nb.mp4 1.5\n', "line 2: label must be a whole number, got '1.5'"),
    (b'a.mp4 %d\n' % 10**20, f"line 1: label must be at most {2**63 - 1}, got '{10**20}'"),
    (b'a.mp4 0 3\n', f"line 1 {FORM}'a.mp4 0 3'"),
    (b'a.mp4 0\nmy cat.mp4 1\n', f"line 2 {FORM}'my cat.mp4 1'"),
    (b'a.mp4  1\n', f"line 1 {FORM}'a.mp4  1'"),
    (b'a.mp4\t1\n', 'line 1 ' + FORM + r"'a.mp4\t1'"),
    (b'a.mp4 0\n\xe9t\xe9.mp4 1\n', r"line 2 must be UTF-8, got b'\xe9t\xe9.mp4 1'"),
    (b'\xef\xbb\xbfa.mp4 0\n', 'line 1 must be UTF-8 without a byte-order mark, got b'),
    (b'a.mp4 0\n\nb.mp4 1\n', "line 2 must be the name of a video, got ''"),
    (b'a.mp4 0\r\n  \r\n', "line 2 must be the name of a video, got ''"),
]
BAD_FRAMES = [
    (b'a 10 cat\n', "line 1: label must be a whole number, got 'cat'"),
    (b'a 10 0\nb 9.5 1\n', "line 2: total_frames must be a whole number, got '9.5'"),
    (b'my cat 10 1\n', "line 1 must be FOLDER TOTAL_FRAMES [LABEL], got 'my cat 10 1'"),
    (b'a\n', "line 1 must be FOLDER TOTAL_FRAMES [LABEL], got 'a'"),
    (b'a 10 0\n\n', "line 2 must be the name of a video, got ''"),
]


def read(kind, folder, content, **options):
    path = folder / 'list.txt'
    path.write_bytes(content)
    prefix = {'video': 'data'} if kind is VideoDataset else {'img': 'data'}
    found = kind(str(path), pipeline=[], data_prefix=prefix, **options)
    infos = [found.get_data_info(index) for index in range(len(found))]
    for info in infos:
        if options.get('multi_class'):
            info['label'] = info['label'].tolist()
    return infos


@pytest.mark.parametrize(('content', 'message'), BAD_VIDEOS)
def test_a_bad_line_of_videos_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=re.escape(f'{tmp_path / "list.txt"}, {message}')):
        read(VideoDataset, tmp_path, content)


@pytest.mark.parametrize(('content', 'message'), BAD_FRAMES)
def test_a_bad_line_of_frames_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=re.escape(f'{tmp_path / "list.txt"}, {message}')):
        read(RawframeDataset, tmp_path, content)


@pytest.mark.parametrize(
    ('content', 'options', 'expected'),
    [
        (b'a.mp4 0\nb.mp4 1\n', {}, [('data/a.mp4', 0), ('data/b.mp4', 1)]),
        (b'a.mp4 0\r\nb.mp4', {}, [('data/a.mp4', 0), ('data/b.mp4', -1)]),
        ('é.mp4 -1'.encode(), {}, [('data/é.mp4', -1)]),
        (b'my cat.mp4,3\n', {'delimiter': ','}, [('data/my cat.mp4', 3)]),
        (b'a.mp4 0 3\n', {'multi_class': True, 'num_classes': 4}, [('data/a.mp4', [1, 0, 0, 1])]),
    ],
)
def test_good_videos_are_read_as_ever(tmp_path, content, options, expected):
    found = read(VideoDataset, tmp_path, content, **options)
    assert [(info['filename'], info['label']) for info in found] == expected


@pytest.mark.parametrize(
    ('content', 'options', 'expected'),
    [
        (b'a 10 0\nb 9\n', {}, [(10, 0), (9, -1)]),
        (b'a 5 10 3', {'with_offset': True}, [(10, 3)]),
        (b'a 10 0 3', {'multi_class': True, 'num_classes': 4}, [(10, [1, 0, 0, 1])]),
    ],
)
def test_good_frames_are_read_as_ever(tmp_path, content, options, expected):
    found = read(RawframeDataset, tmp_path, content, **options)
    assert [(info['total_frames'], info['label']) for info in found] == expected


def test_a_list_that_is_not_there_is_the_data_sets_own_affair(tmp_path):
    with pytest.raises((FileNotFoundError, ValueError)) as caught:
        VideoDataset(str(tmp_path / 'none.txt'), pipeline=[], data_prefix={'video': ''})
    assert 'line' not in str(caught.value)
