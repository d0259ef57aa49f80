"""The phase diagram of a study: phases.csv and phases.png from its cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hotmesa.case import OK, Outcome
from hotmesa.meshes.healing import healing_lengths, mesa_width
from hotmesa.postprocess.phase_picture import plot_phases
from hotmesa.postprocess.phases import PhaseCase, phase_rows, write_phases
from hotmesa.postprocess.style import save_picture
from hotmesa.scenarios import Scenario
from hotmesa.scenarios.plans.study import Plan, parameters_of

PICTURE = "phases.png"
TENTH = 0.1


def write_phase_diagram(plan: Plan, outcomes: Mapping[str, Outcome], folder: Path) -> tuple[Path, ...]:
    """Write phases.csv and phases.png of a study into its folder; their paths, none of a study without [phases].

    Cases that are not computed yet are empty cells.

    Raises:
        OSError: a file cannot be written.
    """
    if plan.study.phases is None:
        return ()
    cases = []
    for case in plan.cases:
        outcome = outcomes[case.name]
        points = {label: case.points.get(label) for label in plan.axes}
        varied = points | parameters_of(case, plan.keys)
        reason = "" if outcome.status == OK else outcome.reason
        length = _healing_length(case.scenario) if case.scenario is not None else 0.0
        cases.append(PhaseCase(case.name, outcome.status, reason, varied, folder / "cases" / case.name, length))
    currents = plan.study.phases.numbers
    rows = phase_rows(cases, currents)
    upwards = plan.columns[-1]
    along = "I_mA" if len(currents) > 1 else plan.columns[0]
    picture = save_picture(lambda: plot_phases(rows, along, upwards, plan.study.title), folder / PICTURE)
    return (write_phases(folder, rows), *((picture,) if picture is not None else ()))


def _healing_length(scenario: Scenario) -> float:
    """Return the healing length of the normal state in µm, a tenth of the mesa where the layers do not give one."""
    lengths = healing_lengths(scenario)
    return lengths.normal if lengths is not None else TENTH * mesa_width(scenario)
