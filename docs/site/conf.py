"""Sphinx's settings for the built course. `course site` gathers the pages and runs Sphinx."""

import os
import sys
from importlib.metadata import files
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "extensions"))

project = "Perceptron to Transformer"
author = "its authors"
copyright = "its authors, MIT licence"
html_title = project
language = "en"
smartquotes = False  # docstrings name strings

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "plain_docstrings",
    "still_notebooks",
]

# The notebooks carry their outputs, and other tests prove that they are right.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
viewcode_follow_imported_members = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = True
html_sourcelink_suffix = ""
html_context = {"default_mode": "auto"}
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search stands in the sidebar
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": True,
}

# MathJax as one file, which asks for no other: no menu, no fonts, no speech engine.
MATHJAX = next(f for f in files("sphinx-mathjax-offline") or () if f.name == "tex-svg.js")
html_static_path.append(str(MATHJAX.locate()))
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}

# Where a workflow builds the site, it says whose site this is.
if repository := os.environ.get("GITHUB_REPOSITORY"):
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    html_theme_options |= {
        "repository_url": f"{server}/{repository}",
        "repository_branch": os.environ.get("GITHUB_REF_NAME", "main"),
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }
