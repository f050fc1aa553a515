"""What OpenCV's flow estimators share: worker processes and a cache on disk.

:mod:`~mmrobust.flow.classical.estimator` holds the base class of
:class:`~mmrobust.flow.estimators.tvl1.TVL1`,
:class:`~mmrobust.flow.estimators.farneback.Farneback` and
:class:`~mmrobust.flow.estimators.dis.DIS`. Nothing is imported here: worker
processes import :mod:`~mmrobust.flow.classical.opencv` alone, without torch.
"""
