"""Sets of rendered poses: built once in a process, and nobody's changes are another's."""

import numpy as np

from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset


def test_what_one_set_changes_no_other_sees():
    first = SyntheticPoseDataset(num_videos=1, pipeline=[], frames_per_video=2)
    clean = {key: np.copy(first[1][key]) for key in ('img', 'keypoints', 'bbox')}
    changed = first[1]
    for key in clean:
        changed[key][:] = 0
    changed['raw_ann_info']['keypoints'].clear()
    for other in (first, SyntheticPoseDataset(num_videos=1, pipeline=[], frames_per_video=2)):
        for key, value in clean.items():
            assert np.array_equal(other[1][key], value)
        assert len(other[1]['raw_ann_info']['keypoints']) == 3 * 14
    other = SyntheticPoseDataset(num_videos=1, pipeline=[], frames_per_video=2, seed=1)
    assert not np.array_equal(other[1]['img'], clean['img'])
