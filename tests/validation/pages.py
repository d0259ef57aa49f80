"""Pictures of what hotmesa shows in a browser: its report and its page with sliders."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from helpers.browser import MISSING, Browser, browser, program
from helpers.served import press, served_page, type_in, wait_for_status, wait_for_text

import hotmesa as hm

RUN = "kurter2010-n19"
EXACT = "as the scenario says:"
PATIENCE_S = 1800.0
"""Of a picture; the branch of the scenario takes half a minute of a free processor."""


def report(page: Browser, picture: Path, out: Path) -> None:
    """`hotmesa report` of the run of README, its head: device, I(V) and map with the slider at a hot spot."""
    folder = out / RUN
    if not (folder / "summary.json").exists():
        hm.run(RUN).save(folder)
    page.open(hm.report(folder, overwrite=True), 1100, 1440)
    page.run(
        "(() => { const s = document.getElementById('state'); s.value = 0.6 * s.max | 0; "
        "s.dispatchEvent(new Event('input')); })()"
    )
    page.wait("new Promise((done) => setTimeout(() => done(true), 1000))")
    page.picture(picture, whole=False)


def explore(page: Browser, picture: Path, out: Path) -> None:
    """`hotmesa explore`: the device that is bundled pinned, beside it one of more junctions and another wire."""
    with served_page([RUN], out) as served:
        page.visit(served.address, 1280, 880)
        wait_for_status(page, EXACT, PATIENCE_S)
        press(page, "pin this curve")
        for name, value in (("mesa.junctions", 24), ("contacts.0.x_um", 0.5)):
            type_in(page, f"{name} number", str(value))
            wait_for_text(page, f"--set {name}={value}")
        wait_for_status(page, EXACT, PATIENCE_S)
        page.picture(picture, whole=False)


PICTURES: dict[str, Callable[[Browser, Path, Path], None]] = {"report": report, "explore": explore}


def draw(images: Path, out: Path, only: str = "") -> None:
    """Make the pictures whose commands contain `only`, where there is a browser; else say that they stay as they are.

    Args:
        images: folder of the pictures.
        out: folder of the runs that the other pictures are made of.
        only: part of "report kurter2010-n19" or "explore kurter2010-n19".
    """
    wanted = {name: make for name, make in PICTURES.items() if only in f"{name} {RUN}"}
    if wanted and program() is None:
        sys.stdout.write(f"{', '.join(f'{name}.png' for name in wanted)} stay as they are: {MISSING}\n")
        return
    for name, make in wanted.items():
        with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as page:
            make(page, images / f"{name}.png", out)
            if page.errors:
                raise RuntimeError(f"{name}: {page.errors}")
        sys.stdout.write(f"docs/images/{name}.png\n")
