"""What a user brings along from Python is what the same thing in a scenario is: a law, a heat sink, an observable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import hotmesa as hm
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.materials import gold_wire
from hotmesa.solver.device.sinks import Face
from hotmesa.solver.errors import RequestError

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"
CURRENT = 0.4
OHMIC = {"law.kind": "ohmic", "law.set": None, "law.resistivity_ohm_cm": 100.0}
H_W_PER_M2K = 5e4


def device(changes: Mapping[str, object]) -> hm.Scenario:
    return hm.load_scenario(GOLDEN / "strip.toml", changes)


@dataclass(frozen=True)
class Gas:
    """Exchange gas above the device: q = h (T - T_B), as bath.top_W_per_m2K."""

    name: str = "gas"
    face: Face = "top"
    bath_K: float = 4.2

    def flux(self, T: Array) -> tuple[Array, Array]:
        """Return q (µW/µm²) and its derivative."""
        h = H_W_PER_M2K * 1e-6
        return h * (T - self.bath_K), np.full(T.shape, h)


class Resistor:
    """A junction of constant conductance, as law.kind = "ohmic"."""

    T_range = (0.0, np.inf)
    v_max = np.inf

    def __init__(self, conductance: float) -> None:
        self._g = conductance

    def at_voltage(self, v_mV: float, T_K: Array) -> hm.LawValues:
        """Return the current at one voltage."""
        return self.at(np.full(T_K.shape, v_mV), T_K)

    def at(self, v_mV: Array, T_K: Array) -> hm.LawValues:
        """Return the current."""
        return hm.LawValues(self._g * v_mV, np.full(T_K.shape, self._g), np.zeros(T_K.shape))


def test_a_heat_sink_from_python_is_that_of_the_scenario() -> None:
    inside = device({"bath.top_W_per_m2K": H_W_PER_M2K})
    outside = device({})
    expected = last(inside)
    got = last(outside, sinks=[Gas(bath_K=outside.bath.temperature_K)])
    assert got["Q_gas_mW"] > 0.05 * got["P_mW"]
    assert got["Q_gas_mW"] == pytest.approx(expected["Q_top_mW"], rel=1e-7)
    assert got["V_mV"] == pytest.approx(expected["V_mV"], rel=1e-9)
    assert got["heat_balance_error"] < 1e-8


def test_a_law_from_python_is_that_of_the_scenario() -> None:
    scenario = device(OHMIC)
    expected = last(scenario)
    same = hm.Model(scenario, hm.build_mesh(scenario)).junctions.law.at_voltage(1.0, np.array([20.0]))
    got = last(device({}), law=Resistor(float(same.i[0])))
    assert got["V_mV"] == pytest.approx(expected["V_mV"], rel=1e-9)
    assert got["T_max_K"] == pytest.approx(expected["T_max_K"], rel=1e-9)


def last(scenario: hm.Scenario, **brought: object) -> dict[str, float]:
    """The columns of a device at one current, with one of the user among them."""
    model = hm.Model(scenario, hm.build_mesh(scenario), **brought)  # type: ignore[arg-type]
    points = hm.trace(model.variant(end_current_mA=CURRENT), [film_mean])
    rows = [point.row for point in points]
    assert 4.2 < float(rows[-1]["T_film_K"]) <= float(rows[-1]["T_max_K"])
    return {name: float(value) for name, value in rows[-1].items() if name != "fold"}


def film_mean(model: hm.Model, e: object) -> dict[str, float]:
    """Mean temperature of the film, over its nodes."""
    return {"T_film_K": float(np.mean(e.T[model.layout.rows(0)]))}  # type: ignore[attr-defined]


class Pair:
    """A law whose currents come without names."""

    T_range, v_max = (1.0, np.inf), np.inf

    def at(self, v_mV: Array, T_K: Array) -> object:
        """Return what no solver can use."""
        return v_mV, 1.0, 0.0

    at_voltage = at


def without_derivative(T: Array) -> Array:
    return T - 4.2


@pytest.mark.parametrize(
    ("brought", "words"),
    [
        ({"law": object()}, "the law object lacks T_range and v_max and at and at_voltage"),
        ({"law": Pair()}, "the law Pair: .* must return LawValues.* its i at 4.2 K and 1 mV is not"),
        ({"materials": {"golld": gold_wire()}}, 'no layer is made of the material "golld"; did you mean'),
        ({"materials": {"gold": 1.0}}, 'the material "gold" is float; take ThermalMaterial'),
        ({"sinks": [object()]}, "the heat sink object needs a name, a face and flux"),
        ({"sinks": [Gas(face="side")]}, "face 'side'; it may be \"top\", \"crystal\", \"bottom\""),  # type: ignore[arg-type]
        ({"sinks": [SimpleNamespace(name="x", face="top", flux=without_derivative)]}, "must return q .* and dq/dT"),
        ({"sinks": [Gas("wire")]}, 'another heat sink with the name "wire"'),
    ],
)
def test_what_is_no_law_material_or_sink_is_told_before_anything_is_computed(
    brought: dict[str, object], words: str
) -> None:
    scenario = device({})
    with pytest.raises(RequestError, match=words):
        hm.Model(scenario, hm.build_mesh(scenario), **brought)  # type: ignore[arg-type]


def test_an_observable_that_is_no_number_is_told() -> None:
    scenario = device({})
    points = hm.trace(hm.Model(scenario, hm.build_mesh(scenario)), [lambda model, e: {"T": e.T}])  # type: ignore[dict-item]
    with pytest.raises(RequestError, match="T is ndarray; return one number a name"):
        next(points)
