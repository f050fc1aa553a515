"""Natural changes of tracks of key points, one kind per file, drawn and applied without any model.

They are what pose estimators and depth cameras do wrong, for models that look at skeletons.
"""

from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.tracks.base import TrackCorruption
from mmrobust.corruptions.tracks.track import Track
from mmrobust.lazy import offers

__getattr__, __dir__ = offers(__name__, 'TRACK_CORRUPTIONS')
__all__ = ['Draws', 'Track', 'TrackCorruption']
