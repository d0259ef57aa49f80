"""Sphinx builds the site from these pages: `make site`."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "site"), str(DOCS.parent / "tests")]

project = "hotmesa"
copyright = "the hotmesa developers, MIT licence"
release = version = metadata.version("hotmesa")
root_doc = "index"
exclude_patterns = ["site"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "mathml", "filled"]

myst_enable_extensions = ["deflist", "dollarmath"]
# Anchors as GitHub makes them, so that links between pages hold in both.
myst_heading_anchors = 4

# The notebooks are run while the site is built; HOTMESA_NOTEBOOKS=off leaves their outputs out.
nb_execution_mode = os.environ.get("HOTMESA_NOTEBOOKS", "force")
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_kernel_rgx_aliases = {"hotmesa": "python3"}
nb_merge_streams = True

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"hotmesa {release}"
html_static_path = ["site/static"]
html_css_files = ["equations.css"]

add_module_names = False
autodoc_preserve_defaults = True
