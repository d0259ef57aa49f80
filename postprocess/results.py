"""A run as data: its table, fields, scenario and provenance; saved to a folder and read back from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from hotmesa.postprocess import provenance
from hotmesa.postprocess.checkpoint import Arrays, Checkpoint
from hotmesa.postprocess.journal import FILE as JOURNAL
from hotmesa.postprocess.journal import Journal, read_saved
from hotmesa.postprocess.provenance import read_json, read_scenario, version_words
from hotmesa.postprocess.states import FILE as STATES_FILE
from hotmesa.postprocess.states import Kept, States, join
from hotmesa.postprocess.tables import ResultError, Row, Table, as_columns, read_table, rows_of, same_table, text_rows
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.describe import PART, part_of
from hotmesa.scenarios.emit import to_toml
from hotmesa.scenarios.geometry import circuit_junctions, circuit_resistance_ohm
from hotmesa.scenarios.kinds import KINDS, Kind
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.writing import write_json, write_table, write_text

if TYPE_CHECKING:
    import pandas
    import pyvista

__all__ = ["Point", "Row", "Run", "States", "load_run"]


@dataclass(frozen=True)
class Point:
    """One point of a run.

    Attributes:
        row: its numbers by column.
        state: its fields (k = 1) where there are any, on the first rank; else None.
        saved: whether these fields stay when the next point comes; those of the last point always do.
        leads: whether this process writes files; false on other ranks than the first.
        table: the table beside the main one that the row belongs to; "" for the main one.
        part: folder of the run inside this one that the point belongs to, for example "branch_01"; "" for none.
        beside: gives whole tables beside the main one, by name; asked when the run is saved.
        checkpoint: gives what the run needs to go on behind this point, on the first rank; collective. None where it
            cannot.
    """

    row: Row
    state: States | None = None
    saved: bool = True
    leads: bool = True
    table: str = ""
    part: str = ""
    beside: Callable[[], Mapping[str, Sequence[Row]]] | None = None
    checkpoint: Callable[[], Arrays] | None = None


class Run:
    """A scenario with what was computed of it.

    Two runs are equal when scenario, tables, fields and parts are; when and by which version they were computed is not
    compared.

    Attributes:
        scenario: what was computed, resolved.
        kind: its kind.
        folder: where it was saved to or read from; None before.
        provenance: versions, date, command; empty where the file is missing, and before the run is saved.
        summary: what summary.json held when the run was read; empty where the file is missing.
        parts: further runs inside this one by folder, the branches of a diagram for example.
    """

    def __init__(self, scenario: Scenario) -> None:
        """Start an empty run."""
        self.scenario = scenario
        self.kind: Kind = KINDS[scenario.mode]
        self.folder: Path | None = None
        self.provenance: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.parts: dict[str, Run] = {}
        self._rows: dict[str, list[Row]] = {}
        self._tables: dict[str, Table] = {}
        self._beside: Callable[[], Mapping[str, Sequence[Row]]] | None = None
        self._derived: set[str] = set()  # names of tables that came from there
        self._unread: Path | None = None
        self._saved = Kept()
        self._last: list[States] = []
        self._leads = True

    def append(self, point: Point) -> None:
        """Add a point."""
        if point.part and point.part not in self.parts:
            self.parts[point.part] = Run(part_of(self.scenario, point.part))
        run = self.parts[point.part] if point.part else self
        self._leads, self._beside = point.leads, point.beside or self._beside
        run._add(point)

    def _add(self, point: Point) -> None:
        name = point.table or self.kind.table
        if name not in self._rows:  # of a run that was read; once: else each point would cost as much as all before it
            self._rows[name] = rows_of(self._table(name))
        rows = self._rows[name]
        rows.append(point.row)
        self._leads = point.leads
        self._tables.pop(name, None)
        if point.state is not None:
            before = self._read_states()
            state = point.state.at_row(len(rows) - 1)
            self._last = []
            (before if point.saved else self._last).append(state)
            self._forget()

    def checkpoint(self, arrays: Arrays) -> Checkpoint:
        """Return the present end of the run, with what it needs to go on there."""
        lengths = {name: len(rows) for name, rows in self._all_appended().items()}
        return Checkpoint(arrays, lengths, {part: run._saved.states for part, run in self._with_parts()})

    def _with_parts(self) -> list[tuple[str, Run]]:
        return [("", self), *self.parts.items()]

    def _all_appended(self) -> dict[str, list[Row]]:
        """Rows of the tables that points come to, also of the parts, by their path inside the folder."""
        runs = self._with_parts()
        return {str(PurePath(p, f)): rows for p, run in runs for f, rows in run._rows.items() if f not in run._derived}

    def journal(self, folder: Path) -> Journal:
        """Return what keeps further points of the run safe in a folder; what there is of it is put down."""
        return Journal(folder, self._all_appended(), {part: run.states for part, run in self._with_parts()})

    def save_beside(self, folder: Path) -> None:
        """Write the tables that get no rows appended; they have been asked for."""
        for name in filter(self._rows.get, self._derived):
            write_table(folder / name, self._rows[name])

    def ask_beside(self) -> None:
        """Have the tables made that stand beside the main one."""
        if self._beside is not None:  # asked again at the end: a branch of a diagram has its name when it is complete
            derived = {name: list(rows) for name, rows in self._beside().items()}
            self._rows, self._derived = self._rows | derived, self._derived | derived.keys()

    def back_to(self, checkpoint: Checkpoint, folder: Path) -> Checkpoint:
        """Drop what lies behind a place in a run that was read from a folder; return the place with the rows before."""
        self.parts = {part: run for part, run in self.parts.items() if part in checkpoint.states}
        for part, run in self._with_parts():
            own = {PurePath(path).name: n for path, n in checkpoint.lengths.items() if path.rpartition("/")[0] == part}
            run._cut(folder / part, own, checkpoint.states[part])
        return replace(checkpoint, rows=self._rows[self.kind.table])

    def _cut(self, folder: Path, lengths: Mapping[str, int], saved: int) -> None:
        self._rows = {name: text_rows(folder / name)[:length] for name, length in lengths.items()}
        self._tables = {}
        states = self._read_states()
        self._saved, self._last = Kept([join(states).first(saved)] if states else ()), []
        self._forget()

    def _forget(self) -> None:
        for name in ("states", "junction_T_K", "area_um2"):
            self.__dict__.pop(name, None)

    def __len__(self) -> int:
        """Return the number of points."""
        return len(next(iter(self.rows.values()), ()))

    def __eq__(self, other: object) -> bool:
        """Return whether scenario, tables, fields and parts are the same."""
        if not isinstance(other, Run):
            return NotImplemented
        if self.scenario != other.scenario or self.states != other.states or self.parts != other.parts:
            return False
        a, b = self.tables, other.tables
        return a.keys() == b.keys() and all(same_table(a[name], b[name]) for name in a)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return name, kind, number of points and of states."""
        states = f", {len(self.states)} states" if self.states is not None else ""
        where = f" in {self.folder}" if self.folder is not None else ""
        return f"<Run {self.scenario.name}: {self.kind.name}, {len(self)} points{states}{where}>"

    def _repr_html_(self) -> str:
        """Return how a notebook shows the run: its figures of merit and I(V)."""
        from hotmesa.postprocess.show import as_html

        return as_html(self.scenario, self.rows)

    @property
    def rows(self) -> Table:
        """Table of the run by column, one array of shape (points,) each; empty fields are NaN."""
        return self._table(self.kind.table)

    @property
    def tables(self) -> dict[str, Table]:
        """All tables by file name, that of the kind first."""
        self.ask_beside()
        names = dict.fromkeys((self.kind.table, *self._rows, *self._tables))
        return {name: table for name in names if (table := self._table(name)) or name == self.kind.table}

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = as_columns(self._rows.get(name, []), self.kind.words)
        return self._tables[name]

    def column(self, name: str) -> Array:
        """Return a column of numbers, shape (points,).

        Raises:
            ResultError: the table has no such column.
        """
        if name not in self.rows:
            raise ResultError(f"{self.kind.table} has no column {name}; its columns are {', '.join(self.rows)}")
        return np.asarray(self.rows[name], dtype=np.float64)

    @property
    def record(self) -> np.recarray[Any, np.dtype[Any]]:
        """Table of the run as a numpy record array, one record a point."""
        return np.rec.fromarrays(list(self.rows.values()), dtype=[(name, x.dtype) for name, x in self.rows.items()])

    @property
    def table(self) -> pandas.DataFrame:
        """Table of the run as a pandas DataFrame, one row a point.

        Raises:
            ModuleNotFoundError: pandas is not installed; `record` needs numpy alone.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "Run.table needs pandas (pip install pandas); Run.record holds the same as a numpy record array",
                name="pandas",
            ) from None
        return pandas.DataFrame(dict(self.rows))

    @property
    def uniform(self) -> Table | None:
        """Table of the uniform model; None where the run has none."""
        return self.tables.get("uniform.csv")

    @cached_property
    def states(self) -> States | None:
        """Fields at the stored points, read at first use; None where the run has none (uniform model).

        Raises:
            ResultError: states.npz is damaged or does not fit its table.
        """
        parts = [*self._read_states(), *self._last]
        result = join(parts) if parts else None
        if result is not None and not self._last:
            self._saved = Kept([result])
        return result

    def _read_states(self) -> Kept:
        if self._unread is not None:
            self._saved, self._unread = Kept(read_saved(self._unread, self.kind.table, len(self))), None
        return self._saved

    def save(self, folder: str | Path) -> None:
        """Write the run into a folder, each file whole or not at all: the first rank does, the others do nothing.

        The files are scenario.toml, provenance.json, the tables, states.npz where there are fields, and a folder for
        each part.

        Raises:
            ResultError: the run has no points.
            OSError: the folder cannot be written to.
        """
        if not self._leads:
            return
        if not len(self):
            raise ResultError(f"{self.scenario.name}: the run has no points, there is nothing to save")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        resolved = to_toml(self.scenario)
        write_text(folder / "scenario.toml", resolved)
        if "status" not in self.provenance:
            self.provenance = provenance.collect(resolved, "", 1) | {"status": "saved"} | self.provenance
        write_json(folder / "provenance.json", self.provenance)
        main = self.kind.table
        write_table(folder / main, self._rows.get(main) or rows_of(self.rows))
        if self.states is not None:
            self.states.save(folder)
        for name, table in self.tables.items():
            if name != main:
                write_table(folder / name, self._rows.get(name) or rows_of(table))
        for name, part in self.parts.items():
            part.provenance = self.provenance
            part.save(folder / name)
        (folder / JOURNAL).unlink(missing_ok=True)
        self.folder = folder

    def mesh(self, state: int = -1) -> pyvista.UnstructuredGrid:
        """Return a stored state as a pyvista mesh of the plan, lengths in µm.

        Args:
            state: number of the stored state, from the end if negative.

        Returns:
            Triangles (lines in a strip or disc) in the plane z = 0 with the point data T_<layer>_K for each sublayer,
            J_mA_per_um2, heating_uW_per_um2 and, of an electrode, electrode_mV; NaN outside the region of a layer.

        Raises:
            ResultError: the run has no such state.
            ModuleNotFoundError: pyvista is not installed.
        """
        from hotmesa.postprocess.show import plan_mesh

        if self.states is None or not -len(self.states) <= state < len(self.states):
            count = 0 if self.states is None else len(self.states)
            raise ResultError(f"{self.scenario.name}: there is no state {state}, the run has {count}")
        return plan_mesh(self.states, state)

    @property
    def junctions(self) -> int:
        """Number n of junctions that carry voltage."""
        return circuit_junctions(self.scenario)

    @property
    def hot_temperature_K(self) -> float:
        """Temperature in K above which a place belongs to a hot spot."""
        return self.scenario.output.hot_temperature_K

    @cached_property
    def area_um2(self) -> float:
        """Area of the mesa in µm²: of its triangles where there is a plan mesh, of the outline otherwise."""
        if self.scenario.geometry == "plan" and self.states is not None:
            return self.states.mesa_triangles_area_um2()
        return self.scenario.mesa.area_um2

    @property
    def normal_resistance_ohm(self) -> float:
        """Normal resistance R_N of the resistive junctions (n r / A) and a SIN contact in series, in Ω."""
        return circuit_resistance_ohm(self.scenario, self.area_um2) + self.scenario.law.series_ohm

    @cached_property
    def junction_T_K(self) -> Array | None:
        """Temperature of the junction layer, mean over its sublayers, shape (k, n), NaN outside the mesa, in K."""
        if self.states is None:
            return None
        return np.asarray(self.states.T_K[:, self.junction_layers].mean(axis=1))

    @property
    def junction_layers(self) -> list[int]:
        """Numbers of the sublayers that hold the junctions; none where the run has no states.

        Raises:
            ResultError: states.npz has other sublayers than the scenario.
        """
        if self.states is None:
            return []
        names = [(name, layer.junctions) for layer in self.scenario.layers for name in layer.sublayer_names]
        required = {place: name for place, (name, junctions) in enumerate(names) if junctions}
        result = dict(enumerate(map(str, self.states.layer_names)))
        if not required or any(result.get(place) != name for place, name in required.items()):
            raise ResultError(
                f"{(self.folder or Path()) / STATES_FILE}: no junction layer, which is {', '.join(required.values())}; "
                f"there are {', '.join(self.states.layer_names)}"
            )
        return [*required]


def load_run(folder: str | Path) -> Run:
    """Return the run in a folder; states are read at first use.

    Args:
        folder: that a run was written to.

    Raises:
        ResultError: the folder, its table or scenario.toml is missing, or a file is damaged; where another version
            wrote the folder, the message names it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultError(f"{folder}: no such folder; a run writes one with `hotmesa run NAME --out {folder}`")
    record = read_json(folder / "provenance.json")
    return _read_run(folder, record, lambda: read_scenario(folder / "scenario.toml"))


def _read_run(folder: Path, record: dict[str, Any], scenario: Callable[[], Scenario]) -> Run:
    try:
        run = Run(scenario())
        kind = run.kind
        unfinished = (folder / JOURNAL).exists()
        run._tables[kind.table] = read_table(folder / kind.table, kind.columns, kind.words, torn=unfinished)
        for name in kind.beside:
            if (folder / name).exists():
                run._tables[name] = read_table(folder / name, (), kind.words, torn=unfinished)
    except ResultError as error:
        raise ResultError(f"{error}{version_words(record)}") from error.__cause__
    run.folder, run.provenance, run.summary = folder, record, read_json(folder / "summary.json")
    run._unread = next((file for name in (JOURNAL, STATES_FILE) if (file := folder / name).exists()), None)
    for part in sorted(folder.glob(kind.parts)) if kind.parts else ():
        if (part / KINDS[PART].table).exists():
            run.parts[part.name] = _read_run(part, record, partial(part_of, run.scenario, part.name))
    return run
