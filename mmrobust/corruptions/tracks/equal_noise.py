"""The control of a corruption that moves joints: noise that moves them by as much."""

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.change import mean_ways
from mmrobust.corruptions.tracks.track import Floats, Track


def equal_joint_noise(track: Track, size: Floats, draws: Draws) -> Track:
    """The track under normal noise on every coordinate of every joint that was found.

    What a kind costs beyond this control, it costs by where joints go and not by how far.

    Args:
        track: The clean one.
        size: (M,), the mean way of each person's joints, in the file's unit, >= 0; to the
            rounding of the file's type.
        draws: Of the control, a stream of its own.
    """
    field = draws.of_clip().standard_normal(track.keypoint.shape)
    exact = Track(track.keypoint.astype('float64'), track.score)
    reached = mean_ways(exact, exact.at(exact.keypoint + field))
    scale = size / reached.clip(min=1e-300)
    return track.at(track.keypoint + scale[:, None, None, None] * field)
