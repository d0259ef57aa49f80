"""The page of `hotmesa explore` in a process of its own, and its widgets as somebody at a browser uses them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helpers.browser import Browser

PATIENCE_S = 240.0
_ALL = """const all = (root) => [...root.querySelectorAll("*")].flatMap(
    (part) => part.shadowRoot ? [part, ...all(part.shadowRoot)] : [part]);"""
"""Bokeh hides its widgets in shadow roots."""


@dataclass(frozen=True)
class Served:
    """A page that is served.

    Attributes:
        process: that serves it.
        port: of 127.0.0.1.
        token: that its address must have.
    """

    process: subprocess.Popen[str]
    port: int
    token: str

    @property
    def address(self) -> str:
        """Address with its token, for a browser."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"


@contextmanager
def served_page(words: Sequence[str], folder: Path) -> Iterator[Served]:
    """`hotmesa explore` of these words, at work in a folder; it ends with the block."""
    command = [sys.executable, "-P", "-m", "hotmesa", "explore", *words, "--port", "0", "--no-browser"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", process.stdout.readline())
        assert found is not None
        yield Served(process, int(found[1]), found[2])
    finally:
        process.kill()
        process.communicate()


def status(page: Browser) -> str:
    """What the page says that it draws."""
    return str(page.run(_in_page('all(document).find((p) => p.getAttribute("role") === "status")?.textContent ?? ""')))


def wait_for_status(page: Browser, words: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until the page says, in its line of status, something with these words.

    Raises:
        TimeoutError: it does not.
    """
    say = 'all(document).find((p) => p.getAttribute("role") === "status")?.textContent ?? ""'
    page.wait(_in_page(f"({say}).includes({json.dumps(words)})"), patience_s)


def wait_for_text(page: Browser, words: str) -> None:
    """Wait until words stand anywhere on the page.

    Raises:
        TimeoutError: they do not come.
    """
    own = "[...p.childNodes].some((n) => n.nodeType === 3 && n.textContent.includes(WORDS))"
    page.wait(_in_page(f"all(document).some((p) => {own.replace('WORDS', json.dumps(words))})"), PATIENCE_S)


def press(page: Browser, label: str) -> None:
    """Press the button of this label."""
    found = f'all(document).find((p) => p.tagName === "BUTTON" && p.textContent.trim() === {json.dumps(label)})'
    page.run(_in_page(f"{found}.click()"))


def type_in(page: Browser, widget: str, text: str) -> None:
    """Replace what stands in the input of a widget, by its name, as typing and Enter do."""
    view = f"[...Bokeh.index.query((view) => view.model.name === {json.dumps(widget)})][0]"
    script = f"""const input = {view}.input_el; input.value = {json.dumps(text)};
        input.dispatchEvent(new Event("change", {{bubbles: true}}));"""
    page.run(f"(() => {{ {script} }})()")


def slide(page: Browser, widget: str, value: float) -> None:
    """Give a slider, by its name, a value."""
    page.run(f"(() => {{ Bokeh.documents[0].get_model_by_name({json.dumps(widget)}).value = {value!r}; }})()")


def _in_page(expression: str) -> str:
    return f"(() => {{ {_ALL} return {expression}; }})()"
