"""MMAction2 recognisers that compute the optical flow they see."""

from mmrobust.flow.recognizers.flow_recognizers import FlowRecognizer2D, FlowRecognizer3D
from mmrobust.flow.recognizers.two_stream import TwoStreamRecognizer

__all__ = ['FlowRecognizer2D', 'FlowRecognizer3D', 'TwoStreamRecognizer']
