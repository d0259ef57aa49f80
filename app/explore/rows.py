"""The inputs of the page: a slider with a number beside it, or a choice; and what is wrong with it below."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from bokeh.layouts import column, row
from bokeh.models import Div, NumericInput, Select, Slider, Tooltip
from bokeh.models.ui.ui_element import UIElement

from hotmesa.explore.inputs import Input

NARROW, WIDE = 92, 190
ERROR = "color: #b00020; font-size: 13px; margin: 0;"
_ROW = ":host { align-items: center; margin-bottom: 2px; }"
_LABEL = ":host { margin: 4px 5px 0 5px; font-size: 14px; }"


class InputRow:
    """One number of the device.

    Attributes:
        input: which one.
        value: what it is now.
        layout: how it is shown.
    """

    def __init__(self, what: Input, changed: Callable[[], None]) -> None:
        """Show the value of the scenario; `changed` is called when it is another one."""
        self.input, self.value, self._changed, self._busy = what, what.value, changed, False
        label = Div(text=f'<label title="{html.escape(what.help)}">{what.label}</label>', stylesheets=[_LABEL])
        self._error = Div(text="", styles={"max-width": f"{NARROW + WIDE}px"}, visible=False)
        self._slider: Slider | None = None
        self.layout: UIElement = column(label, self._inputs(what), self._error, name=what.key)

    def _inputs(self, what: Input) -> UIElement:
        if what.choices:
            words = [str(choice) for choice in what.choices]
            select = Select(options=words, value=str(round(what.value)), width=NARROW, name=f"{what.key} choice")
            select.on_change("value", lambda name, old, new: self._take(float(new)))
            return select
        self._slider = Slider(
            start=0, end=what.steps, step=1, value=what.place(what.value), width=WIDE, show_value=False, title=None,
            name=f"{what.key} slider",
        )  # fmt: skip
        value = round(what.value) if what.whole else what.value
        self._number = NumericInput(
            value=value, mode="float", width=NARROW, name=f"{what.key} number",
            description=Tooltip(content=what.help, position="right"),
        )  # fmt: skip
        self._slider.on_change("value", self._slid)
        self._number.on_change("value", self._typed)
        return row(self._slider, self._number, stylesheets=[_ROW])

    @property
    def change(self) -> str | None:
        """The change of the scenario that it stands for, as --set takes it; None where there is none."""
        return None if self.value == self.input.value else self.input.change(self.value)

    def complain(self, problems: list[str]) -> None:
        """Show what is wrong with it; nothing where the list is empty."""
        self._error.update(text=error_text(problems), visible=bool(problems))

    def _slid(self, name: str, old: Any, new: Any) -> None:
        if not self._busy:
            value = self.input.at(float(new))
            if self.input.place(self.input.value) == new:  # back where it began, although a step has other digits
                value = self.input.value
            self._show(number=value)
            self._take(value)

    def _typed(self, name: str, old: Any, new: Any) -> None:
        if not self._busy and new is not None:
            self._show(place=self.input.place(float(new)))
            self._take(float(new))

    def _show(self, **shown: float) -> None:
        """Move slider or number, which has no say itself then."""
        self._busy = True
        try:
            if "place" in shown and self._slider is not None:
                self._slider.value = round(shown["place"])
            if "number" in shown:
                self._number.value = shown["number"]
        finally:
            self._busy = False

    def _take(self, value: float) -> None:
        if value != self.value:
            self.value = value
            self._changed()


def error_text(problems: list[str]) -> str:
    """Return problems as HTML, one a line; "" without any."""
    lines = "<br>".join(html.escape(problem) for problem in problems)
    return f'<p role="alert" style="{ERROR}">{lines}</p>' if problems else ""
