"""Videos as they lie in folders, for MMAction2's pipelines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mmengine.dataset import BaseDataset

from mmrobust.datasets.files import VIDEOS, find_files
from mmrobust.datasets.reading import reading_files
from mmrobust.functional.naming import NAME_KEY
from mmrobust.registry import DATASETS


@DATASETS.register_module()
class RawVideos(BaseDataset):
    """Video files that nobody annotated; their label is -1, as in stock annotation lists.

    Args:
        inputs: Files, folders or patterns (:func:`~mmrobust.datasets.files.find_files`).
        pipeline: Transforms, or their configs, as of MMAction2's ``VideoDataset``; one that
            decodes something else than video files gets decord in that place
            (:func:`~mmrobust.datasets.reading.reading_files`).
        metainfo: ``classes``: names of the classes, in the order of their numbers.
        test_mode: As in mmengine.
        as_given: Keep the order of ``inputs`` (:func:`~mmrobust.datasets.files.find_files`).

    Raises:
        ValueError: An input leads nowhere or to no video, or the pipeline takes no videos.

    Attributes:
        source: What the run's report says of the files.
    """

    def __init__(
        self,
        inputs: Sequence[str] | str,
        pipeline: Sequence[dict[str, Any] | Callable[..., Any]],
        *,
        metainfo: dict[str, Any] | None = None,
        test_mode: bool = True,
        as_given: bool = False,
    ) -> None:
        self._files = find_files(inputs, VIDEOS, 'video', as_given=as_given)
        self.source = self._files.about()
        super().__init__(pipeline=reading_files(pipeline), metainfo=metainfo, test_mode=test_mode)

    def load_data_list(self) -> list[dict[str, Any]]:
        """What stock decoders and ``PackActionInputs`` want to know of each video."""
        files = self._files
        return [
            {
                'filename': files.path(name),
                NAME_KEY: name,
                'label': -1,
                'start_index': 0,
                'modality': 'RGB',
                'stamp': files.stamp(name),
            }
            for name in files.names
        ]
