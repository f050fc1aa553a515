"""mmpose 1.3.2 requires ``chumpy``, which nothing in it imports.

Its source does not build in an isolated build, so ``pip install mmpose`` fails
unless mmpose is installed with ``--no-deps``. Absence is the healthy state.
"""

from mmrobust.compat._base import Break, Finding
from mmrobust.compat._imports import find_real


class NeedlessChumpy(Break):
    """Part of the report only."""

    name = 'chumpy required by mmpose'
    symptom = 'pip cannot build chumpy'

    def detect(self) -> bool:
        """Never: the absence does no harm."""
        return False

    def finding(self) -> Finding:
        """Healthy, with a word on why chumpy is absent."""
        finding = super().finding()
        if find_real('mmpose') is None or find_real('chumpy') is not None:
            return finding
        return finding._replace(text='absent and not needed: nothing imports it')
