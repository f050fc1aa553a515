"""Titles without the folder that all samples lie in."""

import pytest

from mmrobust.visualization.sample_names import common_folder, inside, without_folder


@pytest.mark.parametrize(
    ('names', 'folder', 'shown'),
    [
        (['/data/val/a.mp4', '/data/val/b.mp4'], '/data/val', ['a.mp4', 'b.mp4']),
        (['/data/val/a/1.png#0', '/data/val/b/1.png#1'], '/data/val', ['a/1.png#0', 'b/1.png#1']),
        (['/data/val/a.mp4'], '/data/val', ['a.mp4']),
        (['/data/val/a.mp4', '/data/value/a.mp4'], '/data', ['val/a.mp4', 'value/a.mp4']),
        (['synthetic/test/00000', 'clip'], '', ['synthetic/test/00000', 'clip']),
        (['clip', '/data/a.mp4'], '/data', ['clip', 'a.mp4']),
        ([], '', []),
    ],
)
def test_names_are_shown_from_the_folder_of_all(names, folder, shown):
    assert common_folder(names) == folder
    assert [inside(folder, name) for name in names] == shown


def test_lines_without_a_name_are_left_alone():
    entries = [{'name': '/data/a.mp4', 'error': 'x'}, {'index': 3}, {'name': None}]
    found = without_folder('/data', entries)
    assert found == [{'name': 'a.mp4', 'error': 'x'}, {'index': 3}, {'name': None}]
    assert entries[0]['name'] == '/data/a.mp4'
