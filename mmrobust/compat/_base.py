"""What every known break has in common."""

import logging
from abc import ABC, abstractmethod
from typing import ClassVar, Literal, NamedTuple

from mmrobust.compat._scope import holds

logger = logging.getLogger('mmrobust.compat')

OWN = 'in mmrobust alone, or by mmrobust.compat.heal()'
Status = Literal['healthy', 'healed', 'needs action']


class Finding(NamedTuple):
    """State of one known break in this environment.

    Args:
        name: The break.
        symptom: The error one meets when it is neither absent nor healed.
        status: 'healthy', 'healed' or 'needs action'.
        text: What the heal does, or what to install; empty when healthy.
    """

    name: str
    symptom: str
    status: Status
    text: str


class Break(ABC):
    """One known break of the OpenMMLab stack.

    A break that mmrobust can heal says how in ``remedy`` and overrides
    :meth:`heal`; the others only say in ``advice`` what to install.
    """

    name: str
    symptom: str
    remedy: str = ''
    # Whether code that ran before does something else under the heal. Such a heal holds in
    # mmrobust's own runs, or when asked for: see mmrobust.compat._scope.
    changes_behaviour: ClassVar[bool] = False
    advice: str = ''

    def __init__(self) -> None:
        self._logged = False

    @abstractmethod
    def detect(self) -> bool:
        """Whether this environment has the break, heals left out of account."""

    def heal(self) -> None:
        """Arrange the heal: quick, idempotent, without importing anything heavy."""
        return

    def finding(self) -> Finding:
        """State of this break, for the report."""
        if not self.detect():
            return Finding(self.name, self.symptom, 'healthy', '')
        if self.remedy:
            where = '' if holds() or not self.changes_behaviour else f' ({OWN})'
            return Finding(self.name, self.symptom, 'healed', f'{self.remedy}{where}')
        return Finding(self.name, self.symptom, 'needs action', self.advice)

    def note(self) -> None:
        """Log, once, that the heal acted."""
        if not self._logged:
            self._logged = True
            logger.debug('healed %s: %s', self.name, self.remedy)
