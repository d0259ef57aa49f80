"""Branches that a fit takes with derivatives that come with them, against differences of whole branches."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tools import print_table, run, timed

import hotmesa as hm

PARAMETERS = {  # start, bounds
    "contacts.0.contact_resistance_ohm": (0.07, 0.01, 0.15),
    "materials.intercalated.divide_conductivity_by": (6.5, 3.0, 30.0),
    "mesa.spacing_nm": (2.3, 1.0, 4.0),
}
DEVICE = """
base = "kurter2010-n19"
without = ["law"]
geometry = "strip"
name = "falling"
mesh.size_um = 1.6
branch = {min_points = 25, end_current_mA = 1.4}
numerics.estimate_error = false
stability.points = "none"

[[contacts]]
name = "wire"
x_um = -1.5
radius_um = 1.5
contact_resistance_ohm = 0.09
wire_K_per_mW = 2.0

[law]
kind = "ohmic"
resistivity_ohm_cm = {T_K = [4.0, 300.0], values = [300.0, 30.0]}
"""
"""The contact, film and crystal of N = 19 as a strip, its junctions with a resistance that falls with temperature."""
POINTS = 15


def write_fit(folder: Path) -> Path:
    """Write a device, points of its own curve with 0.2 mV to both sides in turn, and a fit to them."""
    (folder / "device.toml").write_text(DEVICE)
    scenario = hm.load_scenario(folder / "device.toml")
    curve = hm.run(scenario)
    at = np.linspace(0.1, 0.95, POINTS) * scenario.branch.end_current_mA
    V = np.interp(at, curve.column("I_mA"), curve.column("V_mV")) + 0.2 * (-1.0) ** np.arange(POINTS)
    rows = [f"{v!r},{i!r}" for v, i in zip(map(float, V), map(float, at), strict=True)]
    (folder / "iv.csv").write_text("\n".join(["V_mV,I_mA", *rows]) + "\n")
    parts = [
        f'[[parameters]]\nkey = "{key}"\nstart = {start}\nmin = {low}\nmax = {high}\nscale = "log"\n'
        for key, (start, low, high) in PARAMETERS.items()
    ]
    data = '[[data]]\nname = "iv"\nfile = "iv.csv"\nsigma_mV = 0.5\n'
    file = folder / "fit.toml"
    file.write_text("\n".join(['name = "bench"', 'scenario = "device.toml"', "tolerance = 1e-3", *parts, data]))
    return file


def once(file: Path, derivatives: str) -> dict[str, Any]:
    """Return what a fit takes with one kind of derivatives."""
    own = file.with_name(f"{derivatives}.toml")
    own.write_text(f'derivatives = "{derivatives}"\n{file.read_text()}')
    with timed() as clock:
        found = hm.fit(own, out=file.parent / derivatives, workers=0)
    if found is None:
        raise RuntimeError("another process computes")
    branches = len(list((file.parent / derivatives / "evaluations").iterdir()))
    return {
        "derivatives": derivatives, "parameters": len(PARAMETERS), "branches": branches,
        "chi_squared": found.best.chi_squared, "converged": "yes" if found.converged else "no", "cpu_s": clock.cpu_s,
    }  # fmt: skip


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = write_fit(Path(folder))
        rows = [once(file, word) for word in ("adjoint", "differences")]
    most = rows[1]["branches"]
    rows = [{**row, "part": row["branches"] / most} for row in rows]
    print_table("A fit of a spatial branch to a curve", rows)
    return {"fit": rows}


if __name__ == "__main__":
    run("Branches that a fit takes with derivatives that come with them, against differences of runs", measure)
