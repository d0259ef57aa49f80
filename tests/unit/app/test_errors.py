"""Every error of the package belongs to one family, with the exit status of the command that it ends."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil

import pytest

import hotmesa
import hotmesa.meshes
import hotmesa.postprocess
import hotmesa.scenarios
import hotmesa.solver
from hotmesa import cli
from hotmesa.scenarios.errors import BAD_INPUT, NO_CONVERGENCE, HotmesaError, ScenarioError
from hotmesa.solver.errors import SolveError


def own_errors() -> set[type[BaseException]]:
    """The exception classes that the modules of the package define."""
    floors = [hotmesa, hotmesa.scenarios, hotmesa.meshes, hotmesa.postprocess, hotmesa.solver]
    found = [info for floor in floors for info in pkgutil.walk_packages(floor.__path__, f"{floor.__name__}.")]
    # The script that is put beside a run belongs to ParaView, whose Python it needs.
    names = [info.name for info in found if not info.name.endswith(("__main__", "paraview_view"))]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    classes = {value for value in values if inspect.isclass(value) and issubclass(value, BaseException)}
    return {each for each in classes if each.__module__.startswith("hotmesa")}


def test_all_errors_are_one_family() -> None:
    found = own_errors()
    assert len(found) >= 10
    assert [each.__name__ for each in found if not issubclass(each, HotmesaError)] == []
    assert {each.__name__ for each in found if each.status != BAD_INPUT} == {"SolveError", "NotDefiniteError"}


@pytest.mark.parametrize(("error", "status"), [(ScenarioError(["a: b"]), BAD_INPUT), (SolveError("x"), NO_CONVERGENCE)])
def test_a_command_ends_with_the_status_of_its_error(
    error: HotmesaError, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise pickle.loads(pickle.dumps(error))  # as it comes from another process

    monkeypatch.setattr("hotmesa.commands.list.available_scenarios", fail)
    assert cli.main(["list"]) == status
    assert capsys.readouterr().err == f"hotmesa: {error}\n"


def test_a_fault_of_the_program_is_not_taken_for_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError("mix-up")

    monkeypatch.setattr("hotmesa.commands.list.available_scenarios", fail)
    with pytest.raises(ValueError, match="mix-up"):
        cli.main(["list"])
