"""Jitter of tracks out of a run's lines, and which pictures are frames of a video."""

import numpy as np
import pytest

from mmrobust.corruptions import Draws
from mmrobust.corruptions.fog import Fog
from mmrobust.corruptions.gaussian_noise import GaussianNoise
from mmrobust.datasets.clips import clip_of, sample_key
from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.datasets.video_places import Place, place_of
from mmrobust.evaluation.jitter import jitter_summary


def line(video, frame, pose, *, track=None, truth=0.0, clean=0.0, side=10.0):
    """One joint on a line."""
    place = {'video': video, 'frame': frame, 'track': track, 'side': side}
    known = truth is not None
    place |= {'truth': [[truth, 0.0]] if known else None, 'visible': [True] if known else None}
    cells = {'clean': {'pose': [[clean, 0.0]]}, 'fog/1': {'pose': [[pose, 0.0]]}}
    return {'place': place, 'cells': cells}


def test_jitter_beside_that_of_the_truth():
    lines = [line('a', t, t**3, truth=2 * t**3, clean=0) for t in range(6)]
    found = jitter_summary(lines[::-1], ['fog'], [1])
    assert found['reference'] == 'truth'
    assert (found['tracks'], found['frames'], found['untracked']) == (1, 6, 0)
    assert found['clean']['jitter'] == 0
    cell = found['kinds']['fog']['cells'][1]
    assert cell['jitter'] == found['kinds']['fog']['jitter'] == pytest.approx(0.6)
    assert cell['reference_jitter'] == pytest.approx(1.2)


def test_a_cut_between_videos_and_persons_is_never_crossed():
    videos = [
        line(v, t, 100 * (v == 'b')) for v, ts in (('a', range(4)), ('b', range(4, 8))) for t in ts
    ]
    assert jitter_summary(videos, ['fog'], [1])['kinds']['fog']['jitter'] == 0
    persons = [line('a', t, 100 * n, track=n) for t in range(4) for n in (0, 1)]
    found = jitter_summary(persons, ['fog'], [1])
    assert (found['tracks'], found['kinds']['fog']['jitter']) == (2, 0)


def test_persons_whom_nobody_tells_apart_are_counted():
    lines = [line('a', t, t) for t in range(6)] + [line('a', 5, 50)]
    found = jitter_summary(lines, ['fog'], [1])
    assert (found['frames'], found['untracked']) == (5, 1)
    assert found['kinds']['fog']['jitter'] == 0


def test_without_annotation_the_clean_prediction_stands_for_the_truth():
    lines = [line('a', t, 3 * t**2, truth=None, clean=t**2) for t in range(5)]
    found = jitter_summary(lines, ['fog'], [1])
    assert found['reference'] == 'clean'
    assert found['clean']['acceleration_error'] == 0
    assert found['kinds']['fog']['cells'][1]['acceleration_error'] == pytest.approx(0.4)


def test_holes_are_gaps_and_short_tracks_say_nothing():
    lines = [line('a', t, t**3) for t in range(6)]
    lines[2]['cells']['fog/1'] = {'hole': 'none'}
    assert jitter_summary(lines, ['fog'], [1])['kinds']['fog']['jitter'] is None
    assert jitter_summary(lines[:3], ['fog'], [1]) is None
    assert jitter_summary([{'cells': {}}], ['fog'], [1]) is None


def test_which_pictures_are_frames():
    tracked = {'img_path': 'images/val/0012_mpii/000007.jpg', 'raw_ann_info': {'track_id': 3}}
    assert place_of(tracked) == Place('0012_mpii', 7, 3)
    # COCO's pictures have numbers, too, and neighbours that have nothing to do with them.
    assert place_of({'img_path': 'val2017/000000000139.jpg', 'raw_ann_info': {'id': 1}}) is None
    assert place_of(tracked | {'img_path': 'a/cover.jpg'}) is None
    assert place_of({'video': '/data/v.mp4', 'frame': 4}) == Place('v.mp4', 4)
    few = SyntheticPoseDataset(1, [], frames_per_video=4)
    assert place_of(few.get_data_info(0)) is None


def test_frames_of_a_video_share_the_weather_and_have_their_own_noise():
    figures = SyntheticPoseDataset(1, [], frames_per_video=32, split='test')
    infos = [figures.get_data_info(index) for index in (4, 5)]
    assert [place_of(info).frame for info in infos] == [4, 5]
    picture = np.full((40, 50, 3), 90, np.uint8)
    found = {}
    for kind in (Fog(), GaussianNoise()):
        clips = [clip_of(info | {'img': picture})[0] for info in infos]
        draws = [Draws(0, kind.name, sample_key(info)) for info in infos]
        found[kind.name] = [kind(clip, 3, draw) for clip, draw in zip(clips, draws, strict=True)]
    assert np.array_equal(*found['fog'])
    assert not np.array_equal(*found['gaussian_noise'])
