"""Equations as MathML, which browsers draw themselves: the site needs no script and no network for them."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

_TAG = re.compile(r"\\tag\{(.*?)\}")


def inline(writer: Any, node: nodes.math) -> None:
    """Write an equation inside a line."""
    writer.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def display(writer: Any, node: nodes.math_block) -> None:
    """Write an equation on a line of its own, with its number beside it."""
    number = _TAG.search(node.astext())
    tag = f'<span class="eqno">({number[1]})</span>' if number else ""
    equation = tex2mathml(_TAG.sub("", node.astext()), as_block=True)
    writer.body.append(f'<div class="math notranslate">{tag}{equation}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
