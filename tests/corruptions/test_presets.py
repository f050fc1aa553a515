"""Lists of kinds under configs/_base_/corruptions."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmrobust.registry import CORRUPTIONS
from tests.conftest import ROOT

PRESETS = {path.stem: path for path in (ROOT / 'configs/_base_/corruptions').glob('*.py')}
COUNTS = {'imagenet_c': 15, 'imagenet_c_all': 19, 'kinetics_p_spatial': 14, 'pose': 10}


def built(name: str) -> list:
    return [CORRUPTIONS.build(one) for one in Config.fromfile(PRESETS[name]).corruptions]


@pytest.mark.parametrize('path', PRESETS.values(), ids=PRESETS)
def test_every_preset_builds_and_says_what_it_is(path: Path):
    kinds = built(path.stem)
    names = [kind.name for kind in kinds]
    # Results go by the name, and so do draws.
    assert len(set(names)) == len(names)
    first = path.read_text(encoding='utf-8').splitlines()[0]
    assert first.startswith('# ')


def test_presets_are_as_long_as_the_sets():
    assert {name: len(built(name)) for name in COUNTS} == COUNTS
    scored, known = ({kind.name for kind in built(name)} for name in list(COUNTS)[:2])
    assert known - scored == {'speckle_noise', 'gaussian_blur', 'spatter', 'saturate'}


def test_constants_that_differ_between_sets():
    by_name = {kind.name: kind for kind in built('kinetics_p_spatial')}
    assert by_name['shot_noise'].constants == (250, 100, 50, 30, 15)
    assert by_name['speckle_noise'].constants == (0.15, 0.2, 0.25, 0.3, 0.35)
    assert by_name['gaussian_blur'].constants == (0.5, 0.75, 1, 1.25, 1.5)
    assert not by_name['random_rotation'].coherent
    by_name = {kind.name: kind for kind in built('mini_kinetics_c')}
    assert by_name['contrast'].constants == (0.5, 0.4, 0.3, 0.2, 0.1)
    assert by_name['shot_noise'].constants == (60, 25, 12, 5, 3)
    assert not by_name['rain'].coherent
    assert {kind.name: kind for kind in built('pose')}['motion_blur'].centred


def test_the_page_has_each_kind_of_pictures_in_its_group():
    page = (ROOT / 'docs/corruptions.md').read_text(encoding='utf-8')
    rows = re.findall(r'^\| (`[a-z_`, ]+`) \| (\w+) \| [^|]+ \| ([^|]+) \|$', page, flags=re.M)
    told = {name: row[1:] for row in rows for name in re.findall(r'`(\w+)`', row[0])}
    for cls in CORRUPTIONS.everything().values():
        kind = cls()
        if kind.name in told:
            group, moves = told.pop(kind.name)
            assert group == kind.group
            assert (moves == 'no') == (kind.moves == 'nothing')
            assert ('known' in moves) == (kind.moves == 'known')
    assert not told
    lists = set(re.findall(r'^\| `(\w+)` \| [^|]+ \|$', page, flags=re.M))
    assert set(COUNTS) < lists
    assert lists <= set(PRESETS)


def test_what_can_be_made_anywhere_is_imagenet_c_but_frost():
    whole, free = (
        [kind.name for kind in built(name)] for name in ('imagenet_c', 'imagenet_c_no_frost')
    )
    assert [name for name in whole if name != 'frost'] == free
