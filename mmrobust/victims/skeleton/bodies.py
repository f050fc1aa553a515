"""Which joints are shoulders and hips, of the skeletons that MMAction2's configs and files use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.functional.bones import PARENTS, outwards
from mmrobust.functional.checks import require, whole


@dataclass(frozen=True)
class Body:
    """The joints whose distance is the length of the torso.

    Args:
        shoulders: One joint between them, or both, whose middle it is.
        hips: Likewise.
    """

    shoulders: tuple[int, ...]
    hips: tuple[int, ...]

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Body:
        """Of ``dict(shoulders=[...], hips=[...])``.

        Raises:
            ValueError: It is another one.
        """
        rule = 'dict(shoulders=[joints], hips=[joints])'
        named = isinstance(config, Mapping) and {*config} == {'shoulders', 'hips'}
        require(named, 'victim.body', rule, config)
        for joints in config.values():
            listed = isinstance(joints, Sequence) and bool(joints)
            require(
                listed and all(whole(joint, 0) for joint in joints), 'victim.body', rule, config
            )
        return cls(tuple(config['shoulders']), tuple(config['hips']))


# By the number of joints.
BODIES = {
    # COCO.
    17: Body((5, 6), (11, 12)),
    # OpenPose.
    18: Body((2, 5), (8, 11)),
    # Kinect v1.
    20: Body((2,), (0,)),
    # Kinect v2, NTU RGB+D.
    25: Body((20,), (0,)),
}


# By the number of joints, where no graph of a model says it: joint and the one before it.
BONES = {count: tuple(outwards(parents)) for count, parents in PARENTS.items()}


def body_of(joints: int, given: Body | None) -> Body:
    """The body as it was given, or that of a skeleton of so many joints.

    Raises:
        ValueError: None was given, and no skeleton has so many joints; or there is no such joint.
    """
    known = ', '.join(map(str, BODIES))
    rule = (
        f'given (dict(shoulders=[joints], hips=[joints])) for other skeletons than those of '
        f'{known} joints, or victim.unit be box or native'
    )
    require(given is not None or joints in BODIES, 'victim.body', rule, f'{joints} joints')
    found = BODIES[joints] if given is None else given
    inside = all(joint < joints for joint in (*found.shoulders, *found.hips))
    require(inside, 'victim.body', f'of joints below {joints}', found)
    return found


def torso_sizes(track: NDArray[Any], body: Body) -> NDArray[np.float64]:
    """Length of each person's torso (M,), in the file's unit; 0 where it is never seen.

    The 90th percentile over the frames in which all its joints are there: bowing and turning
    shorten a torso, and nothing makes it longer.

    Args:
        track: (M, T, V, C), places only.
        body: Its joints.
    """
    places = track.astype(np.float64)
    there = (places != 0).any(-1)[..., [*body.shoulders, *body.hips]].all(-1)
    middles = [places[:, :, list(ends)].mean(2) for ends in (body.shoulders, body.hips)]
    lengths = np.linalg.norm(middles[0] - middles[1], axis=-1)
    found = [row[seen] for row, seen in zip(lengths, there, strict=True)]
    return np.array([np.percentile(row, 90) if len(row) else 0.0 for row in found])


def box_sizes(track: NDArray[Any]) -> NDArray[np.float64]:
    """The longest side of the box round each person's joints over all frames (M,); 0 for nobody.

    Args:
        track: (M, T, V, C), places only.
    """
    sizes = np.zeros(len(track))
    for number, person in enumerate(track.astype(np.float64)):
        joints = person[(person != 0).any(-1)]
        sizes[number] = (joints.max(0) - joints.min(0)).max() if len(joints) else 0.0
    return sizes
