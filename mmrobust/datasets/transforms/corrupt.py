"""A natural corruption as a step of any pipeline of MMAction2 or MMPose.

Shapes: T frames, H, W pixels.
"""

from typing import Any

from mmcv.transforms import BaseTransform

from mmrobust.corruptions import Corruption, Draws
from mmrobust.datasets.clips import clip_of, sample_key, with_frames
from mmrobust.functional.checks import require, whole
from mmrobust.registry import CORRUPTIONS, TRANSFORMS


@TRANSFORMS.register_module()
class Corrupt(BaseTransform):
    """One kind at one severity, on decoded frames or on a picture.

    In a recogniser's pipeline it belongs behind ``Resize`` (for kinds whose place is the
    canvas), in a pose estimator's behind ``LoadImage``, before anything is cut out. The pixels
    are those of ``tools/corrupt.py``, of the same seed and sample.

    Required Keys:

        - imgs (uint8, RGB) and frame_inds, or img (uint8, BGR)
        - sample_idx or img_id, else a path

    Modified Keys:

        - imgs or img

    Args:
        corruption: Its config, such as ``dict(type='Fog')``.
        severity: 1 to 5; 0 changes nothing.
        seed: With kind and sample it decides all random numbers.

    Raises:
        ValueError: An option is out of range, or the kind changes order or stream of a whole
            video, of which a pipeline sees some frames.
    """

    def __init__(self, corruption: dict[str, Any], severity: int, seed: int = 0) -> None:
        self.corruption: Corruption = CORRUPTIONS.build(corruption)
        level, kinds = self.corruption.level, 'a kind of single frames or clips'
        require(
            level in ('frame', 'clip'), 'corruption', kinds, f'{self.corruption.name} ({level})'
        )
        most = len(self.corruption.constants)
        sound = whole(severity, 0) and severity <= most
        require(sound, 'severity', f'0 (clean) to {most}', severity)
        require(whole(seed), 'seed', 'a whole number', seed)
        self.severity, self.seed = severity, seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Put the corrupted frames in the place of the clean ones."""
        clip, rows = clip_of(results)
        draws = Draws(self.seed, self.corruption.name, sample_key(results))
        return with_frames(results, self.corruption(clip, self.severity, draws), rows)

    def __repr__(self) -> str:
        name = self.corruption.name
        return f'{self.__class__.__name__}({name}, severity={self.severity}, seed={self.seed})'
