"""Price of a resistive electrode: the branch of a device with it over that with one common voltage."""

from __future__ import annotations

from functools import partial
from typing import Any

from tools import median_of, print_table, run

from hotmesa.meshes import build_mesh
from hotmesa.scenarios import load_scenario
from hotmesa.solver.model import Model
from hotmesa.solver.runs.branch import branch_points

REPEATS = 3
PLAIN = ("stability.points=none", "numerics.estimate_error=false")
LEAD = 'contacts=[{name="lead", x_um=-147.0, radius_um=3.0, contact_K_per_mW=1e9}]'
DEVICES = {
    "strip of 300 µm": ("thz-300x60", ("geometry=strip", "branch.end_current_mA=30", LEAD), "lead"),
    "N = 19": ("kurter2010-n19", (), "wire"),
}


def followed(model: Model) -> None:
    """Follow the whole branch."""
    for _ in branch_points(model):
        pass


def device(name: str) -> dict[str, Any]:
    """Return the processor time of both branches."""
    scenario, changes, contact = DEVICES[name]
    found: dict[str, Any] = {"device": name}
    for word, more in (("common", ()), ("electrode", (f'electrode.inject=["{contact}"]',))):
        device = load_scenario(scenario, [*PLAIN, *changes, *more])
        model = Model(device, build_mesh(device))
        found["unknowns"] = model.unknowns
        found[f"{word}_cpu_s"] = median_of(REPEATS, partial(followed, model)).cpu_s
    return {**found, "times": found["electrode_cpu_s"] / found["common_cpu_s"]}


def measure() -> dict[str, Any]:
    rows = [device(name) for name in DEVICES]
    print_table("Branches with a resistive electrode", rows)
    return {"branches": rows}


if __name__ == "__main__":
    run("Price of a resistive electrode: branches with it over those with one common voltage", measure)
