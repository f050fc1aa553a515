"""A figure of a page, which can also be written to files of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.figure import Figure

from mmrobust.visualization.svg import inline

WIDTH = 4.2


@dataclass(frozen=True)
class Plot:
    """What is drawn, with its title and a line of explanation.

    Attributes:
        title: Above it; screen readers read it out.
        name: Of its file, and prefix of its ids, unique on the page.
        draw: Receives an empty figure.
        height: Inches; the width is 4.2.
        note: Below it.
    """

    title: str
    name: str
    draw: Callable[[Figure], None]
    height: float = 2.6
    note: str = ''

    @property
    def svg(self) -> Markup:
        """For a page, in the page's colours."""
        return inline(self.draw, self.name, self.title, self.height, WIDTH)
