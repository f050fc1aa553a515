"""Sphinx configuration; ``make docs`` builds with it."""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS / '_ext'))

# First: it heals what autodoc imports.
from mmrobust import __version__  # noqa: E402

project = 'mmrobust'
author = 'The mmrobust contributors'
copyright = author  # noqa: A001
release = version = __version__

extensions = [
    'generated_pages',
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.napoleon',
    'sphinx.ext.viewcode',
]
exclude_patterns = ['_build', '_generated']
myst_enable_extensions = ['deflist']
myst_heading_anchors = 3

autodoc_member_order = 'bysource'
autodoc_typehints = 'signature'
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
python_use_unqualified_type_names = True

html_theme = 'furo'
html_title = f'mmrobust {release}'
html_show_sourcelink = False
