"""Which adapter goes with which head class, for one kind of estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from mmrobust.functional.checks import require

Adapter = TypeVar('Adapter')


class HeadAdapters:
    """Adapters by the name of a head's class.

    By name and not by inheritance: MMPose derives heads from each other whose
    responses differ (``AssociativeEmbeddingHead`` from ``HeatmapHead``).

    Args:
        owner: What has such heads, in messages: 'a bottom-up estimator'.
        package: Where one registers an adapter of one's own, likewise.
        inner: Heads that leave the work to a head inside them, and its attribute.
    """

    def __init__(self, owner: str, package: str, inner: Mapping[str, str] | None = None) -> None:
        self.owner, self.package, self.inner = owner, package, dict(inner or {})
        self.known: dict[str, type[Any]] = {}

    def register(self, *heads: str) -> Callable[[type[Adapter]], type[Adapter]]:
        """Class decorator: the adapter of the head classes of these names."""

        def keep(cls: type[Adapter]) -> type[Adapter]:
            self.known.update(dict.fromkeys(heads, cls))
            return cls

        return keep

    def __iter__(self) -> Iterator[str]:
        """Names of the head classes that have an adapter."""
        return iter(sorted([*self.known, *self.inner]))

    def of(self, model: Any) -> tuple[type[Any], Any]:
        """The adapter of a built estimator's head, and the head that it is for.

        Raises:
            ValueError: No head, or one without an adapter.
        """
        head = getattr(model, 'head', None)
        head = getattr(head, self.inner.get(type(head).__name__, ''), head)
        kind = type(head).__name__
        if kind not in self.known:
            what = kind if head is not None else f'{type(model).__name__} without a head'
            raise ValueError(
                f'head of {self.owner} must be one with an adapter ({", ".join(self)}; '
                f'{self.package}.register adds one), got {what}'
            )
        return self.known[kind], head


def codec_of(head: Any, known: Sequence[str]) -> Any:
    """A head's codec.

    Raises:
        ValueError: The head has no decoder, or one whose class is not among the known.
    """
    found, kind = type(head.decoder).__name__, type(head).__name__
    require(found in known, 'head.decoder', f'for {kind} one of {", ".join(known)}', found)
    return head.decoder
