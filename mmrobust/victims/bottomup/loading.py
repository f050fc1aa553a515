"""The test pipeline of a bottom-up data set, run in the data workers."""

from mmrobust.victims.pose.loading import CropPipeline, picture_name
from mmrobust.victims.samples import Results


class PicturePipeline(CropPipeline):
    """As for crops; a sample is named after its picture alone, not after its persons."""

    def name(self, data_info: Results) -> str:
        """The picture."""
        return picture_name(data_info)
