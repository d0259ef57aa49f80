"""How soon the page with sliders answers: the coarse branch of a device beside the whole one, and how far it is off."""

from __future__ import annotations

from typing import Any

from tools import median_of, print_table, run, timed

from hotmesa.explore.answers import Answer, answer, apart_percent
from hotmesa.scenarios import Scenario, load_scenario

DEVICES = ("kurter2010-n19", "kurter2010-n06", "diagram-strip", "zhu-w1")
REPEATS = 3


def computed(scenario: Scenario, coarse: bool) -> Answer:
    """Return an answer of the page; what it says meanwhile is lost."""
    found = answer(scenario, coarse, tell=lambda current: None)
    if found is None:
        raise RuntimeError("nobody wants the answer")
    return found


def device(name: str) -> dict[str, Any]:
    """Return times of both answers for one device, and how far they are apart."""
    scenario = load_scenario(name)
    coarse = computed(scenario, True)  # the law and the compiled forms are there from now on, as on the page
    soon = median_of(REPEATS, lambda: computed(scenario, True))
    with timed() as whole:
        fine = computed(scenario, False)
    return {
        "device": name, "unknowns_coarse": coarse.unknowns, "unknowns": fine.unknowns, "coarse_cpu_s": soon.cpu_s,
        "coarse_wall_s": soon.wall_s, "whole_cpu_s": whole.cpu_s, "part": soon.cpu_s / whole.cpu_s,
        "coarse_off_percent": apart_percent(coarse, fine),
    }  # fmt: skip


def measure() -> dict[str, Any]:
    rows = [device(name) for name in DEVICES]
    print_table("Answers of the page with sliders", rows)
    return {"answers": rows}


if __name__ == "__main__":
    run("How soon the page with sliders answers, coarse and as the scenario says", measure)
