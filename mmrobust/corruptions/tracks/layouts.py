"""Which joints belong together, of the skeletons that MMAction2's configs and files use."""

from collections.abc import Sequence

from mmrobust.functional.checks import require

Joints = tuple[int, ...]
# By the number of joints: left arm, right arm, left leg, right leg, from the body outwards.
# A joint's counterpart stands in the same place on the other side.
LIMBS: dict[int, tuple[Joints, Joints, Joints, Joints]] = {
    # COCO.
    17: ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16)),
    # Kinect v1.
    20: ((4, 5, 6, 7), (8, 9, 10, 11), (12, 13, 14, 15), (16, 17, 18, 19)),
    # Kinect v2, NTU RGB+D.
    25: ((4, 5, 6, 7, 21, 22), (8, 9, 10, 11, 23, 24), (12, 13, 14, 15), (16, 17, 18, 19)),
}


def limbs(joints: int, given: Sequence[Sequence[int]] | None) -> list[list[int]]:
    """The limbs as they were given, or those of a skeleton of so many joints.

    Raises:
        ValueError: None were given, and no skeleton has so many joints; or there is no such joint.
    """
    rule = f'given for a skeleton of other than {", ".join(map(str, LIMBS))} joints'
    require(given is not None or joints in LIMBS, 'limbs', rule, joints)
    found = [list(limb) for limb in (LIMBS[joints] if given is None else given)]
    inside = all(0 <= joint < joints for limb in found for joint in limb)
    require(inside and bool(found), 'limbs', f'lists of joints 0 to {joints - 1}', found)
    return found
