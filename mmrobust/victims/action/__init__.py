"""The seam to MMAction2: recognisers as victims.

The worker side (``windows``, ``loading``) reads videos and records how the
test pipeline cuts them into views; the main process side (``layouts``,
``scoring``, ``chunking``, ``victim``) turns pixels into scores.
"""

from mmrobust.victims.action.victim import ActionVictim

__all__ = ['ActionVictim']
