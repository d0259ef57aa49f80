"""Rules of single values that depend on each other: materials, law, ranges, and files that must exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotmesa.scenarios.rules.findings import Finding, Where
from hotmesa.scenarios.schema import Curve, Josephson, Law, Material, Mesh, Scenario
from hotmesa.scenarios.tables import TableError, read_numbers


def value_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions between values outside the plan and the stack."""
    yield from _materials(scenario)
    yield from _law_kind(scenario.law)
    yield from _law_gaps(scenario.law)
    yield from _josephson(scenario.josephson)
    yield from _files(scenario)
    yield from _mesh_file(scenario.mesh)
    yield from _ranges(scenario)


def _materials(scenario: Scenario) -> Iterator[Finding]:
    for name, material in scenario.materials.items():
        yield from _conductivity(name, material)
        keys = ("in_plane_W_per_mK", "out_of_plane_W_per_mK", "heat_capacity_J_per_m3K")
        curves = (material.in_plane_W_per_mK, material.out_of_plane_W_per_mK, material.heat_capacity_J_per_m3K)
        for key, curve in zip(keys, curves, strict=True):
            if isinstance(curve, Curve):
                yield from _curve(("materials", name, key), curve)


def _conductivity(name: str, material: Material) -> Iterator[Finding]:
    in_plane: Where = ("materials", name, "in_plane_W_per_mK")
    out_of_plane: Where = ("materials", name, "out_of_plane_W_per_mK")
    ratio: Where = ("materials", name, "anisotropy")
    base: Where = ("materials", name, "base")
    if material.in_plane_W_per_mK is not None and material.anisotropy is not None:
        text = f"given together with anisotropy = {material.anisotropy:g}; both set the in-plane conductivity, keep one"
        yield Finding(in_plane, text, (ratio,))
    if material.base != "none":
        if material.base != "gold-film":
            yield from _gold_film_keys(name, material)
        return
    needs = 'is missing; with base = "none" both conductivities in W/(m K) must be given'
    if material.out_of_plane_W_per_mK is None:
        yield Finding(out_of_plane, needs, (base,))
    if material.in_plane_W_per_mK is None and material.anisotropy is None:
        yield Finding(in_plane, f"{needs} (or anisotropy)", (base, ratio))
    if material.divide_conductivity_by != 1:
        text = 'has no effect with base = "none"; it divides the conductivities of a library material'
        yield Finding(("materials", name, "divide_conductivity_by"), text, (base,))
    yield from _gold_film_keys(name, material)


def _gold_film_keys(name: str, material: Material) -> Iterator[Finding]:
    for key in ("residual_resistivity_ohm_m", "lorenz_factor"):
        if getattr(material, key) != Material.model_fields[key].default:
            text = f'has an effect with base = "gold-film" only; here base = "{material.base}"'
            yield Finding(("materials", name, key), text, (("materials", name, "base"),))


def _curve(where: Where, curve: Curve) -> Iterator[Finding]:
    if len(curve.T_K) != len(curve.values):
        text = f"{len(curve.values)} values for {len(curve.T_K)} temperatures T_K; there must be as many"
        yield Finding((*where, "values"), text, ((*where, "T_K"),))
    for k, (low, high) in enumerate(zip(curve.T_K[:-1], curve.T_K[1:], strict=True)):
        if high <= low:
            yield Finding(
                (*where, "T_K"), f"temperatures must increase; after {low:g} K comes {high:g} K (number {k + 1})"
            )
            return


def _law_kind(law: Law) -> Iterator[Finding]:
    needs = (
        ("table", "table", law.table, "the CSV file with the columns T_K,v_mV,i_mV"),
        ("ohmic", "resistivity_ohm_cm", law.resistivity_ohm_cm, "rho_c(T) in Ω cm, a number or a curve"),
    )
    for kind, key, value, what in needs:
        if law.kind == kind and value is None:
            yield Finding(("law", key), f'is missing; kind = "{kind}" needs {what}', (("law", "kind"),))
        if law.kind != kind and value is not None:
            text = f'has no effect with kind = "{law.kind}"; set kind = "{kind}" or leave it out'
            yield Finding(("law", key), text, (("law", "kind"),))
    if isinstance(law.resistivity_ohm_cm, Curve):
        yield from _curve(("law", "resistivity_ohm_cm"), law.resistivity_ohm_cm)


def _law_gaps(law: Law) -> Iterator[Finding]:
    default = Law.model_fields["gaps_meV"].default
    if law.gap_table is not None and len(law.gaps_meV) > 1:
        text = f"replaces the one gap of the junctions, but there are {len(law.gaps_meV)} gaps_meV"
        yield Finding(("law", "gap_table"), text, (("law", "gaps_meV"),))
    if law.sin_contact_ohm > 0 and law.kind != "d-wave":
        text = f'needs kind = "d-wave", not "{law.kind}"'
        yield Finding(("law", "sin_contact_ohm"), text, (("law", "kind"),))
    if law.set is not None:
        if law.gaps_meV != default:
            text = f"given together with set = {law.set}, which fixes the gap; keep one"
            yield Finding(("law", "gaps_meV"), text, (("law", "set"),))
        if law.gap_weights is not None:
            text = f"has no effect with set = {law.set}, which is one gap; give gaps_meV instead of set"
            yield Finding(("law", "gap_weights"), text, (("law", "set"),))
    elif law.gap_weights is not None and len(law.gap_weights) != len(law.gaps_meV):
        text = f"{len(law.gap_weights)} weights for {len(law.gaps_meV)} gaps; there must be as many"
        yield Finding(("law", "gap_weights"), text, (("law", "gaps_meV"),))


def _josephson(josephson: Josephson) -> Iterator[Finding]:
    if josephson.critical_voltage_mV is not None:
        return
    for key in ("temperature_dependence", "critical_temperature_K", "mccumber_parameter"):
        if getattr(josephson, key) != Josephson.model_fields[key].default:
            text = "has no effect without critical_voltage_mV, the I_c R_N of one junction"
            yield Finding(("josephson", key), text, (("josephson", "critical_voltage_mV"),))


def _files(scenario: Scenario) -> Iterator[Finding]:
    named = (
        (("law", "table"), scenario.law.table),
        (("law", "gap_table"), scenario.law.gap_table),
        (("law", "gamma_table"), scenario.law.gamma_table),
        (("mesh", "file"), scenario.mesh.file),
    )
    for where, name in named:
        if name is not None and not Path(name).is_file():
            folder = Path(name).parent
            hint = "" if folder.is_dir() else f"; the folder {folder} does not exist"
            yield Finding(where, f"no such file: {name}{hint}")


def _mesh_file(mesh: Mesh) -> Iterator[Finding]:
    for key in ("unit", "origin_um", "regions"):
        if mesh.file is None and getattr(mesh, key) != Mesh().model_dump()[key]:
            yield Finding(("mesh", key), "has no effect without mesh.file", (("mesh", "file"),))


def _ranges(scenario: Scenario) -> Iterator[Finding]:
    bath = scenario.bath.temperature_K
    if scenario.uniform.end_temperature_K <= bath:
        text = f"{scenario.uniform.end_temperature_K:g} K must be above the bath temperature ({bath:g} K)"
        yield Finding(("uniform", "end_temperature_K"), text, (("bath", "temperature_K"),))
    if scenario.branch.max_points <= scenario.branch.min_points:
        text = f"{scenario.branch.max_points} must be above branch.min_points ({scenario.branch.min_points})"
        yield Finding(("branch", "max_points"), text, (("branch", "min_points"),))
    limits = _table_temperatures(scenario.law) if scenario.law.kind == "table" else None
    if limits is not None and not limits[0] <= bath <= limits[1]:
        text = (
            f"{bath:g} K lies outside the law table {scenario.law.table}, which covers {limits[0]:g} to {limits[1]:g} K"
        )
        yield Finding(("bath", "temperature_K"), text, (("law", "table"),))


def _table_temperatures(law: Law) -> tuple[float, float] | None:
    """Lowest and highest temperature of the user's table; None if it is not readable as one (the law says why)."""
    try:
        temperatures = read_numbers(Path(law.table or ""), ("T_K",))["T_K"]
    except TableError:
        return None
    return float(temperatures.min()), float(temperatures.max())
