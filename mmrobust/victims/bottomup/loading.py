"""The test pipeline of a bottom-up data set, run in the data workers."""

from dataclasses import replace

from mmrobust.victims.pose.loading import CropPipeline, picture_name
from mmrobust.victims.samples import NAME_KEY, Failure, Results


class PicturePipeline(CropPipeline):
    """As for crops; a sample is named after its picture alone, not after its persons."""

    def __call__(self, data_info: Results) -> Results | Failure:
        """Packed inputs plus the layout, or why there are none."""
        found, name = super().__call__(data_info), picture_name(data_info)
        return replace(found, name=name) if isinstance(found, Failure) else found | {NAME_KEY: name}
