"""Catch what a pose head hands to its decoder.

``mode='tensor'`` leaves the flip test out and ``mode='loss'`` wants encoded
targets; running ``mode='predict'`` up to the decoder gives the response as it
is deployed, whatever the head and its test configuration do before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class Response:
    """What ``head.decode`` was given last: a tensor, or a tuple of them."""

    def __init__(self) -> None:
        self.value: Any = None


class _Reached(Exception):  # noqa: N818  (no error: a way out)
    """The decoder was reached, and nobody wants what follows."""


@contextmanager
def decoder_input(head: Any, *, stop: bool) -> Iterator[Response]:
    """Record what ``head.decode`` is given inside the block.

    Args:
        head: A pose head.
        stop: End the block there: the decoder does not run.
    """
    caught, decode = Response(), head.decode

    def record(response: Any) -> Any:
        # A copy: decoders may write to what they are given.
        caught.value = (
            response.clone()
            if isinstance(response, torch.Tensor)
            else tuple(part.clone() for part in response)
        )
        if stop:
            raise _Reached
        return decode(response)

    head.decode = record
    try:
        yield caught
    except _Reached:
        pass
    finally:
        del head.decode
