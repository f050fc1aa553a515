"""The seam to MMAction2: recognisers as victims.

The worker side (``windows``, ``loading``) reads videos and records how the
test pipeline cuts them into views; the main process side (``layouts``,
``scoring``, ``chunking``, ``victim``) turns pixels into scores.
"""

from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'VICTIMS')
