"""Synthetic run folders with an analytic I(V) and a hot front that moves towards the contact."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

N = 19
AREA_UM2 = 100.0
R_J = 24.21
T_BATH = 4.2
T_HOT = 74.0


@dataclass(frozen=True)
class AnalyticIV:
    """v(y) of one junction with y = I R_j, both in mV; dv/dy = 1 + b exp(-y/c) - a exp(-((y - y0)/w)^2).

    The conductance is 1/(dv/dy) in units of 1/R_j: its peak is at y0 (b exp(-y0/c) is below 1e-7), it falls back
    when a < 1, and the curve backbends when a > 1.
    """

    a: float = 0.9
    y0: float = 35.0
    w: float = 5.0
    b: float = 3.0
    c: float = 2.0

    def v(self, y: np.ndarray | float) -> np.ndarray:
        """Voltage per junction in mV."""
        bump = 0.5 * np.sqrt(np.pi) * self.w * (erf((y - self.y0) / self.w) + erf(self.y0 / self.w))
        return y + self.b * self.c * (1 - np.exp(-np.asarray(y) / self.c)) - self.a * bump

    def slope(self, y: np.ndarray | float) -> np.ndarray:
        """Slope dv/dy, the resistance over R_j."""
        y = np.asarray(y)
        return 1 + self.b * np.exp(-y / self.c) - self.a * np.exp(-(((y - self.y0) / self.w) ** 2))

    def y_of_bump(self, part: float) -> float:
        """Distance from y0 where the bump exp(-(dy/w)^2) has the given value."""
        return float(self.w * np.sqrt(-np.log(part)))


def plan_grid(half_um: float, step_um: float, mesa_half_um: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes (n, 2), triangles (m, 3) and mesa flags (m,) of a square with a square mesa in its middle."""
    ticks = np.arange(-half_um, half_um + step_um / 2, step_um)
    x, y = np.meshgrid(ticks, ticks, indexing="ij")
    number = np.arange(x.size).reshape(x.shape)
    low, right, up, far = number[:-1, :-1], number[1:, :-1], number[:-1, 1:], number[1:, 1:]
    cells = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((low, right, far), (low, far, up))])
    nodes = np.column_stack([x.ravel(), y.ravel()])
    inside = np.all(np.abs(nodes[cells].mean(axis=1)) < mesa_half_um, axis=1)
    return nodes, cells, inside


def line_grid(low_um: float, high_um: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.linspace(low_um, high_um, 61)
    cells = np.column_stack([np.arange(60), np.arange(1, 61)])
    return np.column_stack([x, np.zeros(61)]), cells, np.ones(60, dtype=bool)


def write_csv(path: Path, columns: dict[str, np.ndarray]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([[str(v) for v in row] for row in zip(*columns.values(), strict=True)])


def scenario_text(geometry: str, crystal: bool) -> str:
    layer = '[[layers]]\nname = "{}"\nmaterial = "m"\nregion = "{}"\nthickness_um = {}\njunctions = {}\n'
    parts = [
        f'name = "synthetic"\ntitle = "Synthetic mesa, N = {N}"\ngeometry = "{geometry}"',
        f"[mesa]\njunctions = {N}\nspecific_resistance_ohm_um2 = {R_J * AREA_UM2}",
        "[materials.m]\nin_plane_W_per_mK = 1.0\nout_of_plane_W_per_mK = 1.0",
        layer.format("film", "mesa", 0.04, "false"),
        layer.format("mesa", "mesa", 0.0409, "true"),
    ]
    if geometry == "disc":
        parts[1] += f"\nshape = \"disc\"\nradius_um = {np.sqrt(AREA_UM2 / np.pi)}"
    if crystal:
        parts += [layer.format("crystal", "crystal", 10.0, "false"), "[crystal]\nwidth_um = 30\ndepth_um = 30"]
    return "\n".join(parts) + "\n"


def front(u: np.ndarray, nodes: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """Temperature (k, n) of a front that starts far from the contact; u in 0..1 along the branch."""
    distance = np.linalg.norm(nodes - contact[:2], axis=1)
    reach = distance.max() - 1.25 * (u[:, None] - 0.45) / 0.5 * np.ptp(distance)
    warm = T_BATH + 50 * u[:, None] * (0.3 + 0.7 * distance / distance.max())
    return warm + 60 * (0.3 + u[:, None]) / (1 + np.exp(-(distance - reach) / 0.6))


def grid_of(geometry: str, crystal: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if geometry == "plan":
        return plan_grid(15.0, 0.5, 5.0) if crystal else plan_grid(5.0, 10 / 30, 5.0)
    return line_grid(0.0, np.sqrt(AREA_UM2 / np.pi)) if geometry == "disc" else line_grid(-5.0, 5.0)


def write_states(folder: Path, rows: dict[str, np.ndarray], geometry: str, crystal: bool, every: int) -> None:
    nodes, cells, in_mesa = grid_of(geometry, crystal)
    contact = {"plan": [-2.0, -2.0, 1.5], "strip": [-3.0, 0.0, 1.0], "disc": [0.0, 0.0, 1.5]}[geometry]
    contacts = np.array([contact])
    u = np.linspace(0, 1, len(rows["I_mA"]))
    mesa = np.unique(cells[in_mesa])
    outside = np.ones(len(nodes), dtype=bool)
    outside[mesa] = False
    T = np.full((len(u), len(nodes)), np.nan)
    T[:, mesa] = front(u, nodes[mesa], contacts[0])
    rows["T_max_K"], rows["T_min_K"] = np.nanmax(T, axis=1), np.nanmin(T, axis=1)
    rows["T_mean_K"] = np.nanmean(T, axis=1)
    rows["hot_fraction"] = np.nanmean(np.where(outside, np.nan, T > T_HOT), axis=1)
    hottest = nodes[np.nanargmax(T, axis=1)]
    rows["hot_x_um"], rows["hot_y_um"] = hottest.T
    rows["hot_contact_distance_um"] = np.linalg.norm(hottest - contacts[0, :2], axis=1)
    keep = np.arange(0, len(u), every)
    layers = [T[keep] - 1.0, T[keep]]
    if crystal:
        layers.append(T_BATH + 20 * u[keep, None] * np.exp(-np.linalg.norm(nodes, axis=1) / 8))
    density = np.where(outside, np.nan, rows["I_mA"][keep, None] / AREA_UM2)
    np.savez(
        folder / "states.npz", node_xy=nodes, cells=cells, cell_in_mesa=in_mesa,
        layer_names=np.array(["film", "mesa", "crystal_01"][: len(layers)]), T_K=np.stack(layers, axis=1),
        J_mA_per_um2=density, heating_uW_per_um2=density * rows["V_mV"][keep, None], row=keep,
        V_mV=rows["V_mV"][keep], I_mA=rows["I_mA"][keep], wire_T_K=np.full((len(keep), 1), 5.0),
        contact_xyr=contacts, contact_names=np.array(["wire"]), geometry=np.array(geometry),
    )  # fmt: skip


def iv_columns(law: AnalyticIV, y: np.ndarray) -> dict[str, np.ndarray]:
    v, current = law.v(y), y / R_J
    return {
        "V_mV": N * v, "V_per_junction_mV": v, "I_mA": current, "P_mW": N * v * current * 1e-3,
        "T_max_K": T_BATH + 110.0 * N * v * current * 1e-3, "dV_dI_ohm": N * R_J * law.slope(y),
    }  # fmt: skip


@dataclass(frozen=True)
class Synthetic:
    """A run folder and what it was made from."""

    folder: Path
    law: AnalyticIV
    y: np.ndarray


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Synthetic]:
    """Return a function that writes a run folder by the contract of the result files."""

    def make(
        a: float = 0.9,
        geometry: str = "plan",
        crystal: bool = False,
        points: int = 60,
        every: int = 4,
        uniform_a: float | None = None,
        unstable: bool = False,
    ) -> Synthetic:
        folder, law = tmp_path / "run", AnalyticIV(a)
        folder.mkdir(exist_ok=True)
        # Uneven steps, as a step control makes them.
        y = 60 * (np.arange(1, points + 1) / points) ** 1.1
        rows = iv_columns(law, y)
        write_states(folder, rows, geometry, crystal, every)
        rows["alpha_mean_K_per_mW"] = (rows["T_mean_K"] - T_BATH) / rows["P_mW"]
        rows["arclength"] = np.concatenate([[0], np.cumsum(np.hypot(np.diff(y), np.diff(rows["V_mV"])))])
        rows["fold"] = np.full(points, "", dtype="<U1")
        rows["newton_steps"] = np.full(points, 3)
        rows["heat_balance_error"] = np.linspace(1e-12, -3e-10, points)
        for bias in ("voltage", "current"):
            modes = np.where((law.slope(y) < 0.2) & unstable, "1", "0") if unstable else np.full(points, "")
            rows[f"unstable_modes_{bias}_bias"] = modes
        write_csv(folder / "iv.csv", rows)
        if uniform_a is not None:
            write_csv(folder / "uniform.csv", iv_columns(AnalyticIV(uniform_a), np.linspace(0.5, 60, 400)))
        (folder / "scenario.toml").write_text(scenario_text(geometry, crystal))
        (folder / "provenance.json").write_text(json.dumps({"hotmesa": "0.1.0"}))
        (folder / "summary.json").write_text(json.dumps({"wall_s": 1.5}))
        return Synthetic(folder, law, y)

    return make
