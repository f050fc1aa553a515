"""What data sets of poses outside of MMPose share with MMPose's own."""

from typing import Any

from mmengine.dataset import BaseDataset

# What MMPose's own data sets copy from their metainfo into every sample.
_PER_SAMPLE = (
    'dataset_name',
    'upper_body_ids',
    'lower_body_ids',
    'flip_pairs',
    'dataset_keypoint_weights',
    'flip_indices',
    'skeleton_links',
)


class PoseDataset(BaseDataset):
    """Joints, skeleton and falloffs parsed as MMPose does, and copied into every sample."""

    @classmethod
    def _load_metainfo(cls, metainfo: dict[str, Any] | None = None) -> dict[str, Any]:
        # MMPose is asked for by these data sets alone, not by whoever imports the package.
        from mmpose.datasets.datasets.utils import parse_pose_metainfo

        parsed: dict[str, Any] = parse_pose_metainfo(metainfo or cls.METAINFO)
        return {**parsed, 'CLASSES': [dict(id=1, name='person')]}

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Annotation of a sample, a copy."""
        info: dict[str, Any] = super().get_data_info(idx)
        metainfo = self.metainfo  # a copy
        return {**info, **{key: metainfo[key] for key in _PER_SAMPLE}}
