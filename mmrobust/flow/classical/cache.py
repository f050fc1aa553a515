"""Flow on disk, found by the content of the frames.

Shapes: H, W pixels; see :mod:`mmrobust.flow.classical.opencv`.

An entry is ``{folder}/{2 hex digits}/{38 hex digits}.flow``: a digest of 16
bytes, then the flow (H, W, 2) as little-endian float32. Half precision would
change the flow (by up to 0.008 pixels at 20); compressing all bits saves a
tenth of the space (the low bits are noise) and makes reading five times as slow.
"""

import logging
import math
import os
import uuid
from hashlib import blake2b
from pathlib import Path

import numpy as np

from mmrobust.flow.classical.opencv import Flow, Frame

logger = logging.getLogger('mmrobust')
DIGEST = 16


class DiskCache:
    """Remembers flow across runs and processes, bit for bit.

    Processes may share a folder: entries appear whole or not at all. An entry
    that is damaged, cut off or not the one that its name says is a miss; the
    first one is named in a warning, the others are counted. Entries are never
    removed; the folder may be deleted at any time.

    Args:
        folder: Made when the first flow is stored.
        maker: What computes the flow, with its parameters and version: flow by
            another maker is another entry.

    Attributes:
        hits: Flows that were read.
        misses: Flows that were not there, damaged ones included.
        damaged: Entries that could not be used.
        lost: Flows that could not be kept (no space, no permission).
    """

    def __init__(self, folder: Path, maker: str) -> None:
        self.folder = folder
        self.maker = maker
        self.hits = self.misses = self.damaged = self.lost = 0

    def key(self, first: Frame, second: Frame) -> str:
        """Name of the flow between two grey frames (H, W), uint8."""
        digest = blake2b(f'{self.maker} {first.shape}\n'.encode(), digest_size=20)
        digest.update(first.tobytes())
        digest.update(second.tobytes())
        return digest.hexdigest()

    def load(self, key: str, size: tuple[int, ...]) -> Flow | None:
        """The flow (H, W, 2) of frames of ``size`` (H, W), or None on a miss."""
        try:
            content = self.path(key).read_bytes()
        except FileNotFoundError:
            self.misses += 1
            return None
        except OSError:
            self.misses += 1
            self._report(key)
            return None
        digest, values = content[:DIGEST], content[DIGEST:]
        if len(values) != 8 * math.prod(size) or digest != _digest(key, values):
            self.misses += 1
            self._report(key)
            return None
        self.hits += 1
        return np.frombuffer(values, '<f4').reshape(*size, 2).astype(np.float32, copy=False)

    def store(self, key: str, flow: Flow) -> None:
        """Keep ``flow`` (H, W, 2) under ``key``; a folder that refuses it is named once."""
        try:
            self._write(key, flow)
        except OSError as error:
            self.lost += 1
            if self.lost == 1:
                reason = error.strerror or str(error)
                logger.warning('flow cache: nothing can be kept in %s: %s', self.folder, reason)

    def _write(self, key: str, flow: Flow) -> None:
        values = flow.astype('<f4', copy=False).tobytes()
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f'.{uuid.uuid4().hex}.tmp')
        try:
            temporary.write_bytes(_digest(key, values) + values)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def path(self, key: str) -> Path:
        """Where the flow of ``key`` is kept."""
        return self.folder / key[:2] / f'{key[2:]}.flow'

    def _report(self, key: str) -> None:
        self.damaged += 1
        if self.damaged == 1:
            logger.warning(
                'flow cache: %s is damaged and is computed again; further ones are only counted',
                self.path(key),
            )


def _digest(key: str, values: bytes) -> bytes:
    # With the name: an entry that was moved or renamed is recognised as well.
    return blake2b(key.encode() + values, digest_size=DIGEST).digest()
