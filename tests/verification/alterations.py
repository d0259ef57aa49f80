"""Wrong physics on purpose: each function alters one thing in the solver until the patch is undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hotmesa.scenarios.curves import PowerCurve
from hotmesa.solver import model, parts
from hotmesa.solver.device import faces, heating, layout, sinks, stack, vertical
from hotmesa.solver.device import plan as operators
from hotmesa.solver.law import grids as law_build
from hotmesa.solver.law import table as law_table
from hotmesa.solver.law import tunnelling
from hotmesa.solver.linear import condensed
from hotmesa.solver.linear import jacobian as linearisation
from hotmesa.solver.runs import uniform
from hotmesa.solver.states import continuation

Patch = pytest.MonkeyPatch


def conductivity_doubled(patch: Patch) -> None:
    """Every conductivity table counts twice."""
    value, both = PowerCurve.__call__, PowerCurve.with_integral
    patch.setattr(PowerCurve, "__call__", lambda self, T: 2.0 * value(self, T))
    patch.setattr(PowerCurve, "with_integral", lambda self, T: (2.0 * value(self, T), 2.0 * both(self, T)[1]))


def in_plane_conductivity_doubled(patch: Patch) -> None:
    """Heat spreads twice as well along mesa layers and crystal."""
    build = stack.build_material
    patch.setattr(stack, "build_material", lambda spec: replace(m := build(spec), in_plane=m.in_plane.scaled(2.0)))


def potential_not_integrated(patch: Patch) -> None:
    """The Kirchhoff potential is kappa(T) (T - T_0) instead of the integral of kappa."""
    patch.setattr(PowerCurve, "with_integral", lambda self, T: (self(T), self(T) * (np.asarray(T) - self._zero)))


def potential_of_the_wrong_layer(patch: Patch) -> None:
    """Conduction along the layers is that across them."""
    true = layout.Layout.potentials

    def potentials(self: layout.Layout, T: layout.Array, reference: float) -> layout.Potentials:
        p = true(self, T, reference)
        return replace(p, phi=p.psi, kappa=p.kappa_across)

    patch.setattr(layout.Layout, "potentials", potentials)


def coupling_forgotten(patch: Patch) -> None:
    """Film and junctions do not touch."""
    build = parts.build_interfaces
    patch.setattr(parts, "build_interfaces", lambda of: build(of)[1:])


def heater_of_the_wrong_power(patch: Patch) -> None:
    """A tenth of the power of a heater is lost."""
    build = model.heat_of_heaters
    patch.setattr(model, "heat_of_heaters", lambda *a: 0.9 * build(*a))


def boundary_ignored(patch: Patch) -> None:
    """Boundary conductances between layers are taken as perfect."""
    build = parts.build_stack
    patch.setattr(parts, "build_stack", lambda *a: tuple(replace(layer, boundary=np.inf) for layer in build(*a)))


def upper_distance_only(patch: Patch) -> None:
    """The distance between two sublayers of one material is the thickness of the upper one."""
    build = parts.build_interfaces

    def interfaces(of: layout.Layout) -> tuple[vertical.Interface, ...]:
        thickness = np.concatenate([np.full(of.mass(k).size, s.thickness) for k, s in enumerate(of.sublayers)])
        return tuple(
            replace(f, inverse_distance=1.0 / thickness[f.upper]) if isinstance(f, vertical.SameMaterial) else f
            for f in build(of)
        )

    patch.setattr(parts, "build_interfaces", interfaces)


def whole_layer_to_the_bath(patch: Patch) -> None:
    """The bath below is reached through the whole last sublayer instead of half of it."""
    heat = sinks.BathSink.heat

    def halved(self: sinks.BathSink, T: layout.Array, p: layout.Potentials, T_wire: float) -> sinks.Heat:
        into = heat(self, T, p, T_wire)
        return replace(into, q=0.5 * into.q, by_T=0.5 * into.by_T) if self.name == "bottom" else into

    patch.setattr(sinks.BathSink, "heat", halved)


def contact_forgotten(patch: Patch) -> None:
    """The heat into the contacts is not taken from the film (the wires get it nevertheless)."""
    true = model.Model._drain

    def forgetful(self: model.Model, residual: layout.Array, heats: tuple[sinks.Heat, ...]) -> None:
        left = (replace(h, q=0.0 * h.q) if s in self.contacts else h for s, h in zip(self.sinks, heats, strict=True))
        true(self, residual, tuple(left))

    patch.setattr(model.Model, "_drain", forgetful)


def contact_doubled(patch: Patch) -> None:
    """Wiedemann-Franz contacts conduct L0 (T^2 - T_w^2)/R instead of half of it; constant ones twice as well."""
    build = sinks.build_contact

    def doubled(*arguments: object) -> sinks.ContactSink:
        sink = build(*arguments)
        return replace(sink, linear=2.0 * sink.linear, quadratic=2.0 * sink.quadratic)

    patch.setattr(sinks, "build_contact", doubled)


def wire_takes_half(patch: Patch) -> None:
    """Wires conduct half as well as they should."""
    build = sinks.build_contact

    def halved(*arguments: object) -> sinks.ContactSink:
        sink = build(*arguments)
        return replace(sink, wire=sink.wire and sink.wire.scaled(0.5))

    patch.setattr(sinks, "build_contact", halved)


def disc_without_radius(patch: Patch) -> None:
    """Integrals over a disc have the weight 2 pi instead of 2 pi r."""
    weight = operators._weight

    def flat(scenario: object, mesh: object) -> object:
        if scenario.geometry == "disc":  # type: ignore[attr-defined]
            return 2.0 * np.pi * operators.fem.Constant(mesh, 1.0)
        return weight(scenario, mesh)

    patch.setattr(operators, "_weight", flat)


def depth_of_the_strip_doubled(patch: Patch) -> None:
    """A strip counts with twice its depth."""
    weight = operators._weight
    patch.setattr(operators, "_weight", lambda s, mesh: weight(s, mesh) * (2.0 if s.geometry == "strip" else 1.0))


def rim_forgotten(patch: Patch) -> None:
    """The rim of the crystal is insulated whatever the scenario says."""
    none = property(lambda self: np.zeros(0, dtype=np.int64))
    patch.setattr(layout.Layout, "rim_rows", none)


def joule_heat_altered(patch: Patch) -> None:
    """Junctions heat 10 % less than V J."""
    true = heating.Junctions.evaluate

    def evaluate(self: heating.Junctions, V: float, T: layout.Array) -> heating.JunctionState:
        s = true(self, V, T)
        return replace(s, Q=0.9 * s.Q, Q_by_T=0.9 * s.Q_by_T, Q_by_V=0.9 * s.Q_by_V)

    patch.setattr(heating.Junctions, "evaluate", evaluate)


def jacobian_without_electrode(patch: Patch) -> None:
    """The potential of the electrode stays where it is when temperatures change, as far as the Jacobian knows."""
    _linearisation(patch, circuit=lambda lin: None)


def current_with_wrong_sign(patch: Patch) -> None:
    """The current that closes the equations has the wrong sign, in value and derivatives."""
    evaluate, linearise = model.Model.evaluate, model.Model.linearise

    def negative(self: model.Model, *state: object) -> model.State:
        e = evaluate(self, *state)
        return replace(e, I=-e.I)

    def matching(self: model.Model, e: model.State) -> linearisation.Jacobian:
        lin = linearise(self, e)
        return replace(lin, I_by_T=-lin.I_by_T, I_by_V=-lin.I_by_V)

    patch.setattr(model.Model, "evaluate", negative)
    patch.setattr(model.Model, "linearise", matching)


def one_voltage_for_all_sublayers(patch: Patch) -> None:
    """Mesa sublayers share the voltage evenly although their currents then differ."""

    def even(self: heating.Junctions, V: float, T: layout.Array) -> layout.Array:
        return np.full(T.shape, V / float(self.counts.sum()))

    patch.setattr(heating.Junctions, "_match", even)


def junctions_shared_evenly(patch: Patch) -> None:
    """Every mesa sublayer holds the same number of junctions, whatever its thickness."""
    build = parts.build_stack

    def even(*arguments: object) -> tuple[stack.Sublayer, ...]:
        sublayers = build(*arguments)
        counts = [s.junctions for s in sublayers if s.junctions > 0]
        return tuple(replace(s, junctions=float(np.mean(counts))) if s.junctions > 0 else s for s in sublayers)

    patch.setattr(parts, "build_stack", even)


def _linearisation(patch: Patch, **altered: object) -> None:
    """Replace parts of the linearisation; each value is a function of the true linearisation."""
    true = model.Model.linearise

    def linearise(self: model.Model, e: model.State) -> linearisation.Jacobian:
        lin = true(self, e)
        return replace(lin, **{name: change(lin) for name, change in altered.items()})  # type: ignore[operator]

    patch.setattr(model.Model, "linearise", linearise)


def jacobian_without_dQ_dV(patch: Patch) -> None:
    """The border that tells how the heating grows with the voltage is missing."""
    _linearisation(patch, columns=lambda lin: lin.columns * np.append(np.ones(lin.columns.shape[1] - 1), 0.0))


def jacobian_with_dQ_dV_at_fixed_current(patch: Patch) -> None:
    """The heating grows with V as J dV, without V dJ."""
    true = heating.Junctions.evaluate

    def evaluate(self: heating.Junctions, V: float, T: layout.Array) -> heating.JunctionState:
        s = true(self, V, T)
        return replace(s, Q_by_V=s.Q / V)

    patch.setattr(heating.Junctions, "evaluate", evaluate)


def jacobian_without_dQ_dT(patch: Patch) -> None:
    """The heating does not depend on the temperature, as far as the Jacobian knows."""
    true = heating.Junctions.evaluate

    def evaluate(self: heating.Junctions, V: float, T: layout.Array) -> heating.JunctionState:
        s = true(self, V, T)
        return replace(s, Q_by_T=0.0 * s.Q_by_T)

    patch.setattr(heating.Junctions, "evaluate", evaluate)


def jacobian_without_dI_dT(patch: Patch) -> None:
    """The current does not depend on the temperature, as far as the Jacobian knows."""
    _linearisation(patch, I_by_T=lambda lin: 0.0 * lin.I_by_T)


def jacobian_without_dI_dV(patch: Patch) -> None:
    """The current does not depend on the voltage, as far as the Jacobian knows."""
    _linearisation(patch, I_by_V=lambda lin: 0.0)


def jacobian_without_wire_row(patch: Patch) -> None:
    """The wires do not feel the film, as far as the Jacobian knows."""
    _linearisation(patch, wire_rows=lambda lin: 0.0 * lin.wire_rows)


def jacobian_without_wire_diagonal(patch: Patch) -> None:
    """The wires do not feel themselves, as far as the Jacobian knows."""
    _linearisation(patch, wire_diagonal=lambda lin: 0.0 * lin.wire_diagonal)


def jacobian_without_kappa_slope(patch: Patch) -> None:
    """The exchange between unlike layers counts as if conductivities were constant."""
    patch.setattr(PowerCurve, "with_slope", lambda self, T: (self(T), np.zeros(np.shape(T))))


def jacobian_with_old_kappa(patch: Patch) -> None:
    """Columns of the conduction matrix are scaled by the conductivity at another temperature."""
    _linearisation(patch, kappa=lambda lin: 1.001 * lin.kappa)


def law_derivative_wrong(patch: Patch) -> None:
    """The table of the law returns di/dT with the wrong sign."""
    true = law_table.LawTable.at_voltage

    def at_voltage(self: law_table.LawTable, v_mV: float, T_K: layout.Array) -> law_table.LawValues:
        values = true(self, v_mV, T_K)
        return replace(values, di_dT=-values.di_dT)

    patch.setattr(law_table.LawTable, "at_voltage", at_voltage)


def gap_smaller(patch: Patch) -> None:
    """The junctions carry the current that belongs to a voltage 0.5 % higher."""
    at_voltage, at = law_table.LawTable.at_voltage, law_table.LawTable.at
    patch.setattr(law_table.LawTable, "at_voltage", lambda self, v, T: at_voltage(self, 1.005 * v, T))
    patch.setattr(law_table.LawTable, "at", lambda self, v, T: at(self, 1.005 * np.asarray(v), T))


def folds_overlooked(patch: Patch) -> None:
    """Continuation looks for no folds."""
    patch.setattr(continuation, "folds", lambda *_: [])


def folds_at_points(patch: Patch) -> None:
    """A fold is where the first point behind it lies."""

    def nearest(problem: object, a: continuation.CurvePoint, b: continuation.CurvePoint, options: object) -> list:
        del problem, options
        return [replace(b, fold=name) for name in a.rates if a.rates[name] * b.rates[name] < 0.0]

    patch.setattr(continuation, "folds", nearest)


def landing_missed(patch: Patch) -> None:
    """The branch ends at the first point beyond its end."""
    patch.setattr(continuation, "_land", lambda problem, a, b, options: b)


def newton_given_up(patch: Patch) -> None:
    """The prediction is taken for the solution."""

    def guess_only(problem: object, guess: object, normal: object, options: object) -> tuple[object, object, int]:
        del normal, options
        return guess, problem.evaluate(guess), 0  # type: ignore[attr-defined]

    patch.setattr(continuation, "correct", guess_only)


def colder_junctions(patch: Patch) -> None:
    """The thermal smearing of the tunnelling law is that of a temperature 1 % lower."""
    true = law_build.isotherm

    def isotherm(v_max: float, count: int, T_K: float, *others: object) -> layout.Array:
        return true(v_max, count, 0.99 * T_K, *others)

    patch.setattr(law_build, "isotherm", isotherm)


def gap_kept_in_a_normal_junction(patch: Patch) -> None:
    """The density of states has at least a gap of 0.01 meV."""
    true = tunnelling.density_of_states

    def gapped(E: layout.Array, gap: float, *others: float) -> layout.Array:
        return true(E, max(gap, 0.01), *others)

    patch.setattr(tunnelling, "density_of_states", gapped)


def heat_capacity_halved(patch: Patch) -> None:
    """All layers store half of the heat they should."""
    build = stack.build_material
    patch.setattr(
        stack, "build_material", lambda spec: replace(m := build(spec), heat_capacity=m.heat_capacity.scaled(0.5))
    )


def contact_uneven(patch: Patch) -> None:
    """The right half of every contact takes 1 % more of the heat than its area says."""
    build = faces.build_sinks

    def tilted(scenario: object, of: layout.Layout, *others: object) -> tuple[sinks.Outlet, ...]:
        right = 1.0 + 0.01 * (of.operators.xy[of.nodes_of(0), 0] > 0.0)
        made = build(scenario, of, *others)
        return tuple(replace(c, share=c.share * right[c.rows]) if isinstance(c, sinks.ContactSink) else c for c in made)

    patch.setattr(parts, "build_sinks", tilted)


def first_node_of_the_contact_left_out(patch: Patch) -> None:
    """The first node of every contact, in whatever order they come, takes no heat."""
    build = faces.build_sinks

    def cut(c: sinks.Outlet) -> sinks.Outlet:
        return replace(c, share=c.share * (np.arange(c.share.size) > 0)) if isinstance(c, sinks.ContactSink) else c

    patch.setattr(parts, "build_sinks", lambda *arguments: tuple(cut(c) for c in build(*arguments)))


def voltages_do_not_add_up(patch: Patch) -> None:
    """The voltages of the mesa sublayers are 0.1 % too small."""
    true = heating.Junctions._match
    patch.setattr(heating.Junctions, "_match", lambda self, V, T: 0.999 * true(self, V, T))


def condensed_crystal_altered(patch: Patch) -> None:
    """A condensed crystal conducts heat down 0.1 % better than it should."""
    modes = condensed.depth_modes
    patch.setattr(condensed, "depth_modes", lambda *a: replace(m := modes(*a), mu=1.001 * m.mu))


def slope_of_the_cooling_halved(patch: Patch) -> None:
    """The uniform model takes half of dC/dT."""
    true = uniform.UniformDevice.cooled
    patch.setattr(uniform.UniformDevice, "cooled", lambda self, T: (true(self, T)[0], 0.5 * true(self, T)[1]))


def tall_stacks_cooled_better(patch: Patch) -> None:
    """In the uniform model the power of a junction falls with n^0.9 instead of n."""
    true = uniform.UniformDevice.per_mW
    patch.setattr(uniform.UniformDevice, "per_mW", property(lambda self: true.fget(self) * self.junctions**0.1))


def too_few_angles(patch: Patch) -> None:
    """The coherent channel averages over a tenth of the angles that it needs."""
    patch.setattr(tunnelling, "_ANGLE_DIGITS", 0.8)
