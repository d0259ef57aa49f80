"""The sections of a report as one HTML file that needs no other: template, style, script and plotly.js in it."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.metadata import version
from typing import Any

from hotmesa.postprocess.report.parts import Page, as_html, shown

MARK = '<meta name="generator" content="hotmesa report">'
"""What a file of ours begins with: such a one may be replaced."""
NEEDED = ("plotly", "jinja2")
"""What a report needs beyond a run."""


def as_document(page: Page) -> str:
    """Return a report as the text of an HTML file.

    plotly.js goes in packed (a third of its size); the browser unpacks it.

    Raises:
        ModuleNotFoundError: plotly or jinja2 is missing; the error has its name.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    room = Environment(
        loader=PackageLoader("hotmesa.postprocess", "report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    room.filters["shown"] = shown
    room.filters["label"] = lambda text: Markup(as_html(text))
    room.filters["script"] = lambda data: Markup(script_json(data))
    library = packed(get_plotlyjs().encode())
    return room.get_template("page.html").render(
        page=page, mark=Markup(MARK), library=library, plotly=version("plotly"), raw=lambda name: Markup(_own(name))
    )


def packed(data: bytes) -> str:
    """Return data compressed and as text."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def script_json(data: Any) -> str:
    """Return data as JSON that may stand in a script of a page."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _own(name: str) -> str:
    from importlib.resources import files

    return (files("hotmesa.postprocess") / "report" / name).read_text(encoding="utf-8")
