"""A real browser without a window, driven by the DevTools protocol over two pipes: no port, no network, no driver."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
MISSING = "no browser here: ./hotmesa setup browser brings one (about 100 MB)"
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 60.0


def program() -> str | None:
    """The browser of this machine; None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a browser.

    Attributes:
        errors: what the console of the page has told of errors, and exceptions that nobody caught.
        requests: addresses that the page has asked for.
    """

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._rest, self._number, self._session = b"", 0, ""
        self.errors: list[str] = []
        self.requests: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for room in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{room}.enable")

    def open(self, file: Path, width: int = 1200, height: int = 900) -> None:
        """Open a report and wait until its charts stand."""
        self.visit(file.resolve().as_uri(), width, height)
        self.wait('document.body !== null && document.body.dataset.ready === "yes"')

    def visit(self, address: str, width: int = 1200, height: int = 900) -> None:
        """Open an address in a window of this size (px)."""
        self.size(width, height)
        self._ask("Page.navigate", url=address)

    def wait(self, script: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until an expression in the page is true.

        Raises:
            TimeoutError: it does not get so, or the page has told of an error.
        """
        end = time.monotonic() + patience_s
        while self.run(script) is not True:
            if time.monotonic() > end or self.errors:
                raise TimeoutError(f"the page does not get so: {script}; its errors: {self.errors}")
            time.sleep(0.05)

    def size(self, width: int, height: int) -> None:
        """Give the window a size."""
        how: dict[str, Any] = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._ask("Emulation.setDeviceMetricsOverride", **how)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise that which it comes to."""
        found = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def key(self, name: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code)

    def picture(self, file: Path, whole: bool = True) -> None:
        """Save the page as PNG: the whole of it, in a window that is as high as it, or what the window shows."""
        if whole:
            width = self.run("window.innerWidth")
            self.size(width, self.run("document.documentElement.scrollHeight"))
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot")["data"]))

    def pdf(self, file: Path) -> None:
        """Print the page as its style sheet says."""
        found = self._ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        file.write_bytes(base64.b64decode(found["data"]))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                found: dict[str, Any] = told["result"]
                return found
            self._note(told)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE_S
        while b"\0" not in self._rest:
            if not select.select([self._back], [], [], max(end - time.monotonic(), 0.0))[0]:
                raise TimeoutError("the browser does not answer")
            got = os.read(self._back, 1 << 20)
            if not got:
                raise EOFError("the browser has ended")
            self._rest += got
        line, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        method, what = told.get("method"), told.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.errors.append(str(details.get("exception", {}).get("description") or details["text"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.errors.append(str([item.get("value", item.get("description")) for item in what["args"]]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(what["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with a new profile in a folder; it ends with the block.

    Raises:
        FileNotFoundError: there is none on this machine.
    """
    found = program()
    if found is None:
        raise FileNotFoundError(MISSING)
    read_there, to = os.pipe()
    back, write_there = os.pipe()
    # The browser reads from its file 3 and writes to its file 4.
    shell = f'exec "$@" 3<&{read_there} 4>&{write_there}'
    command = ["bash", "-c", shell, "bash", found, *_OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        command, pass_fds=(read_there, write_there), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    os.close(read_there)
    os.close(write_there)
    try:
        yield Browser(to, back)
    finally:
        os.close(to)
        os.close(back)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
