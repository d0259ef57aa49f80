"""The kinds of run: one word each, and what stands under it on every floor.

KINDS is the one table. A kind of run is a word in it and a module of that name on each floor:

    scenarios/runs/WORD.py      KIND, what it is: files, columns, contradictions of its keys, keys of its own
    solver/runs/WORD.py         points(...) yields its points, control(scenario) tells how far it goes
    postprocess/runs/WORD.py    summarise(run) with the meaning of its NUMBERS, and its FIGURES
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from hotmesa.scenarios.problems import Finding

COLUMNS = ("V_mV", "V_per_junction_mV", "I_mA", "P_mW", "T_max_K")
"""Columns that the table of every kind has."""
SLOPE = "dV_dI_ohm"

_FINER = (
    "What often helps: a finer mesh (--set mesh.refine=2), the other linear algebra (--set numerics.path=sparse), "
    "or an end before the difficult place (--set branch.end_current_mA=...)."
)


def _nothing(scenario: Any) -> Iterator[Finding]:
    yield from ()


def _no_sweep(scenario: Any, currents_mA: Sequence[float]) -> None:
    return None


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    Attributes:
        name: the word after `mode`, in messages, and of its modules.
        table: file of its points.
        text: what it is, in a line.
        points: how they call its points.
        advice: what often helps where a run stops early.
        columns: those that its table must have.
        meanings: of the columns that do not come from a state alone; the ending of a name is its unit.
        words: columns that hold words.
        beside: further tables in its folder.
        prefix: what stands before V and I where a point is shown, as a format of its row.
        steady: whether its points are steady states.
        spatial: whether it needs layers and a mesh.
        in_time: whether it tells what happens in time, for which every layer needs a heat capacity.
        stable: whether it takes states alone that its source holds.
        shown: whether each point is worth a line on the terminal and in the log.
        parts: pattern of the folders of further runs inside its own; "" for none.
        keeps_modes: whether stability.modes keeps the modes of its points as fields.
        refines: whether it follows the branch from rest, whose places tell what mesh.accuracy_percent needs.
        from_rest: whether its points are those of that branch and nothing else.
        walls: whether elements are made smaller first where their rows would hold the wall of a hot spot.
        read_by_all: whether the section [NAME] counts in runs of other kinds too.
        findings: yields the contradictions of the keys that count in this kind of run only.
        describe: returns what is computed in a scenario, in lines; None where `text` says it.
        stable_states: returns the scenario of the run that keeps, through increasing currents (mA), the states that the
            source holds: what phase diagrams need where it loses one of this run. None where there is no such run.
        keys: section of its own in scenarios, [NAME], where `Scenario` does not list it.
    """

    name: str
    table: str
    text: str
    points: str = "points"
    advice: str = _FINER
    columns: tuple[str, ...] = (*COLUMNS, SLOPE)
    meanings: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ("fold",)
    beside: tuple[str, ...] = ()
    prefix: str = ""
    steady: bool = True
    spatial: bool = True
    in_time: bool = False
    stable: bool = False
    shown: bool = True
    parts: str = ""
    keeps_modes: bool = True
    refines: bool = False
    from_rest: bool = False
    walls: bool = False
    read_by_all: bool = False
    findings: Callable[[Any], Iterator[Finding]] = _nothing
    describe: Callable[[Any], list[str]] | None = None
    stable_states: Callable[[Any, Sequence[float]], Any] = _no_sweep
    keys: type[BaseModel] | None = None


class Kinds(Mapping[str, Kind]):
    """Kinds of run by their word; each is loaded when it is asked for."""

    def __init__(self, *words: str) -> None:
        self._words = dict.fromkeys(words)
        self._brought: dict[str, dict[str, Any]] = {}

    def __getitem__(self, word: str) -> Kind:
        """Return what a kind of run is."""
        if word not in self._words:
            raise KeyError(word)
        result: Kind = self.on("scenarios", word).KIND
        return result

    def __iter__(self) -> Iterator[str]:
        """Go through the words."""
        return iter(self._words)

    def __len__(self) -> int:
        """Return the number of kinds."""
        return len(self._words)

    def on(self, floor: str, word: str) -> Any:
        """Return the module of a kind of run on a floor: "scenarios", "solver" or "postprocess".

        Raises:
            NotImplementedError: the kind has none there.
            ModuleNotFoundError: one that the module needs is not installed.
        """
        if word in self._brought:
            return self._brought[word][floor]
        name = f"hotmesa.{floor}.runs.{word}"
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise NotImplementedError(f'the kind of run "{word}" needs a module {floor}/runs/{word}.py') from None

    def add(self, word: str, **floors: Any) -> None:
        """Add a kind of run that is brought along: what its module on each floor would hold."""
        self._words[word] = None
        self._brought[word] = floors

    def remove(self, word: str) -> None:
        """Take away what `add` has brought."""
        del self._words[word], self._brought[word]


KINDS = Kinds(
    "branch",
    "uniform",
    "sweep",
    "transient",
    "diagram",
    "family",
)
"""Kinds of run by the word after `mode`."""
