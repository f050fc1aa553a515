"""HTML documents that open offline and ask nobody for anything, from the templates."""

import base64
import hashlib
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def document(template: str, values: Mapping[str, object]) -> str:
    """A page.

    Args:
        template: Name of a template that extends ``_document.html.j2``.
        values: What it shows, by the template's names; all text is escaped.

    Returns:
        One HTML document without outside references.
    """
    environment = _environment()
    script = environment.get_template('_script.js.j2').render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template(template).render(
        # The page's policy lets this very script run and no other.
        {**values, 'script': Markup(script), 'script_hash': digest}  # noqa: S704
    )


def palette() -> str:
    """The CSS that gives the colour variables their values, light and dark."""
    return _environment().get_template('_palette.css.j2').render()


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader('mmrobust.visualization'),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
