"""A data set's pipeline that also keeps what an attacker may change of a sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

from mmrobust.functional.checks import one_line
from mmrobust.victims.samples import LAYOUT_KEY, NAME_KEY, Failure, RefusedError, Results


class FollowedPipeline(ABC):
    """Takes the place of a data set's ``pipeline``, in the data workers.

    The model's inputs come from the pipeline's own transforms, unchanged. A sample that
    cannot be read becomes a ``Failure`` instead of ending the run.
    """

    @abstractmethod
    def name(self, data_info: Results) -> str:
        """The sample, in reports."""

    @abstractmethod
    def followed(self, data_info: Results) -> tuple[Results, Any]:
        """Packed inputs, and the layout.

        Raises:
            RefusedError: The pipeline cannot be followed, which ends the run. After any
                other error the sample counts as one that could not be read.
        """

    @final
    def __call__(self, data_info: Results) -> Results | Failure:
        """Packed inputs with the layout, or why there are none."""
        name = self.name(data_info)
        try:
            packed, layout = self.followed(data_info)
        except RefusedError as error:
            return Failure(name, str(error), refused=True)
        except Exception as error:
            return Failure(name, one_line(error))
        return packed | {NAME_KEY: name, LAYOUT_KEY: layout}
