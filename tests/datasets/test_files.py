"""Files, folders and patterns: what is taken, what is skipped, in which order."""

import os

import pytest

from mmrobust.datasets.files import VIDEOS, find_files


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'x')


def test_files_of_a_folder_are_found_in_natural_order_and_others_are_named(tmp_path):
    make(tmp_path, 'b/clip10.mp4', 'b/clip2.MP4', 'a.avi', 'notes.txt', '.hidden.mp4', 'b/x.json')
    found = find_files([str(tmp_path)], VIDEOS, 'video')
    assert found.names == ('a.avi', 'b/clip2.MP4', 'b/clip10.mp4')
    assert found.others == ('.hidden.mp4', 'b/x.json', 'notes.txt')
    assert found.folder == str(tmp_path)
    assert found.path('a.avi') == str(tmp_path / 'a.avi')


def test_files_are_named_from_their_common_folder_and_taken_once(tmp_path, monkeypatch):
    make(tmp_path, 'in/one/a.mp4', 'in/one/b.mp4', 'in/two/a.mp4')
    monkeypatch.chdir(tmp_path)
    words = ['in/one/a.mp4', str(tmp_path / 'in' / 'one'), 'in/**/a.mp4', 'in/../in/two/a.mp4']
    found = find_files(words, VIDEOS, 'video')
    assert found.names == ('one/a.mp4', 'one/b.mp4', 'two/a.mp4')
    assert found.folder == str(tmp_path / 'in')
    assert find_files('in/one/b.mp4', VIDEOS, 'video').names == ('b.mp4',)


def test_files_whose_names_are_patterns_are_files(tmp_path):
    make(tmp_path, 'take[1].mp4', 'take1.mp4')
    found = find_files([str(tmp_path / 'take[1].mp4')], VIDEOS, 'video')
    assert found.names == ('take[1].mp4',)


def test_files_below_links_are_found_once_and_loops_end(tmp_path):
    make(tmp_path, 'far/a.mp4', 'in/b.mp4')
    (tmp_path / 'in' / 'link').symlink_to(tmp_path / 'far')
    (tmp_path / 'in' / 'loop').symlink_to(tmp_path / 'in')
    found = find_files([str(tmp_path / 'in')], VIDEOS, 'video')
    assert found.names == ('b.mp4', 'link/a.mp4')


def test_a_file_and_links_to_it_are_one_file(tmp_path):
    make(tmp_path, 'b.mp4', 'far/c.mp4')
    (tmp_path / 'a.mp4').symlink_to(tmp_path / 'b.mp4')
    for name in ('d.mp4', 'e.mp4'):
        (tmp_path / name).symlink_to(tmp_path / 'far' / 'c.mp4')
    found = find_files([str(tmp_path)], VIDEOS, 'video')
    assert found.names == ('b.mp4', 'far/c.mp4')
    assert found.again == ('a.mp4', 'd.mp4', 'e.mp4')
    assert found.about()['other_names'] == ['a.mp4', 'd.mp4', 'e.mp4']
    # Without the file itself the first link stands for it.
    found = find_files([str(tmp_path / name) for name in ('e.mp4', 'd.mp4')], VIDEOS, 'video')
    assert (found.names, found.again) == (('d.mp4',), ('e.mp4',))


def test_a_link_that_leads_nowhere_is_a_file_that_will_fail(tmp_path):
    make(tmp_path, 'a.mp4')
    (tmp_path / 'b.mp4').symlink_to(tmp_path / 'gone.mp4')
    found = find_files([str(tmp_path)], VIDEOS, 'video')
    assert found.names == ('a.mp4', 'b.mp4')
    assert found.stamp('b.mp4') is None


def test_files_that_change_have_another_stamp(tmp_path):
    make(tmp_path, 'a.mp4')
    found = find_files([str(tmp_path)], VIDEOS, 'video')
    before = found.stamp('a.mp4')
    assert found.stamp('a.mp4') == before
    os.utime(tmp_path / 'a.mp4', ns=(0, before[1] + 1))
    assert found.stamp('a.mp4') != before


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        ([], 'input must be at least one file'),
        (['{}/none'], "input must be a file, a folder or a pattern that matches, got '.*none'"),
        (['{}/*.mkv'], 'a pattern that matches'),
        (['{}'], r'at least one video \(.*\.mp4.*\), got .* with 1 other file.$'),
        (['{}/notes.txt'], r"a video by its ending \(.*\.mp4.*\), got '.*/notes\.txt'$"),
        (
            ['{}/a/b.JPG'],
            r"a video by its ending \(.*\), got '.*/b\.JPG': recognisers take videos, no pict",
        ),
        (['{}/a'], r"with 1 other file': recognisers take videos, no pictures$"),
    ],
)
def test_files_that_are_not_there_are_one_clear_error(tmp_path, words, message):
    make(tmp_path, 'notes.txt')
    if '{}' not in words:
        make(tmp_path, 'a/b.JPG')
    with pytest.raises(ValueError, match=message):
        find_files([word.format(tmp_path) for word in words], VIDEOS, 'video')
