"""Skeleton recognisers on raw frames: graph networks, and networks on volumes of heatmaps."""

from __future__ import annotations

from mmaction.models.recognizers import Recognizer3D, RecognizerGCN

from mmrobust.chain.pose_input import PoseInput
from mmrobust.registry import MODELS


@MODELS.register_module()
class PoseRecognizerGCN(PoseInput, RecognizerGCN):
    """A graph network (ST-GCN, ST-GCN++, 2s-AGCN) on the poses in frames.

    Options: see :class:`~mmrobust.chain.pose_input.PoseInput`; ``pipeline`` ends in
    ``FormatGCNInput`` and ``PackActionInputs``.
    """

    volumes = False


@MODELS.register_module()
class PoseRecognizer3D(PoseInput, Recognizer3D):
    """A network on volumes of heatmaps (PoseC3D) on the poses in frames.

    Options: see :class:`~mmrobust.chain.pose_input.PoseInput`; ``pipeline`` has
    ``GeneratePoseTarget`` and ``FormatShape(input_format='NCTHW_Heatmap')``.
    """

    volumes = True
