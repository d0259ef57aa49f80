"""Two pages are filled when the site is built: the front door from the package, the gallery from the other pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from validation.pictures import COMMANDS

import hotmesa as hm

DOCS = Path(__file__).resolve().parents[1]
PAPER = "make paper"
"""What makes the pictures that no command of `make pictures` makes."""


def directive(name: str) -> str:
    """Return what documents one exported name."""
    exported = getattr(hm, name)
    kind = "function"
    if isinstance(exported, type):
        kind = "exception" if issubclass(exported, BaseException) else "class"
    members = "" if kind == "function" else "   :members:\n"
    return f".. auto{kind}:: {exported.__module__}.{exported.__qualname__}\n{members}"


def front_door() -> str:
    """Return an entry for each exported name: functions, then classes."""
    names = [name for name in hm.__all__ if name != "__version__"]
    classes = [name for name in names if isinstance(getattr(hm, name), type)]
    groups = {"Functions": [name for name in names if name not in classes], "Classes": classes}
    parts = []
    for title, group in groups.items():
        parts.append(f"## {title}\n")
        parts += [f"### `hm.{name}`\n\n```{{eval-rst}}\n{directive(name)}```\n" for name in group]
    return "\n".join(parts)


def shown() -> dict[str, tuple[str, str]]:
    """Return for each picture of the pages what it shows, and the first page that has it."""
    found: dict[str, tuple[str, str]] = {}
    for page in sorted(DOCS.glob("*.md"), key=lambda path: (path.stem in ("index", "start"), path.stem)):
        for words, file in re.findall(r"!\[([^\]]*)\]\(images/([^)]+)\)", page.read_text(encoding="utf-8")):
            found.setdefault(file, (words, page.name))
    return found


def gallery() -> str:
    """Return all pictures of the pages, each with its page and the command that makes it."""
    made = {picture: ("hotmesa", *arguments) for arguments, pictures in COMMANDS for picture in pictures.values()}
    parts = []
    for file, (words, page) in sorted(shown().items()):
        command = shlex.join(made[file]) if file in made else PAPER
        parts.append(f"## {words}\n\n[![{words}](images/{file})]({page})\n\n```sh\n{command}\n```\n")
    return "\n".join(parts)


FILLED = {"api": front_door, "gallery": gallery}


def fill(_app: Sphinx, docname: str, source: list[str]) -> None:
    """Put what is made behind the words of a page."""
    if docname in FILLED:
        source[0] += "\n" + FILLED[docname]()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the filling of pages."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
