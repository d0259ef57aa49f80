"""A model is built once: nothing of it changes, its variants share its parts, and nothing of it outlives it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers.devices import MATERIALS, Helium, on_crystal

from hotmesa.computing import trace
from hotmesa.meshes import build_mesh
from hotmesa.meshes.libraries import compiled_form
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.materials import build_material
from hotmesa.scenarios.schema import Contact, Crystal, Law, Material, Mesa, Scenario
from hotmesa.solver.device import plan
from hotmesa.solver.law.laws import build_law
from hotmesa.solver.linear.bordered import BorderedOperator
from hotmesa.solver.model import Model
from hotmesa.solver.stability.stability import Stability
from hotmesa.solver.states.bias import Bias
from hotmesa.solver.states.fields import carried_over
from hotmesa.solver.states.observables import observe
from hotmesa.solver.states.steady import solve_steady
from hotmesa.solver.time.transient import Circuit, Transient

PATHS = ("condensed", "sparse")


def model_of(scenario: Scenario, **brought: object) -> Model:
    return Model(scenario, build_mesh(scenario), **brought)


@pytest.fixture(scope="module", params=PATHS)
def model(request: pytest.FixtureRequest) -> Model:
    return model_of(on_crystal(path=request.param, end_mA=0.3))


@pytest.mark.parametrize("name", ["scenario", "conduction", "extra_heat", "anything"])
def test_nothing_of_a_model_is_set(model: Model, name: str) -> None:
    with pytest.raises(AttributeError, match=f"{name} cannot be set; ask for another one by `variant`"):
        setattr(model, name, None)
    with pytest.raises(ValueError, match="read-only"):
        model.extra_heat[0] = 1.0


def test_variants_share_what_costs(model: Model) -> None:
    fewer = model.variant(resistive_junctions=5, end_current_mA=0.1)
    assert fewer.parts is model.parts
    assert fewer.junctions.law is model.junctions.law
    assert fewer.junctions.counts.sum() == pytest.approx(5.0, rel=1e-14)
    assert (fewer.scenario.branch.end_current_mA, model.scenario.branch.end_current_mA) == (0.1, 0.3)
    assert model.junctions.counts.sum() == pytest.approx(19.0, rel=1e-14)


def test_a_path_shares_the_operators(model: Model) -> None:
    other = model.variant(path="sparse" if model.layout.condensed else "condensed")
    assert other.layout.condensed != model.layout.condensed
    assert other.operators is model.operators
    assert model.variant(path=model.parts.path).parts is model.parts
    a, b = (solve_steady(m, Bias.current(), 0.3) for m in (model, other))
    assert a.V == pytest.approx(b.V, rel=1e-8)


def test_own_factors_leave_those_of_the_model_alone() -> None:
    model = model_of(on_crystal(path="sparse"))
    e = solve_steady(model, Bias.current(), 0.3)
    lin = model.linearise(e)
    rhs = np.ones(model.layout.size)
    factors = model.conduction.factorise(lin.kappa, lin.local)
    before = factors.solve(rhs)
    other = model.variant(own_factors=True)
    other.conduction.factorise(2.0 * lin.kappa, lin.local)
    np.testing.assert_array_equal(factors.solve(rhs), before)
    model.conduction.factorise(2.0 * lin.kappa, lin.local)  # their own matrix does change them
    assert not np.allclose(factors.solve(rhs), before)


def test_extra_heat_goes_along_to_the_other_path() -> None:
    model = model_of(on_crystal(path="condensed"))
    heat = np.zeros(model.layout.size)
    heat[model.layout.rows(2)] = 0.5
    heated = model.variant(extra_heat=heat)
    full = heated.variant(path="sparse")
    e = solve_steady(model, Bias.current(), 0.3)
    a, b = (solve_steady(m, Bias.current(), 0.3, carried_over(model, m, e)) for m in (heated, full))
    assert a.V == pytest.approx(b.V, rel=1e-8)
    assert a.T.max() > e.T.max() + 0.1


@pytest.mark.parametrize("path", PATHS)
def test_a_material_from_python(path: str) -> None:
    """A material by name does what the same one written in the scenario does, and a new name can be used by a layer."""
    poor = Material(in_plane_W_per_mK=0.1, out_of_plane_W_per_mK=0.01)
    scenario = on_crystal(path=path, materials=MATERIALS | {"crystal": poor})
    written = model_of(scenario)
    # On the same mesh: its sizes follow the materials that a scenario names.
    brought = Model(on_crystal(path=path), build_mesh(scenario), materials={"crystal": build_material(poor)})
    a, b = (solve_steady(m, Bias.current(), 0.4) for m in (written, brought))
    assert a.V == pytest.approx(b.V, rel=1e-9)
    assert a.T.max() > 1.1 * solve_steady(model_of(on_crystal(path=path)), Bias.current(), 0.4).T.max()


def test_a_new_name_of_a_material() -> None:
    scenario = on_crystal()
    film = scenario.layers[0].model_copy(update={"material": "silver"})
    scenario = scenario.model_copy(update={"layers": (film, *scenario.layers[1:])})
    gold = build_material(MATERIALS["gold"])
    silver = replace(gold, in_plane=PowerCurve.constant(400.0))
    model = model_of(scenario, materials={"silver": silver})
    assert model.layout.sublayers[0].material.in_plane(50.0) == 400.0


@pytest.mark.parametrize("path", PATHS)
def test_a_law_from_python_stays_with_the_variants(path: str) -> None:
    ohmic = build_law(on_crystal(law=Law(kind="ohmic", resistivity_ohm_cm=50.0)))
    model = model_of(on_crystal(path=path, law=Law(set=1, sin_contact_ohm=20.0)), law=ohmic)
    for other in (model, model.variant(resistive_junctions=5), model.variant(own_factors=True)):
        assert other.junctions.law is ohmic


def branch(model: Model) -> None:
    for _ in trace(model):
        pass


def modes(model: Model) -> None:
    Stability(model).modes(solve_steady(model, Bias.current(), 0.3), Bias.current())


def transient(model: Model) -> None:
    whole = model.variant(path="sparse")
    start = np.concatenate([*whole.cold(), [0.0]])
    for _ in Transient(whole, Circuit(Bias.current(), 0.0, lambda t: 0.3)).run(start, 0.0, 0.01):
        pass


@pytest.mark.parametrize("use", [branch, modes, transient], ids=lambda use: use.__name__)
@pytest.mark.parametrize("path", PATHS)
def test_nothing_outlives_a_model(path: str, use: Callable[[Model], None]) -> None:
    """Factors and matrices go with the model that made them; PETSc would keep them if its contexts referred to it."""
    gc.collect()
    before = live()
    model = model_of(on_crystal(path=path, end_mA=0.3), sinks=[Helium()])
    use(model)
    kept = [weakref.ref(model), weakref.ref(model.conduction)]
    assert live() >= before
    del model
    gc.collect()
    assert [ref() for ref in kept] == [None, None]
    assert live() == before


def live() -> int:
    """Number of operators that PETSc's solvers call."""
    return sum(isinstance(thing, BorderedOperator) for thing in gc.get_objects())


def test_memory_of_many_runs() -> None:
    """The twelfth run in one process takes no more memory than the third."""
    scenario = on_crystal(path="sparse", end_mA=0.2)
    sizes = []
    for _ in range(12):
        observe(model := model_of(scenario), solve_steady(model, Bias.current(), 0.2))
        del model
        sizes.append(resident())
    # Each run left 6 MB behind when its factors were kept.
    assert sizes[-1] - sizes[2] < 6.0


@pytest.mark.parametrize("geometry", ["plan", "strip", "disc"])
def test_numbers_of_a_device_make_no_other_form(geometry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each compiled form takes a second and a megabyte that no process gives back."""
    used: list[set[str]] = []

    def compiled(form: object) -> object:
        found = compiled_form(form)
        used[-1].add(found.module.__file__)
        return found

    monkeypatch.setattr(plan, "compiled_form", compiled)
    for size in (10.0, 13.7):
        used.append(set())
        if geometry == "disc":
            scenario = on_crystal(
                geometry="disc", mesa=Mesa(shape="disc", radius_um=0.5 * size, junctions=19),
                crystal=Crystal(shape="disc", radius_um=2.0 * size), contacts=(),
            )  # fmt: skip
        else:
            mesa = Mesa(width_um=size, depth_um=1.1 * size, junctions=19)
            crystal = Crystal(width_um=3.1 * size, depth_um=3.2 * size)
            wire = Contact(x_um=-0.2 * size, radius_um=1.5, contact_K_per_mW=3.0)
            scenario = on_crystal(geometry=geometry, mesa=mesa, crystal=crystal, contacts=(wire,))
        model_of(scenario)
    assert used[0] == used[1] and len(used[0]) >= 4


def resident() -> float:
    """Memory of this process (MB)."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(float(line.split()[1]) / 1024.0 for line in status if line.startswith("VmRSS"))
