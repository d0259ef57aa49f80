"""The page with sliders: its inputs, its coarse answers, bad input, what it saves, whom it answers."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.served import served_page

from hotmesa.scenarios import ScenarioError, load_scenario

pytest.importorskip("bokeh", reason="the page needs bokeh: pip install hotmesa[explore]")

from bokeh.document import Document

from hotmesa.explore.answers import Answer, answer, apart_percent, coarse_of
from hotmesa.explore.inputs import inputs_of
from hotmesa.explore.page import Page
from hotmesa.explore.saving import SaveError, save

STRIP = "diagram-strip"
PATIENCE_S = 120.0


def computed(name: str, coarse: bool, changes: dict[str, object]) -> Answer:
    found = answer(load_scenario(name, changes), coarse, tell=lambda current: None)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["kurter2010-n19", "thz-300x60", STRIP, "zhu-w1"])
def test_inputs_begin_with_the_scenario_and_every_place_of_a_slider_is_a_change(name: str):
    scenario = load_scenario(name)
    inputs = inputs_of(scenario)
    assert len({item.key for item in inputs}) == len(inputs) > 8
    same = load_scenario(name, [item.change(item.value) for item in inputs])
    assert same.model_copy(update={"law": scenario.law}) == scenario
    for item in inputs:
        assert item.low <= item.value <= item.high
        if not item.choices:
            places = [item.at(place) for place in range(item.steps + 1)]
            assert all(a < b for a, b in pairwise(places))
            assert places[0] == pytest.approx(item.low, rel=0.02) and places[-1] == pytest.approx(item.high, rel=0.02)
            assert item.at(round(item.place(item.value))) == pytest.approx(item.value, rel=0.02, abs=0.4)


def test_only_what_the_scenario_has_is_offered():
    mesa = {item.key for item in inputs_of(load_scenario("kurter2010-n19"))}
    strip = {item.key for item in inputs_of(load_scenario(STRIP))}
    assert {"mesa.junctions", "bath.temperature_K", "contacts.0.y_um", "layers.0.thickness_um", "law.set"} <= mesa
    assert "contacts.0.y_um" not in strip and "contacts.0.contact_K_per_mW" in strip
    gap = next(item for item in inputs_of(load_scenario("thz-300x60")) if item.key == "law.gaps_meV")
    assert load_scenario("thz-300x60", [gap.change(27.5)]).law.gaps_meV == (27.5,)
    assert all("(µm)" in item.label for item in inputs_of(load_scenario("zhu-w1")) if item.key.endswith("_um"))


@pytest.mark.parametrize(
    ("name", "changes", "percent"),
    [
        (STRIP, {}, 0.1),
        ("kurter2010-n19", {"mesh.refine": 1.0, "branch.min_points": 24, "stability.points": "none"}, 0.3),
    ],
)
def test_the_coarse_branch_is_near_the_one_of_the_scenario(name: str, changes: dict[str, object], percent: float):
    coarse, fine = computed(name, True, changes), computed(name, False, changes)
    assert 3 * coarse.unknowns < 2 * fine.unknowns
    assert apart_percent(coarse, fine) < percent
    assert coarse.numbers["nucleation"]["I_mA"] == pytest.approx(fine.numbers["nucleation"]["I_mA"], rel=0.02)
    peak = "V_peak_mV_per_junction"
    if fine.numbers[peak] is None:  # it bends back
        assert coarse.numbers[peak] is None
    else:
        assert coarse.numbers[peak] == pytest.approx(fine.numbers[peak], rel=0.02)
    assert coarse.T_max_K[-1] == pytest.approx(fine.T_max_K[-1], rel=0.02)
    assert coarse.I_mA[-1] == pytest.approx(fine.I_mA[-1], rel=1e-9)


def test_curves_that_are_apart_are_told_to_be():
    one = computed(STRIP, True, {})
    lines = tuple((kind, 1.02 * V, current) for kind, V, current in one.lines)
    assert apart_percent(one, one) < 1e-9
    assert 0.3 < apart_percent(replace(one, lines=lines), one) < 2.0


def test_the_coarse_model_is_one_of_the_same_device():
    scenario = load_scenario("kurter2010-n19")
    coarse = coarse_of(scenario)
    assert coarse.mesh.refine < scenario.mesh.refine
    assert [layer.sublayers for layer in coarse.layers] == [1, 1, 7]
    assert coarse.mesa == scenario.mesa and coarse.contacts == scenario.contacts and coarse.law == scenario.law


def test_an_answer_that_nobody_wants_is_let_go():
    told: list[float] = []
    scenario = load_scenario(STRIP)
    assert answer(scenario, True, lambda: len(told) < 3, told.append) is None
    assert len(told) == 3


def test_what_is_saved_is_the_scenario_and_nothing_is_replaced(tmp_path: Path):
    scenario = load_scenario("kurter2010-n19", {"mesa.junctions": 12, "name": "mine"})
    path = save(scenario, tmp_path / "out")
    assert load_scenario(path) == scenario
    before = path.read_text()
    with pytest.raises(SaveError, match="there already"):
        save(load_scenario(STRIP, {"name": "mine"}), tmp_path / "out")
    (tmp_path / "out" / "results").mkdir()
    with pytest.raises(SaveError, match="there already"):
        save(load_scenario(STRIP, {"name": "results"}), tmp_path / "out")
    assert path.read_text() == before


class Window:
    """A page without a browser: its widgets by name."""

    def __init__(self, out: Path, overrides: list[str]) -> None:
        self.document = Document()
        self.page = Page(self.document, STRIP, overrides, out)

    def widget(self, name: str):
        """A widget or text by its name."""
        return self.document.select_one({"name": name})

    def wait(self, what: Callable[[], bool]) -> None:
        """Let the page look at what its process says until something is so."""
        end = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < end, self.text("state")
            time.sleep(0.02)
            self.page._look()

    def text(self, name: str) -> str:
        """What a text of the page says."""
        return re.sub(r"<[^>]*>", "", self.widget(name).text)

    def drawn(self, junctions: int) -> Callable[[], bool]:
        """Whether the present scenario, with so many junctions, is drawn."""

        def is_drawn() -> bool:
            shown = self.page.shown
            return shown is not None and self.page._drawn == self.page.scenario and junctions == self._junctions()

        return is_drawn

    def _junctions(self) -> int:
        return self.page.scenario.mesa.junctions


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    result = Window(tmp_path / "out", ["branch.min_points=12", "stability.points=none"])
    yield result
    result.page.end()


def test_moving_n_moves_the_curve_and_bad_input_keeps_the_last_picture(window: Window, tmp_path: Path):
    window.wait(lambda: "as the scenario says:" in window.text("state"))
    before = window.page.shown
    assert before is not None and not before.coarse and "% of the axes off" in window.text("state")
    window.widget("mesa.junctions slider").value = 9  # its first place is N = 1
    assert window.widget("mesa.junctions number").value == 10
    window.wait(window.drawn(10))
    after = window.page.shown
    assert after is not None and after.coarse and window.text("state").startswith("coarse, ± ")
    # Fewer junctions are colder at the same current, and each takes more voltage.
    assert 1.0 < (after.V_mV.max() / 10) / (before.V_mV.max() / 19) < 1.3

    window.widget("contacts.0.x_um number").value = 4.9
    assert "old picture" in window.text("state") and window.page.shown is after
    texts = [getattr(part, "text", None) for part in window.document.select({"visible": True})]
    problems = [text for text in texts if isinstance(text, str) and "alert" in text]
    assert len(problems) == 1 and "reaches outside the mesa" in problems[0]
    window.widget("more").value = "mesa.junction=3"
    assert "unknown key" in window.text("problem") and "Traceback" not in window.text("problem")
    window.widget("more").value = ""
    window.widget("contacts.0.x_um number").value = -2.0
    assert window.text("problem") == ""

    window.widget("name").value = "../elsewhere"
    assert window.page._save() is None and "name" in window.text("saved")
    window.widget("name").value = "mine"
    path = window.page._save()
    assert path == tmp_path / "out" / "mine.toml"
    saved = load_scenario(path)
    assert (saved.mesa.junctions, saved.contacts[0].x_um, saved.branch.min_points) == (10, -2.0, 12)


def test_of_quick_moves_the_last_one_counts_and_a_dead_process_is_replaced(window: Window):
    slider = window.widget("mesa.junctions slider")
    for place in (4, 11, 14):
        slider.value = place
    window.wait(window.drawn(15))
    first = window.page._worker
    assert first is not None and first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    window.wait(lambda: window.page._worker is not first)
    assert "died" in window.text("problem")
    slider.value = 6
    window.wait(window.drawn(7))


def test_the_map_follows_the_current_and_a_pin_stays(window: Window):
    window.wait(lambda: window.page.shown is not None)
    line = window.page._map
    window.widget("current").value = 0.2
    cold = np.max(line._source.data["T"])
    window.widget("current").value = 1.3
    assert np.max(line._source.data["T"]) > cold + 20.0
    window.page._pin(window.page.shown)
    pinned = window.page.shown
    window.widget("mesa.junctions slider").value = 5
    window.wait(window.drawn(6))
    assert window.page._pinned is pinned and "pinned" in window.text("numbers")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    with served_page([STRIP], tmp_path_factory.mktemp("served")) as page:
        yield page.process, page.port, page.token


def status_of(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    status = connection.getresponse().status
    connection.close()
    return status


def test_nobody_else_is_answered(served: tuple[subprocess.Popen[str], int, str]):
    _, port, token = served
    page, script = f"/?token={token}", "/static/js/bokeh.min.js"
    assert status_of(port, page) == 200 and status_of(port, script) == 200
    assert status_of(port, page, Host=f"localhost:{port}", Origin=f"http://localhost:{port}") == 200
    for foreign in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}"):
        assert status_of(port, page, Host=foreign) == 403 == status_of(port, script, Host=foreign)
    for foreign in ("http://evil.example", f"https://127.0.0.1:{port}", "null"):
        assert status_of(port, page, Origin=foreign) == 403
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        assert status_of(port, "/ws", Origin=foreign, Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==", **upgrade) == 403
    for path in ("/", "/?token=", f"/?token={token[:-1]}", "/autoload.js", "/metadata", "/static/../../etc/passwd"):
        assert status_of(port, path) == 403 if "static" not in path else status_of(port, path) in (403, 404)


def test_it_listens_on_this_machine_alone_and_a_taken_port_is_told(served: tuple[subprocess.Popen[str], int, str]):
    _, port, _ = served
    own = {item[4][0] for item in socket.getaddrinfo(socket.gethostname(), port)} - {"127.0.0.1"}
    for address in own:
        with pytest.raises(OSError, match=r"."):
            socket.create_connection((address, port), timeout=5).close()
    command = [sys.executable, "-P", "-m", "hotmesa", "explore", STRIP, "--port", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2 and f"port {port}" in done.stderr and "--port 0" in done.stderr


def test_ctrl_c_ends_it_and_leaves_no_process(served: tuple[subprocess.Popen[str], int, str]):
    process, port, token = served
    assert status_of(port, f"/?token={token}") == 200  # it has a solver process now
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    assert any(is_solver(child) for child in children)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130 and errors == "hotmesa: interrupted\n"
    assert not [child for child in children if Path(f"/proc/{child}").exists() and is_solver(child)]


def is_solver(child: str) -> bool:
    return b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["kurter2010-uniform"], "has no layers"),
        (["kurter2010-n18"], "kurter2010-n19"),
        ([STRIP, "--set", "mesa.junctions=0"], "whole number >= 1"),
        ([STRIP, "--port", "70000"], "<= 65535"),
    ],
)
def test_bad_requests_end_before_anything_listens(words: list[str], told: str, tmp_path: Path):
    command = [sys.executable, "-P", "-m", "hotmesa", "explore", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout and not list(tmp_path.iterdir())


def test_a_page_needs_layers():
    with pytest.raises(ScenarioError):
        Page.require(STRIP, ["mesa.junctions=0"])
