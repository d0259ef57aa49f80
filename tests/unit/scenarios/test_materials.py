import numpy as np
import pytest

from hotmesa.scenarios.materials import bi2212, build_material, gold_film, gold_phonon_resistivity, gold_wire
from hotmesa.scenarios.schema import Curve, Material


def test_library_returns_the_measured_values() -> None:
    assert bi2212().out_of_plane(73.0) == pytest.approx(0.65)  # Crommie and Zettl 1991, as tabulated
    assert bi2212().in_plane(65.0) == pytest.approx(6.0)
    assert gold_wire().in_plane(300.0) == pytest.approx(317.0)


def test_phonon_resistivity_has_the_limits_of_bloch_and_grueneisen() -> None:
    low, high = gold_phonon_resistivity(np.array([2.0, 4.0])), gold_phonon_resistivity(np.array([300.0, 600.0]))
    assert low[1] / low[0] == pytest.approx(32.0, rel=1e-3)  # T^5 far below the Debye temperature
    assert high[0] == pytest.approx(2.2e-8, rel=1e-12)
    assert high[1] / high[0] == pytest.approx(2.0, rel=0.02)  # T far above it; next term (theta/T)^2/18


def test_gold_film_obeys_wiedemann_franz() -> None:
    film = gold_film(2e-8, lorenz_factor=1.5).in_plane
    # Far below the Debye temperature only the residual resistivity counts: kappa = xi L0 T / rho_0.
    # 1e-3: phonon resistivity at 4 K and the 400-point table.
    assert film(4.0) == pytest.approx(1.5 * 2.44e-8 * 4.0 / 2e-8, rel=1e-3)


def test_divisor_anisotropy_and_replacement() -> None:
    third = build_material(Material(base="bi2212", divide_conductivity_by=3.0))
    assert third.out_of_plane(73.0) == pytest.approx(0.65 / 3.0)
    shaped = build_material(Material(base="bi2212", anisotropy=8.0))
    assert shaped.in_plane.ratio_to(shaped.out_of_plane) == pytest.approx(8.0)
    table = Curve(T_K=(10.0, 40.0), values=(1.0, 2.0))
    own = build_material(Material(in_plane_W_per_mK=table, heat_capacity_J_per_m3K=2e6))
    assert own.out_of_plane(20.0) == pytest.approx(np.sqrt(2.0))  # halfway in log T is halfway in log kappa
    assert own.heat_capacity(7.0) == pytest.approx(2.0)


def test_material_without_conductivity_is_refused() -> None:
    with pytest.raises(ValueError, match="conductivity"):
        build_material(Material())
