"""Where the views of a sample begin, which an attack on pixels cannot see.

Shapes: N samples, T attacked frames.
"""

import torch

from mmrobust.victims.bound import BoundVictim


def view_starts(victim: BoundVictim) -> tuple[int, ...]:
    """First frames of the views that lie one after the other in a sample's pixels.

    A view begins where no clip that the victim scores alone has frames on both
    sides. A victim that does not say what it scores alone has one view; so has one
    that scores single frames (TSN), as they follow one another in time.

    Args:
        victim: Bound to one sample.
    """
    clips = victim.clips()
    if not clips:
        return (0,)
    seen = torch.cat([clip.frames[:1] for clip in clips]).cpu()
    if int(seen.sum(dim=1).max()) == 1:
        return (0,)
    places = torch.arange(seen.shape[1])
    first = torch.where(seen, places, len(places)).amin(dim=1, keepdim=True)
    last = torch.where(seen, places, -1).amax(dim=1, keepdim=True)
    spanned = ((first < places) & (places <= last)).any(dim=0)
    return tuple((~spanned).nonzero().squeeze(1).tolist())
