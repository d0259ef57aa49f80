"""Thermal conductivities and heat capacities of the materials, each with its source and range."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.curves import PowerCurve
from hotmesa.scenarios.material_files import MaterialError, read_material
from hotmesa.scenarios.schema import Curve, FromFile, GoldFilm, GoldWire, LibraryMaterial, Material, Scenario

LORENZ_W_OHM_PER_K2 = 2.44e-8
"""Lorenz number of free electrons, pi^2 k_B^2 / 3 e^2."""

_GOLD_DEBYE_K = 165.0
_GOLD_PHONON_RESISTIVITY_300K_OHM_M = 2.2e-8


@dataclass(frozen=True)
class ThermalMaterial:
    """Thermal properties of one material.

    Attributes:
        in_plane: conductivity along the layers, W/(m K) = µW/(µm K).
        out_of_plane: conductivity across the layers, same unit.
        heat_capacity: volumetric heat capacity, pJ/(µm³ K) (1e6 J/m^3K).
        stores_heat: whether that is known. Else it is that of Bi2212, in whose place any other would do for what it
            may be used: the number of growing modes does not depend on it.
    """

    in_plane: PowerCurve
    out_of_plane: PowerCurve
    heat_capacity: PowerCurve
    stores_heat: bool = True

    def measured_from(self, temperature: float) -> ThermalMaterial:
        """Return the material with the integrals of its curves taken from a temperature (K)."""
        return ThermalMaterial(
            self.in_plane.measured_from(temperature),
            self.out_of_plane.measured_from(temperature),
            self.heat_capacity.measured_from(temperature),
            self.stores_heat,
        )


def _curve(T: list[float], y: list[float]) -> PowerCurve:
    return PowerCurve(np.array(T), np.array(y))


def bi2212() -> ThermalMaterial:
    """Return pristine Bi2Sr2CaCu2O8+d.

    Across the layers: Crommie and Zettl, PRB 43, 408 (1991), as evaluated by NIST, 39-306 K; below 39 K
    proportional to T (assumed). Along the layers: typical of published single crystals, +-30 %.
    Heat capacity: calorimetry of single crystals, +-20 %.
    """
    across = _curve([2.0, 39, 55, 73, 114, 182, 249, 306], [0.5 * 2 / 39, 0.50, 0.57, 0.65, 0.70, 0.77, 0.81, 0.86])
    along = _curve([4.0, 10, 20, 40, 65, 90, 150, 300], [0.4, 1.5, 3, 5, 6, 5, 5, 5.5])
    capacity = _curve([4.2, 10, 20, 50, 90, 200, 300], [1.3e-3, 1.9e-2, 0.125, 0.63, 1.18, 2.1, 2.5])
    return ThermalMaterial(along, across, capacity)


def gold_wire() -> ThermalMaterial:
    """Return annealed bulk gold, 4-300 K (purity-dependent below 30 K)."""
    kappa = _curve([4.0, 20, 40, 80, 300], [2090, 1580, 515, 332, 317])
    return ThermalMaterial(kappa, kappa, _gold_heat_capacity())


def _gold_heat_capacity() -> PowerCurve:
    return _curve([4.0, 20, 50, 77, 300], [3.2e-3, 0.31, 1.4, 2.1, 2.49])


def gold_phonon_resistivity(T: Array) -> Array:
    """Return the phonon part of the resistivity of gold (Ω m), shape of T.

    Bloch-Grueneisen law (T/theta)^5 int_0^{theta/T} x^5 / [(e^x - 1)(1 - e^-x)] dx with theta = 165 K,
    normalised to 2.2e-8 Ω m at 300 K (bulk gold).
    """
    x, w = np.polynomial.legendre.leggauss(64)

    def bloch_grueneisen(temperature: Array) -> Array:
        # exp(-50) is below rounding: cutting the range there keeps the quadrature points where the integrand lives.
        top = np.minimum(_GOLD_DEBYE_K / temperature, 50.0)[..., None]
        u = 0.5 * top * (x + 1.0)
        integrand = u**5 / (np.expm1(u) * -np.expm1(-u))
        return np.asarray((temperature / _GOLD_DEBYE_K) ** 5 * np.sum(integrand * w * 0.5 * top, axis=-1))

    reference = bloch_grueneisen(np.array([300.0]))[0]
    return np.asarray(_GOLD_PHONON_RESISTIVITY_300K_OHM_M * bloch_grueneisen(T) / reference)


def gold_film_resistivity(residual_resistivity_ohm_m: float) -> PowerCurve:
    """Return the resistivity of a thin gold film, rho_0 + rho_phonon(T) (Ω m)."""
    T = np.geomspace(1.0, 500.0, 400)
    return PowerCurve(T, residual_resistivity_ohm_m + gold_phonon_resistivity(T))


def gold_film(residual_resistivity_ohm_m: float = 1e-8, lorenz_factor: float = 1.0) -> ThermalMaterial:
    """Return a thin gold film: kappa = xi L0 T / (rho_0 + rho_phonon(T)) (Wiedemann-Franz).

    Args:
        residual_resistivity_ohm_m: rho_0 from surface and grain-boundary scattering (0.7-8e-8 for 40 nm).
        lorenz_factor: xi, Lorenz number over the free-electron value; 2-3 was measured in 20-54 nm films.
    """
    resistivity = gold_film_resistivity(residual_resistivity_ohm_m)
    T = resistivity.nodes
    kappa = PowerCurve(T, lorenz_factor * LORENZ_W_OHM_PER_K2 * T / resistivity.values)
    return ThermalMaterial(kappa, kappa, _gold_heat_capacity())


def build_material(spec: Material) -> ThermalMaterial:
    """Return the material of a scenario section: its library base with the given properties replaced."""
    base = _base(spec)
    across = _property(spec.out_of_plane_W_per_mK, base.out_of_plane if base else None)
    along = _property(spec.in_plane_W_per_mK, base.in_plane if base else None)
    if spec.anisotropy is not None and across is not None:
        along = across.scaled(spec.anisotropy)
    along = along or across
    across = across or along
    if along is None or across is None:
        raise ValueError("a material without a base needs at least one conductivity")
    capacity = _heat_capacity(spec, base)
    if capacity is None:
        return ThermalMaterial(along, across, bi2212().heat_capacity, stores_heat=False)
    return ThermalMaterial(along, across, capacity)


def _heat_capacity(spec: Material, base: ThermalMaterial | None) -> PowerCurve | None:
    """The heat capacity that is given, or that of the base; None where none is known."""
    if spec.heat_capacity_J_per_m3K is not None:
        return from_spec(spec.heat_capacity_J_per_m3K).scaled(1e-6)
    if spec.heat_capacity_of is not None:
        return (bi2212() if spec.heat_capacity_of == "bi2212" else gold_wire()).heat_capacity
    return base.heat_capacity if base is not None and base.stores_heat else None


def without_heat_capacity(scenario: Scenario) -> tuple[str, ...]:
    """The materials of layers whose heat capacity is not known."""
    known = {layer.material for layer in scenario.layers} & scenario.materials.keys()
    return tuple(name for name in scenario.materials if name in known and not _stores_heat(scenario.materials[name]))


def _stores_heat(spec: Material) -> bool:
    if spec.heat_capacity_J_per_m3K is not None or spec.heat_capacity_of is not None:
        return True
    try:
        base = _base(spec)
    except MaterialError:  # which is a finding of its own
        return True
    return base is not None and base.stores_heat


def out_of_range(scenario: Scenario) -> tuple[str, ...]:
    """What is told of material files that begin above the bath temperature or end below it, one sentence a material."""
    bath, result = scenario.bath.temperature_K, []
    for name, spec in scenario.materials.items():
        if isinstance(spec, FromFile):
            low, high = read_material(spec.file).range_K
            if not low <= bath <= high:
                text = f"{name}: {spec.file} holds from {low:g} to {high:g} K, the bath is at {bath:g} K"
                result.append(f"{text}; beyond its range it keeps its last value")
    return tuple(result)


def _base(spec: Material) -> ThermalMaterial | None:
    """The material of the library, its conductivities divided as the section says; None for a home-made one."""
    if not isinstance(spec, LibraryMaterial):
        return None
    if isinstance(spec, GoldFilm):
        result = gold_film(spec.residual_resistivity_ohm_m, spec.lorenz_factor)
    elif isinstance(spec, FromFile):
        return _of_file(spec)
    else:
        result = gold_wire() if isinstance(spec, GoldWire) else bi2212()
    share = 1.0 / spec.divide_conductivity_by
    return replace(result, in_plane=result.in_plane.scaled(share), out_of_plane=result.out_of_plane.scaled(share))


def _of_file(spec: FromFile) -> ThermalMaterial:
    """The material of a file with what the section gives in its place.

    Raises:
        MaterialError: the file cannot be used, or it has no conductivity and none is given.
    """
    file, share = read_material(spec.file), 1.0 / spec.divide_conductivity_by
    along = file.in_plane_W_per_mK or file.out_of_plane_W_per_mK or spec.in_plane_W_per_mK or spec.out_of_plane_W_per_mK
    across = file.out_of_plane_W_per_mK or along
    if along is None or across is None:
        raise MaterialError(
            f"{spec.file}: holds no conductivity; give out_of_plane_W_per_mK, in W/(m K), beside file"
        )
    stores = file.heat_capacity_J_per_m3K
    capacity = bi2212().heat_capacity if stores is None else from_spec(stores).scaled(1e-6)
    return ThermalMaterial(
        from_spec(along).scaled(share), from_spec(across).scaled(share), capacity, stores is not None
    )


def _property(given: float | Curve | None, base: PowerCurve | None) -> PowerCurve | None:
    return base if given is None else from_spec(given)


def from_spec(value: float | Curve) -> PowerCurve:
    """Return the curve of a scenario value: a number or a table against temperature."""
    return value.interpolated if isinstance(value, Curve) else PowerCurve.constant(float(value))
