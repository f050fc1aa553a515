"""The kind in vignette.py, beside one of the package."""

import vignette  # noqa: F401  (the file beside this one)

corruptions = [dict(type='Vignette'), dict(type='Brightness')]
