"""One page in the browser: its inputs, its pictures, and what it asks of its own solver process."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.document import Document
from bokeh.events import Tap
from bokeh.layouts import column, row
from bokeh.models import Button, Div, Slider, TextAreaInput, TextInput
from bokeh.models.ui.ui_element import UIElement

from hotmesa.explore.answers import Answer, apart_percent
from hotmesa.explore.inputs import inputs_of
from hotmesa.explore.pictures import CurvePicture, MapPicture
from hotmesa.explore.rows import InputRow, error_text
from hotmesa.explore.saving import StartedRun, save
from hotmesa.explore.table import numbers_table
from hotmesa.explore.worker import Question, Reply, Worker
from hotmesa.scenarios import Scenario, ScenarioError, load_scenario
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.load import Overrides
from hotmesa.solver.errors import RequestError

LOOK_MS = 50
"""From one look at what the process has said to the next."""
_INDEX = re.compile(r' \("[^"]*"\)')
_WRAP = ":host { flex-wrap: wrap; align-items: flex-start; width: 100%; }"
_SIDE = ":host { flex: 0 0 330px; }"
_MAIN = """:host { flex: 1 1 340px; min-width: 320px; }
@media (min-width: 800px) { :host { position: sticky; top: 0; } }
@media (max-width: 799px) { :host { order: -1; } }"""
_TEXT = {"font-size": "15px", "line-height": "1.4"}
TEMPLATE = """
{% block preamble %}<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<style>body { font-family: system-ui, sans-serif; margin: 8px; color: #1a1a1a; background: #fff; }</style>{% endblock %}
"""


class Page:
    """What one window of the browser shows, with a process that computes for it alone.

    Attributes:
        scenario: what the inputs mean; the last one that was valid.
        shown: branch that is drawn.
    """

    @staticmethod
    def require(name: str, overrides: Overrides) -> Scenario:
        """Return the scenario that a page begins with.

        Raises:
            ScenarioError: it has problems.
            RequestError: it has no layers, and so neither mesh nor map.
        """
        scenario = load_scenario(name, overrides, complete=True)
        if not KINDS[scenario.mode].spatial:
            words = "has no layers, and so no map; name a device with layers, for example kurter2010-n19"
            raise RequestError(f'{scenario.name}: mode = "{scenario.mode}" {words}')
        return scenario

    def __init__(self, document: Document, name: str, overrides: Overrides, out: Path) -> None:
        """Fill a document of the server and ask for the first branch."""
        self._document, self._name, self._out = document, name, out
        self._given = [*overrides] if not isinstance(overrides, dict) else [f"{k}={v}" for k, v in overrides.items()]
        self.scenario = self.require(name, overrides)
        self.shown: Answer | None = None
        self._drawn: Scenario | None = None  # what that branch is of
        self._coarse: Answer | None = None
        self._pinned: Answer | None = None
        self._apart: float | None = None
        self._number = 0
        self._started: StartedRun | None = None
        self._rows = [InputRow(item, self._changed) for item in inputs_of(self.scenario)]
        self._curve, self._map = CurvePicture(), MapPicture(self.scenario.geometry, self.scenario.mesa.extent_um)
        self._words()
        document.title = f"hotmesa explore: {self.scenario.name}"
        document.template = TEMPLATE
        document.add_root(self._layout())
        document.on_session_destroyed(lambda context: self.close())
        self._worker: Worker | None = Worker()
        document.add_periodic_callback(self._look, LOOK_MS)
        self._ask()

    def close(self) -> None:
        """End its process, as nobody looks at it any more; a run that it has started goes on."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def end(self) -> None:
        """End its process, and a run that it has started."""
        self.close()
        if self._started is not None:
            self._started.end()

    def _words(self) -> None:
        """Make what is neither input of the device nor picture."""
        self._state = Div(text="", name="state", styles=_TEXT, sizing_mode="stretch_width")
        self._problem = Div(text="", name="problem", sizing_mode="stretch_width")
        self._table = Div(text="", name="numbers", sizing_mode="stretch_width")
        self._command = Div(text="", name="command", sizing_mode="stretch_width")
        self._saved = Div(text="", name="saved", sizing_mode="stretch_width")
        self._running = Div(text="", name="running", sizing_mode="stretch_width")
        end = self.scenario.branch.end_current_mA
        self._current = Slider(
            start=0.0, end=end, step=end / 200, value=0.6 * end, title="current of the map (mA)", name="current",
            format="0.000", sizing_mode="stretch_width",
        )  # fmt: skip
        self._current.on_change("value", lambda name, old, new: self._choose())
        self._more = TextAreaInput(
            title="further keys, a line each: KEY=VALUE", rows=3, width=290, name="more",
            placeholder="law.gap_ratio=7.5",
        )  # fmt: skip
        self._more.on_change("value", lambda name, old, new: self._changed())
        self._file = TextInput(title="name", value=f"{self.scenario.name}-explored"[:60], width=220, name="name")

    def _layout(self) -> UIElement:
        groups: dict[str, list[UIElement]] = {}
        for item in self._rows:
            groups.setdefault(item.input.group, []).append(item.layout)
        inputs = [part for name, parts in groups.items() for part in (_heading(name, 3), *parts)]
        self._curve.figure.on_event(Tap, self._tapped)
        pin = _button("pin this curve", lambda: self._pin(self.shown), "primary")
        clear = _button("take the pin away", lambda: self._pin(None))
        keep = _button("save scenario", self._save)
        run = _button("run it properly", self._run)
        side = column(*inputs, _heading("Any other key", 3), self._more, stylesheets=[_SIDE])
        pictures = row(self._curve.figure, self._map.figure, stylesheets=[_WRAP])
        buttons = row(pin, clear, stylesheets=[_WRAP])
        saving = row(self._file, column(Div(text="&nbsp;"), row(keep, run)), stylesheets=[_WRAP])
        main = column(
            self._state, self._problem, pictures, self._current, buttons, self._table, _heading("Keep it", 3),
            self._command, saving, self._saved, self._running, sizing_mode="stretch_width", stylesheets=[_MAIN],
        )  # fmt: skip
        title = html.escape(self.scenario.title or self.scenario.name)
        return column(_heading(title, 1), row(side, main, stylesheets=[_WRAP]), sizing_mode="stretch_width")

    @property
    def _changes(self) -> list[str]:
        """All changes of the scenario, as --set takes them."""
        typed = [line.strip() for line in self._more.value.splitlines() if line.strip()]
        return [*self._given, *(item.change for item in self._rows if item.change is not None), *typed]

    def _changed(self) -> None:
        """Take the inputs as they are: ask for their branch, or say what is wrong with them."""
        try:
            self.scenario = load_scenario(self._name, self._changes, complete=True)
        except ScenarioError as error:
            self._complain(list(error.problems))
            self._number += 1  # what is computed belongs to older inputs
            self._curve.fade(True)
            return
        self._complain([])
        self._ask()

    def _complain(self, problems: list[str]) -> None:
        """Put every problem below its input, and the others on top."""
        rest = list(problems)
        for item in self._rows:
            mine = [text for text in rest if _INDEX.sub("", text).startswith(f"--set {item.input.key}:")]
            item.complain([text.partition(": ")[2] for text in mine])
            rest = [text for text in rest if text not in mine]
        self._problem.text = error_text([text.removeprefix("--set ") for text in rest])
        if problems:
            self._say("These inputs cannot be computed: <b>old picture</b>, of the last ones that could.")

    def _ask(self) -> None:
        """Have the present scenario computed; whatever was asked before is let go."""
        self._number += 1
        self._coarse = None
        words = " ".join(f"--set {html.escape(change)}" for change in self._changes)
        self._command.text = f"<code>hotmesa run {html.escape(self._name)} {words}</code>"
        self._curve.fade(self.shown is not None)
        self._say("computing the coarse model …")
        try:
            if self._worker is not None:
                self._worker.ask(Question(self._number, self.scenario))
        except OSError:
            self._begin_again()

    def _begin_again(self) -> None:
        """Start another process where the last one has died."""
        if self._worker is not None:
            self._worker.end()
            self._worker = Worker()
            words = "the process that computes died (out of memory?); another one is there: move a slider"
            self._problem.text = error_text([words])

    def _look(self) -> None:
        """Take what the process has said, and how far the run is."""
        try:
            replies = self._worker.replies() if self._worker is not None else []
        except (EOFError, OSError):
            self._begin_again()
            return
        for reply in replies:
            if reply.number == self._number:
                self._take(reply)
        if self._started is not None:
            self._tell_run(self._started)

    def _take(self, reply: Reply) -> None:
        end = self.scenario.branch.end_current_mA
        if reply.problem:
            which = "the coarse model" if reply.coarse else "the model of the scenario"
            self._problem.text = error_text([f"{which}: {reply.problem}"])
            if reply.coarse:
                self._say(self._told(True))
            elif self._coarse is None:
                self._say("<b>old picture</b>: nothing newer could be computed")
            else:
                self._say(f"<b>coarse</b>: {_size(self._coarse)}. As the scenario says it could not be computed.")
        elif reply.answer is not None:
            self._show(reply.answer)
        elif reply.I_mA is not None:
            self._say(f"{self._told(not reply.coarse)} at {reply.I_mA:.3g} of {end:.3g} mA")

    def _show(self, answer: Answer) -> None:
        """Draw a new branch."""
        self.shown, self._drawn = answer, self.scenario
        if answer.coarse:
            self._coarse = answer
        elif self._coarse is not None:
            self._apart = apart_percent(self._coarse, answer)
        self._problem.text = error_text([answer.problem] if answer.problem else [])
        self._curve.show(answer)
        self._map.show(answer)
        self._current.update(end=float(answer.I_mA.max()), step=float(answer.I_mA.max()) / 200)
        self._table.text = numbers_table(answer, self._pinned)
        self._choose()
        self._say(self._told(True) if answer.coarse else self._fine(answer))

    def _told(self, drawn: bool) -> str:
        """Return what is said while something is computed: of the coarse branch, once it is drawn."""
        if not drawn:
            return "computing the coarse model …"
        if self._coarse is None:
            return "<b>old picture</b>: the coarse model has no answer. Computing as the scenario says …"
        c = self._coarse
        known = "deviation not known yet" if self._apart is None else f"± {self._apart:.2g} % at the last refinement"
        return f"<b>coarse</b>, {known}: {_size(c)}. Computing as the scenario says …"

    def _fine(self, answer: Answer) -> str:
        """Return what is said of the branch of the scenario's own model."""
        off = "" if self._coarse is None else f" The coarse curve was {self._apart:.2g} % of the axes off at most."
        return f"<b>as the scenario says</b>: {_size(answer)}.{off}"

    def _say(self, text: str) -> None:
        self._state.text = f'<span role="status">{text}</span>'

    def _choose(self) -> None:
        """Show the state whose current is nearest to that of the slider; of several the first on the branch."""
        if self.shown is not None:
            self._pick(int(np.argmin(np.abs(self.shown.I_mA - self._current.value))))

    def _tapped(self, event: Any) -> None:
        """Show the state that is nearest to a place of the I(V) picture."""
        if self.shown is not None:
            V, I = self.shown.V_mV, self.shown.I_mA  # noqa: E741 - as in the field
            self._pick(int(np.argmin(((V - event.x) / V.max()) ** 2 + ((I - event.y) / I.max()) ** 2)))

    def _pick(self, state: int) -> None:
        if self.shown is not None:
            self._map.choose(state)
            self._curve.choose(self.shown, state)

    def _pin(self, answer: Answer | None) -> None:
        self._pinned = answer
        self._curve.pin(answer)
        if self.shown is not None:
            self._table.text = numbers_table(self.shown, answer)

    def _save(self) -> Path | None:
        """Write the present scenario under the name that is given; say where, or why not."""
        try:
            scenario = load_scenario(self._name, [*self._changes, f"name={self._file.value}"], complete=True)
            path = save(scenario, self._out)
        except (HotmesaError, OSError) as error:
            self._saved.text = error_text([*getattr(error, "problems", [str(error)])])
            return None
        self._saved.text = f"saved: <code>{html.escape(str(path.resolve()))}</code>"
        return path

    def _run(self) -> None:
        """Save the scenario and start the ordinary run of it."""
        if self._started is not None and self._started.status is None:
            self._saved.text = error_text(["a run is at work already: one at a time"])
            return
        path = self._save()
        if path is not None:
            self._started = StartedRun(path)

    def _tell_run(self, started: StartedRun) -> None:
        where = f"<code>{html.escape(str(started.folder.resolve()))}</code>"
        head = {None: "running", 0: "complete"}.get(started.status, f"ended with status {started.status}")
        text = f"{head}, results in {where}: {html.escape(started.line)}"
        if self._running.text != text:
            self._running.text = text


def _size(answer: Answer) -> str:
    return f"{answer.unknowns:,} unknowns, {len(answer.I_mA)} points, {answer.seconds:.1f} s"


def _heading(text: str, level: int) -> Div:
    size = {1: 20, 3: 15}[level]
    return Div(text=f'<h{level} style="font-size: {size}px; margin: 8px 0 2px 0">{text}</h{level}>')


def _button(label: str, action: Any, kind: str = "default") -> Button:
    button = Button(label=label, button_type=kind, width=150, name=label)
    button.on_click(action)
    return button
