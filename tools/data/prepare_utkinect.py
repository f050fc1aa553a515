"""Turn UTKinect-Action3D into annotations that MMAction2's ``PoseDataset`` reads.

    python tools/data/prepare_utkinect.py UTKinect.mat OUT.pkl [--test-people 5 6 7 8 9]

UTKinect.mat holds ``complete_skeleton`` (people, trials, actions, frames, joints, 3), metres in
the axes of the camera, and ``action_length`` (people, trials, actions), how many of the frames
are there. Leaves one track (1, T, 20, 3) in single precision for each sequence, and the splits
``train`` and ``test``, by person: nobody is in both. Joints are those of a Kinect v1.

Source: Xia, Chen and Aggarwal 2012, "View Invariant Human Action Recognition Using Histograms of
3D Joints".
"""

import argparse
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from mmrobust.functional.checks import require
from mmrobust.io.atomic import replacing

# The label is the position in this table.
ACTIONS = (
    *('walk', 'sit_down', 'stand_up', 'pick_up', 'carry'),
    *('throw', 'push', 'pull', 'wave_hands', 'clap_hands'),
)
JOINTS = 20
TEST_PEOPLE = (5, 6, 7, 8, 9)


def annotations(skeletons: Any, lengths: Any) -> list[dict[str, Any]]:
    """One annotation for each sequence that is there.

    Args:
        skeletons: (people, trials, actions, frames, joints, 3).
        lengths: (people, trials, actions).
    """
    rule = f'of shape (people, trials, {len(ACTIONS)}, frames, {JOINTS}, 3)'
    shape = np.shape(skeletons)
    fits = len(shape) == 6 and shape[2] == len(ACTIONS) and shape[4:] == (JOINTS, 3)
    require(fits, 'complete_skeleton', rule, shape)
    require(np.shape(lengths) == shape[:3], 'action_length', f'{shape[:3]}', np.shape(lengths))
    found = []
    for person, trial, action in np.ndindex(*shape[:3]):
        frames = int(lengths[person, trial, action])
        if not frames:
            continue
        track = np.asarray(skeletons[person, trial, action, :frames], np.float32)
        found.append(
            {
                'frame_dir': f'person{person}_trial{trial}_{ACTIONS[action]}',
                'label': action,
                'total_frames': frames,
                'keypoint': track[None],
            }
        )
    return found


def prepare(source: Path, out: Path, test_people: set[int]) -> dict[str, list[str]]:
    """Write the annotations.

    Returns:
        Names of the sequences by split.
    """
    content = scipy.io.loadmat(source)
    for name in ('complete_skeleton', 'action_length'):
        require(name in content, str(source), f'a file with {name}', sorted(content))
    found = annotations(content['complete_skeleton'], content['action_length'])
    split: dict[str, list[str]] = {'train': [], 'test': []}
    for one in found:
        person = int(one['frame_dir'].split('_')[0].removeprefix('person'))
        split['test' if person in test_people else 'train'].append(one['frame_dir'])
    with replacing(out) as temporary:
        temporary.write_bytes(pickle.dumps({'split': split, 'annotations': found}, protocol=4))
    return split


def main() -> None:
    """Run the command."""
    p = argparse.ArgumentParser(description=(__doc__ or '').splitlines()[0])
    p.add_argument('source', type=Path, help='UTKinect.mat, or its folder')
    p.add_argument('out', type=Path, help='the .pkl to write')
    p.add_argument('--test-people', type=int, nargs='+', default=TEST_PEOPLE)
    args = p.parse_args()
    source = args.source / 'UTKinect.mat' if args.source.is_dir() else args.source
    split = prepare(source, args.out, set(args.test_people))
    print(', '.join(f'{name}: {len(names)} sequences' for name, names in split.items()))


if __name__ == '__main__':
    main()
