"""mmpose 1.3.2 imports ``six`` and ``mmdet`` without declaring them."""

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real

INSTALL = {'six': 'pip install six', 'mmdet': 'pip install --no-deps "mmdet>=3.0,<3.4"'}


class MissingRequirements(Break):
    """Undeclared requirements: nothing can stand in for them."""

    name = 'six and mmdet not declared by mmpose'
    symptom = "No module named 'six', No module named 'mmdet'"

    def detect(self) -> bool:
        """MMPose is there and one of the two is not."""
        missing = [name for name in INSTALL if find_real(name) is None]
        self.advice = '; '.join(INSTALL[name] for name in missing)
        return find_real('mmpose') is not None and bool(missing)
