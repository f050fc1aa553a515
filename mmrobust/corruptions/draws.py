"""Random numbers of one kind of corruption on one sample."""

import hashlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draws:
    """Streams that depend on the seed, the kind and the sample, and on nothing else.

    Not on the severity: all severities of a kind share their draws, so that a curve over them
    is smooth and differs between two models by less chance. Not on batch, worker, process, other
    kinds, nor NumPy's global state.

    Args:
        seed: Of the run.
        kind: Name of the corruption.
        sample: What tells the sample from others in its data set, its index or its name.
    """

    seed: int
    kind: str
    sample: int | str

    def of_clip(self, what: str = '') -> np.random.Generator:
        """The stream of what is drawn once for all frames."""
        return self._stream(f'clip/{what}')

    def of_frame(self, index: int, what: str = '') -> np.random.Generator:
        """The stream of the frame with that number in its video."""
        return self._stream(f'frame/{index}/{what}')

    def _stream(self, place: str) -> np.random.Generator:
        key = f'{self.seed}/{self.kind}/{self.sample}/{place}'.encode()
        digest = hashlib.blake2b(key, digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, 'little')))
