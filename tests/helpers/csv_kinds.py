"""Every kind of table that the program reads, and the odd ways in which instruments and spreadsheets write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotmesa.postprocess.tables import read_table
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.fit import read_measured
from hotmesa.scenarios.plans.study import load_study
from hotmesa.scenarios.schema import Sink
from hotmesa.scenarios.source_table import read_source
from hotmesa.solver.device.cooling.measured import build
from hotmesa.solver.law.files import read_current, read_gamma, read_gap

Columns = Mapping[str, tuple[str, ...]]
"""Values as text by the name of their column."""


@dataclass(frozen=True)
class TableKind:
    """A kind of table.

    Attributes:
        columns: a good one.
        read: returns all its numbers from a file.
        own: whether headers are exact names, keys of a scenario or columns of this program, which hold their units.
    """

    columns: Columns
    read: Callable[[Path], Array]
    own: bool = False


def _fit(path: Path) -> Array:
    curve = read_measured(path)
    return np.concatenate([curve.V_mV, curve.I_mA])


def _sink(path: Path) -> Array:
    flux = build(Sink(kind="table", name="helium", face="top", table=str(path)), 4.2)
    return np.concatenate(flux(np.array([4.2, 5.0, 7.0, 9.0])))


def _source(path: Path) -> Array:
    table = read_source(path, "mA")
    return np.array([*table.t_us, *table.values])


def _study(path: Path) -> Array:
    study = path.with_name("study.toml")
    study.write_text(f'name = "s"\nscenario = "kurter2010-n19"\n[[vary]]\nfile = "{path}"\n')
    cases = [case.scenario for case in load_study(study).cases if case.scenario is not None]
    return np.array([[case.bath.temperature_K, case.contacts[0].radius_um] for case in cases]).T.ravel()


def _spectrum(path: Path) -> Array:
    from hotmesa.spectrum import fit_file

    fit = fit_file(path, "SIN", 4.2, hold=("momentum_weight=0",))
    return np.array([fit.best.gap_meV, fit.best.gamma_meV])


def _subtract(path: Path) -> Array:
    from hotmesa.spectrum import subtract_files

    contact = path.with_name("contact.csv")
    contact.write_text("V_mV,I_mA\n0,0\n10,1\n")
    subtract_files(path, contact, path.with_name("stack.csv"))
    table = read_table(path.with_name("stack.csv"))
    return np.concatenate([np.asarray(table[name], dtype=float) for name in ("V_mV", "I_mA")])


def _results(path: Path) -> Array:
    table = read_table(path, ("V_mV", "I_mA"))
    return np.concatenate([np.asarray(table[name], dtype=float) for name in ("V_mV", "I_mA")])


def _compare(path: Path) -> Array:
    from hotmesa.postprocess.compare import Order, compare

    ranking = compare([path], Order("V_mV", False, False, None), path.parent / "ranked")
    return np.asarray(ranking.values, dtype=float)


CURVE = {"V_mV": ("263.215", "337.221", "606.848"), "I_mA": ("0.0440909", "0.0881045", "0.6")}
_POINTS = [(T, v) for T in ("4", "20.5", "50", "90") for v in ("1.5", "20", "50", "80.5")]
_v = np.linspace(-60, 60, 41)
_BIAS = tuple(f"{v:.6f}" for v in _v)
_PEAKS = 1 + 0.8 * np.exp(-(((abs(_v) - 25) / 6) ** 2)) - 0.6 * np.exp(-((_v / 12) ** 2))
_CONDUCTANCE = tuple(f"{g:.6f}" for g in _PEAKS)
CASES = {"bath.temperature_K": ("4.2", "10.5"), "contacts.0.radius_um": ("1.5", "1.25")}
GAP = {"T_K": ("4.5", "50", "90"), "Delta_meV": ("25.5", "22", "0")}
GAMMA = {"T_K": ("4.5", "50", "90"), "Gamma_meV": ("0.6", "2.25", "10")}
KINDS = {
    "fit": TableKind(CURVE, _fit),
    "gap": TableKind(GAP, lambda p: np.array(read_gap(p)).T.ravel()),
    "gamma": TableKind(GAMMA, lambda p: np.array(read_gamma(p)).T.ravel()),
    "law": TableKind(
        {
            "T_K": tuple(T for T, _ in _POINTS), "v_mV": tuple(v for _, v in _POINTS),
            "i_mV": tuple(repr(float(v) * (1 + float(T) / 200)) for T, v in _POINTS),
        },
        lambda path: np.concatenate([part.ravel() for part in read_current(path)]),
    ),
    "source": TableKind({"t_us": ("0", "1.5", "5"), "source_mA": ("0", "0.3", "0.25")}, _source),
    "sink": TableKind({"T_K": ("4.2", "5.5", "9"), "q_W_per_m2": ("0", "1200.5", "9000")}, _sink),
    "spectrum": TableKind({"v_mV": _BIAS, "dI_dV": _CONDUCTANCE}, _spectrum),
    "subtract": TableKind(CURVE, _subtract),
    "study": TableKind(CASES, _study, own=True),
    "results": TableKind(CURVE, _results, own=True),
    "compare": TableKind({"case": ("a", "b", "c"), "status": ("ok", "ok", "ok")} | CURVE, _compare, own=True),
}  # fmt: skip


def written(columns: Columns, separator: str = ",", decimal: str = ".", header: Mapping[str, str] | None = None) -> str:
    """Return a table as text."""
    names = [(header or {}).get(name, name) for name in columns]
    rows = [separator.join(field.replace(".", decimal) for field in row) for row in zip(*columns.values(), strict=True)]
    return "\n".join([separator.join(names), *rows, ""])


def _nano(columns: Columns) -> str:
    """In units a million times smaller: nV for mV, pA for µA."""
    smaller = {"mV": "nV", "mA": "nA", "meV": "neV", "us": "ps", "K": "µK"}
    found: dict[str, tuple[str, ...]] = {}
    for name, values in columns.items():
        stem, _, unit = name.rpartition("_")
        small = smaller.get(unit)
        found[f"{stem} ({small})" if small else name] = (
            tuple(f"{float(value) * 1e6:.12g}" for value in values) if small else values
        )
    return written(found)


def _mu(columns: Columns) -> str:
    """With the Greek letter where the unit is a millionth: mV and mA a thousand times smaller."""
    found: dict[str, tuple[str, ...]] = {}
    for name, values in columns.items():
        stem, _, unit = name.rpartition("_")
        thousandth = unit in ("mV", "mA", "meV")
        head = f"{stem} (μ{unit[1:]})" if thousandth else f"{stem} (μs)" if unit == "us" else name
        found[head] = tuple(f"{float(value) * 1e3:.12g}" for value in values) if thousandth else values
    return written(found)


def _unit_line(columns: Columns) -> str:
    """Units and remarks on lines of their own, as one graphics program writes them."""
    stems, units = zip(*((name.rpartition("_")[0], name.rpartition("_")[2]) for name in columns), strict=True)
    known = [unit if unit in ("mV", "mA", "meV", "us", "K") else "" for unit in units]
    heads = [stem if unit else name for stem, unit, name in zip(stems, known, columns, strict=True)]
    rows = written(columns).splitlines()[1:]
    remarks = ",".join(f"sample {k}" for k in range(len(columns)))
    return "\n".join([",".join(heads), ",".join(known), remarks, *rows, ""])


ODDITIES: dict[str, Callable[[Columns], bytes]] = {
    "nano": lambda columns: _nano(columns).encode(),
    "Greek mu": lambda columns: _mu(columns).encode(),
    "decimal comma": lambda columns: written(columns, ";", ",").encode(),
    "line of units": lambda columns: _unit_line(columns).encode(),
    "instrument": lambda columns: f"Model;2450\nDate;1.2.2020 12:00\n\n{written(columns, ';')}".encode(),
    "mark of UTF-8": lambda columns: written(columns).encode("utf-8-sig"),
    "UTF-16": lambda columns: written(columns).encode("utf-16"),
    "tabs": lambda columns: written(columns, "\t").encode(),
    "semicolons": lambda columns: written(columns, ";").encode(),
    "blanks": lambda columns: written(columns, "  ").encode(),
    "Windows": lambda columns: written(columns).replace("\n", ",\r\n").encode(),
    "comments": lambda columns: f"# measured\n{written(columns)}# end\n".encode(),
}
NOT_OWN = ("nano", "Greek mu", "line of units", "instrument")
"""What tables of exact names may refuse."""
