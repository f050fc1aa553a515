"""What is drawn for an embedded video, and a kind of scenery that is tied to the class."""

import numpy as np
import pytest

from mmrobust.datasets import SyntheticVideoDataset
from mmrobust.datasets.synthetic import CLASSES, SPLITS, render
from mmrobust.datasets.synthetic import script as module
from mmrobust.datasets.synthetic.script import generator, write_script

# Light and spot of videos 0 to 3 of the test split; the light is the last draw of a video.
LAST_DRAWS = {
    0: (-0.8558080103, [58.0548168394, 90.8322082759]),
    1: (-0.0455169572, [55.5523733622, 89.9265809435]),
    2: (-0.3990909863, [68.4203147211, 89.4534512588]),
    3: (0.1435723356, [74.055082416, 90.9745698945]),
}
# Green of single pixels, in hexadecimal digits.
PIXELS = {
    0: '54635f505149554e43464f40838e7c7554585b5b464e5b46483f4f4685858679',
    1: '6160949e627f65895f67597a7c7b968d5e5f979e66977e866268577b7c87958e',
    2: 'dccbb8add47ba9b4c5cb40ba7f776668ddcab7b0d377a1b3c7cb44ba7d776367',
}


def test_no_draw_has_been_added_or_moved():
    """The shipped weights belong to these videos: draws are whole numbers, equal everywhere."""
    for index, (light, spot) in LAST_DRAWS.items():
        role = write_script(index, split='test').role
        assert role.light[0] == pytest.approx(light, abs=1e-9)
        assert role.spot.tolist() == pytest.approx(spot, abs=1e-9)


def test_pixels_are_those_that_the_weights_have_seen():
    """A coarse grid of single pixels; rounding may move one by a level."""
    for index, digits in PIXELS.items():
        seen = render(index, split='test').frames[5::16, 7::24, 9::31, 1].reshape(-1)
        wanted = np.frombuffer(bytes.fromhex(digits), np.uint8)
        assert np.abs(seen.astype(int) - wanted).max() <= 1


def test_streams_with_another_number_are_other_streams():
    plain, more = generator('test', 0, 3), generator('test', 0, 3, 1)
    assert plain.random(4).tolist() != more.random(4).tolist()
    assert len({generator(split, 0, 3, 1).random() for split in SPLITS}) == 3


@pytest.fixture
def kinds(monkeypatch):
    """Scripts whose scenery is not painted, only counted."""
    seen = []

    def scenery(rng, shape, horizon, kind):
        seen.append(kind)
        return np.zeros((*shape, 3), np.float32)

    monkeypatch.setattr(module, 'scenery', scenery)
    return seen


def test_scenery_is_the_classs_own_as_often_as_asked(kinds):
    videos = 400
    for index in range(videos):
        write_script(index, tied=0.9)
    own = np.array([index % len(CLASSES) % 3 for index in range(videos)])
    found = np.array(kinds)
    # Four standard deviations of 400 draws.
    assert (found == own).mean() == pytest.approx(0.9, abs=0.06)
    others = (found - own)[found != own] % 3
    assert set(others) == {1, 2}
    assert abs((others == 1).mean() - 0.5) < 0.35


@pytest.mark.parametrize(('tied', 'own'), [(1.0, True), (0.0, False)])
def test_always_and_never(kinds, tied, own):
    for index in range(30):
        write_script(index, tied=tied, classes=CLASSES[:3])
    assert all((kind == index % 3) is own for index, kind in enumerate(kinds))


def test_untied_scenery_is_left_to_the_video(kinds):
    write_script(0)
    assert kinds == [None]


def test_a_tie_changes_the_scenery_and_not_the_performance():
    plain, tied = write_script(4, split='test'), write_script(4, split='test', tied=1.0)
    assert np.array_equal(plain.role.spot, tied.role.spot)
    assert np.array_equal(plain.place.camera, tied.place.camera)
    for name, limb in plain.role.pose.limbs.items():
        assert np.array_equal(limb.out, tied.role.pose.limbs[name].out)
    assert plain.role.person.height == tied.role.person.height


def test_a_video_that_has_the_kind_anyway_stays_what_it_is():
    same = 0
    for index in range(8):
        plain, tied = write_script(index), write_script(index, tied=1.0)
        if np.array_equal(plain.place.canvas, tied.place.canvas):
            same += 1
            assert plain.role.light == tied.role.light
    assert 0 < same < 8


def test_data_sets_hand_the_tie_on():
    options = dict(num_videos=3, pipeline=[], split='test', classes=CLASSES[:3])
    plain = SyntheticVideoDataset(**options)
    tied = SyntheticVideoDataset(**options, tied_scenery=1.0)
    wanted = render(2, split='test', classes=CLASSES[:3], tied=1.0).frames
    assert np.array_equal(tied.frames(2), wanted)
    stage = tied.stage(2)
    assert np.array_equal(stage.film(), wanted)
    assert stage.others == [0, 1]
    assert any(not np.array_equal(plain.frames(i), tied.frames(i)) for i in range(3))
    with pytest.raises(ValueError, match='tied_scenery must be None or a probability'):
        SyntheticVideoDataset(**options, tied_scenery=1.5)
    with pytest.raises(ValueError, match='tied must be None or a probability'):
        write_script(0, tied=-0.1)
    with pytest.raises(ValueError, match='window must be None where videos are filmed again'):
        SyntheticVideoDataset(**options, window=16).stage(0)
