"""Figures of merit of the branch that is drawn, beside those of the pinned one."""

from __future__ import annotations

from typing import Any

from hotmesa.explore.answers import Answer

SHOWN = {
    "hot spot appears at I (mA)": ("nucleation", "I_mA"),
    "hot spot appears at V per junction (mV)": ("nucleation", "V_per_junction_mV"),
    "conductance peak at V per junction (mV)": ("V_peak_mV_per_junction",),
    "hottest place at the end (K)": ("end", "T_max_K"),
}
"""Rows: what it is, and where summary.json has it."""
_CELL = "padding: 1px 14px 1px 0; text-align: right"
_NAME = "padding-right: 14px; font-weight: normal; text-align: left"


def numbers_table(now: Answer, pinned: Answer | None) -> str:
    """Return the table in HTML; a dash where a branch has no such number."""
    answers = {"now": now} | ({} if pinned is None else {"pinned": pinned})
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in answers)
    lines = [f"<tr><th></th>{head}</tr>"]
    for words, path in SHOWN.items():
        cells = "".join(f'<td style="{_CELL}">{_written(item.numbers, path)}</td>' for item in answers.values())
        lines.append(f'<tr><th scope="row" style="{_NAME}">{words}</th>{cells}</tr>')
    return f'<table style="font-size: 14px; border-collapse: collapse">{"".join(lines)}</table>'


def _written(numbers: dict[str, Any], path: tuple[str, ...]) -> str:
    value: Any = numbers
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return "–" if value is None else f"{value:.4g}"
