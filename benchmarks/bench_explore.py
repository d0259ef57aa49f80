"""How soon the page with sliders answers: the coarse branch of a device beside the whole one, and how far it is off."""

from __future__ import annotations

import argparse

from tools import median_of, timed

from hotmesa.explore.answers import Answer, answer, apart_percent
from hotmesa.scenarios import Scenario, load_scenario

DEVICES = ("kurter2010-n19", "kurter2010-n06", "diagram-strip", "zhu-w1")


def computed(scenario: Scenario, coarse: bool) -> Answer:
    found = answer(scenario, coarse, tell=lambda current: None)
    if found is None:
        raise RuntimeError("nobody wants the answer")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", default=DEVICES)
    parser.add_argument("--repeats", type=int, default=3, help="of the coarse branch, of which the median counts")
    options = parser.parse_args()
    print("| device | coarse, CPU s | as the scenario says, CPU s | ratio | coarse off by, % | unknowns |")
    print("|---|---|---|---|---|---|")
    for name in options.scenario:
        scenario = load_scenario(name)
        coarse = computed(scenario, True)  # the law and the compiled forms are there from now on, as on the page
        soon = median_of(options.repeats, lambda scenario=scenario: computed(scenario, True))  # type: ignore[misc]
        with timed() as whole:
            fine = computed(scenario, False)
        off, sizes = apart_percent(coarse, fine), f"{coarse.unknowns:,} of {fine.unknowns:,}"
        ratio = f"1/{whole.cpu_s / soon.cpu_s:.0f}"
        print(f"| {name} | {soon.cpu_s:.2f} | {whole.cpu_s:.1f} | {ratio} | {off:.2g} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
