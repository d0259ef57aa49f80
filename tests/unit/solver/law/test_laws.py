"""Laws made from a scenario: options, user tables, cache."""

import os
import re
import warnings

import numpy as np
import pytest
from helpers.devices import normal_law
from helpers.tunnelling import coherent_current, direct_current, sis_current

from hotmesa.scenarios.schema import Curve, Law, Mesa, Numerics, Scenario
from hotmesa.solver.law import dwave
from hotmesa.solver.law.dwave import spectrum_of
from hotmesa.solver.law.laws import LawError, build_law
from hotmesa.solver.law.spectrum import gamma_meV, gap_meV
from hotmesa.solver.law.table import default_folder, load_grid, store_grid


def scenario(**law: object) -> Scenario:
    return Scenario(name="test", law=Law(**law), numerics=Numerics(table_max_mV=80.0))


def write(path, text):
    path.write_text(text)
    return str(path)


def test_set_overrides_gaps():
    assert spectrum_of(Law(set=1, gaps_meV=(30.0, 31.0))).gaps_meV == (22.0,)
    assert spectrum_of(Law(set=2)).gaps_meV == (23.0,)
    assert spectrum_of(Law(gaps_meV=(20.0, 24.0), gap_weights=(1.0, 3.0))).weights == (0.25, 0.75)


@pytest.mark.parametrize(
    "options",
    [
        {"set": 2},
        {"gamma_scale": 2.0},
        {"gaps_meV": (20.0, 25.0), "gap_weights": (1.0, 3.0)},
        {"momentum_weight": 0.5},
        {"gap_closing": "bcs", "gap_ratio": 6.0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_table_follows_the_options(options):
    device = scenario(**options)
    law = build_law(device, None)
    v = np.array([0.1, 2.0, 17.0, 38.0, 46.0, 51.0, 77.0])
    for T in (4.2, 33.3, 68.1, 90.7):
        direct = direct_current(spectrum_of(device.law), v, T)
        # 2e-5: measured interpolation error 6e-6 (tests/verification bounds it over the whole range).
        assert law.at(v, np.full(v.shape, T)).i == pytest.approx(direct, rel=2e-5)


def test_a_coherent_share_is_mixed_in():
    law = build_law(scenario(coherent_fraction=0.4), None)
    spectrum = spectrum_of(Law(coherent_fraction=0.4))
    for T, v in ((33.3, 38.0), (68.1, 17.0)):
        gap, rate = float(gap_meV(spectrum, T)), float(gamma_meV(spectrum, T))
        mixed = 0.6 * direct_current(spectrum, np.array([v]), T)[0] + 0.4 * coherent_current(v, T, gap, rate)
        # As for the options above.
        assert law.at(np.array([v]), np.array([T])).i[0] == pytest.approx(mixed, rel=2e-5)


def test_gap_inhomogeneity_is_the_weighted_mean():
    T = np.array([4.2, 40.0, 70.0])
    both = build_law(scenario(gaps_meV=(20.0, 25.0), gap_weights=(1.0, 3.0)), None)
    parts = [build_law(scenario(gaps_meV=(gap,)), None).at_voltage(41.0, T).i for gap in (20.0, 25.0)]
    # Every table is interpolated on its own: three times the interpolation error.
    assert both.at_voltage(41.0, T).i == pytest.approx(0.25 * parts[0] + 0.75 * parts[1], rel=2e-5)


def test_user_tables_of_gap_and_scattering(tmp_path):
    gap = write(tmp_path / "gap.csv", "# measured\nT_K, Delta_meV\n4,25\n40,20\n70,5\n80,0\n")
    gamma = write(tmp_path / "gamma.csv", "Gamma_meV,T_K\n0.8,4\n3,40\n12,100\n")
    device = scenario(gap_table=gap, gamma_table=gamma, gamma_scale=1.5)
    law = build_law(device, None)
    v = np.array([1.0, 20.0, 44.0])
    for T in (4.0, 40.0, 70.0):
        local = {4.0: (25.0, 1.2), 40.0: (20.0, 4.5)}.get(T)
        direct = direct_current(spectrum_of(device.law), v, T)
        # 1e-4: the monotone interpolation of the user's numbers has kinks in its second derivative.
        assert law.at(v, np.full(3, T)).i == pytest.approx(direct, rel=1e-4)
        if local is not None:
            assert direct == pytest.approx(sis_current(v, T, *local), abs=1e-9)
    # Above the closing the law is ohmic.
    assert law.at_voltage(30.0, np.array([200.0])).i == pytest.approx(30.0, rel=1e-9)


def test_ohmic_laws():
    T = np.array([2.0, 50.0, 400.0])
    plain = build_law(Scenario(name="test", law=normal_law()), None).at_voltage(7.0, T)
    assert np.array_equal(plain.i, [7.0, 7.0, 7.0])
    curve = Curve(T_K=(10.0, 100.0, 300.0), values=(100.0, 20.0, 5.0))
    device = scenario(kind="ohmic", resistivity_ohm_cm=curve)
    law = build_law(device, None)
    at = law.at_voltage(7.0, np.array([5.0, 10.0, 100.0, 500.0]))
    # J = V/(rho_c s) with rho_c in Ω µm (1e4 Ω cm) and s in µm, against J = i/r.
    density = 7.0 / (np.array([100.0, 100.0, 20.0, 5.0]) * 1e4 * device.mesa.spacing_nm * 1e-3)
    assert at.i / device.mesa.specific_resistance_ohm_um2 == pytest.approx(density, rel=1e-12)
    h = 1e-4
    inner = np.array([20.0, 150.0])
    by_T = (law.at_voltage(7.0, inner + h).i - law.at_voltage(7.0, inner - h).i) / (2 * h)
    # Truncation h^2 times the third derivative, rounding 1e-16/h.
    assert law.at_voltage(7.0, inner).di_dT == pytest.approx(by_T, rel=1e-6)
    with pytest.raises(ValueError, match="not positive"):
        law.at_voltage(1.0, np.array([0.0]))


def test_series_contact_solves_both_currents():
    device = scenario(sin_contact_ohm=40.0).model_copy(update={"mesa": Mesa(junctions=5)})
    law = build_law(device, None)
    spectrum = spectrum_of(device.law)
    ratio = 40.0 / 24.21
    for T in (4.2, 50.0):
        for v in (0.5, 20.0, 44.0, 60.0):
            # Start from a junction voltage, add the contact voltage that carries the same current.
            i = float(direct_current(spectrum, np.array(v), T))
            u = np.linspace(0, 3 * ratio * i + 60, 4001)
            contact_mV = float(np.interp(i * ratio, direct_current(spectrum, u, T, contact=True), u))
            w = v + contact_mV / 5
            if w < 80:
                # 1e-4: the linear inverse interpolation of the check on 4001 points.
                assert float(law.at_voltage(w, np.array([T])).i[0]) == pytest.approx(i, rel=1e-4)
    hot = law.at_voltage(50.0, np.array([300.0]))
    assert hot.i == pytest.approx(50.0 / (1 + ratio / 5), rel=1e-8)


def current_table(extra="", drop=None):
    rows = [
        f"{T},{v},{v * (0.5 + T / 400) * (1 + v / 100)}" for T in (4, 50, 100, 150, 200) for v in (1, 5, 20, 40, 60)
    ]
    if drop is not None:
        del rows[drop]
    return "T_K,v_mV,i_mV\n" + "\n".join(rows) + "\n" + extra


def test_user_current(tmp_path):
    law = build_law(scenario(kind="table", table=write(tmp_path / "iv.csv", current_table("4,0,0\n"))), None)
    at = law.at(np.array([5.0, 40.0]), np.array([50.0, 150.0]))
    assert at.i == pytest.approx([5 * 0.625 * 1.05, 40 * 0.875 * 1.4], rel=1e-12)
    assert law.v_max == 60.0
    assert law.T_range == (4.0, 200.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (current_table().replace("i_mV", "current"), "has no column i_mV; the header .line 1. is: T_K, v_mV, current"),
        (current_table("4,70,abc\n"), 'line 27, column i_mV: "abc" is no finite number'),
        (current_table("4,70,nan\n"), "no finite number"),
        (current_table("4,70\n"), "line 27 has 2 fields instead of 3"),
        (current_table("4,70,-1\n"), "i_mV must be positive"),
        (current_table("4,-70,1\n"), "v_mV must be positive"),
        (current_table("0,70,1\n"), "T_K must be positive"),
        (current_table("4,1,0.5\n"), "more than once"),
        (current_table(drop=7), "need 25 rows, found 24"),
        (re.sub(r"\n4,60,.*", "\n4,60,20", current_table()), "does not rise with v_mV at T_K = 4"),
        ("T_K,v_mV,i_mV\n4,1,1\n5,1,1\n", "at least 4 temperatures"),
        ("", "holds no data: a header line with T_K, v_mV, i_mV"),
    ],
)
def test_bad_user_current(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        build_law(scenario(kind="table", table=write(tmp_path / "iv.csv", text)), None)
    assert "iv.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ({"gaps_meV": (20.0, 25.0), "gap_weights": (1.0,)}, "law.gap_weights: 1 weights for 2 gaps"),
        ({"set": 1, "gaps_meV": (20.0,)}, "law.gaps_meV: given together with set = 1"),
        ({"gamma_scale": 0.01}, "below 0.05 meV"),
        ({"gap_table": "missing.csv"}, "missing.csv: cannot be read"),
    ],
)
def test_contradictions(law, message):
    with pytest.raises(ValueError, match=message):
        build_law(scenario(**law), None)


def test_table_of_gap_must_increase(tmp_path):
    path = write(tmp_path / "gap.csv", "T_K,Delta_meV\n4,25\n40,20\n40,5\n")
    with pytest.raises(LawError, match="40 follows 40"):
        build_law(scenario(gap_table=path), None)
    with pytest.raises(LawError, match="replaces the one gap"):
        build_law(scenario(gap_table=path, gaps_meV=(20.0, 25.0)), None)


def test_cache_is_used_and_keyed(tmp_path, monkeypatch):
    T = np.array([4.2, 30.0])
    first = build_law(scenario(), tmp_path).at_voltage(40.0, T).i
    assert len(list(tmp_path.iterdir())) == 1
    build_law(scenario(gamma_scale=2.0), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(dwave, "build_grid", None)  # a second computation would fail
    assert np.array_equal(build_law(scenario(), tmp_path).at_voltage(40.0, T).i, first)


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "flipped", "other", "edited"])
def test_damaged_cache_is_rebuilt(tmp_path, damage):
    T = np.array([4.2, 30.0])
    expected = build_law(scenario(), tmp_path).at_voltage(40.0, T).i
    (file,) = tmp_path.iterdir()
    data = file.read_bytes()
    if damage == "empty":
        file.write_bytes(b"")
    elif damage == "text":
        file.write_text("not a table")
    elif damage == "truncated":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        middle = len(data) // 2
        file.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    elif damage == "other":
        build_law(scenario(gamma_scale=2.0), tmp_path / "other")
        (tmp_path / "other").rename(tmp_path.parent / f"{tmp_path.name}-other")
        (other,) = (tmp_path.parent / f"{tmp_path.name}-other").iterdir()
        file.write_bytes(other.read_bytes())
    else:
        with np.load(file) as stored:
            content = dict(stored)
        content["log_conductance"] = content["log_conductance"] + 0.1
        np.savez(file, **content)
    bad = file.read_bytes()
    assert np.array_equal(build_law(scenario(), tmp_path).at_voltage(40.0, T).i, expected)
    # The bad file was replaced, and by nothing else than a good one.
    assert file.read_bytes() != bad
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_one_flipped_bit_anywhere_is_noticed(tmp_path):
    T, v = np.linspace(4.0, 8.0, 5), np.linspace(0.0, 3.0, 4)
    grid = np.add.outer(T, v)
    store_grid(tmp_path, "key", T, v, grid)
    assert np.array_equal(load_grid(tmp_path, "key", T, v), grid)
    file, used = tmp_path / "key.npz", 0
    data = file.read_bytes()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        with warnings.catch_warnings(action="ignore"):
            found = load_grid(tmp_path, "key", T, v)
        # Dates and the like in the archive mean nothing; a number that is used is the right one.
        used += found is not None
        assert found is None or np.array_equal(found, grid)
    assert used < 0.3 * len(data)


def test_unusable_cache_folder_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    law = build_law(scenario(), tmp_path / "file" / "below")
    assert law.at_voltage(1.0, np.array([10.0])).i > 0


def test_default_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "hotmesa" / "laws"
    build_law(scenario())
    assert len(os.listdir(default_folder())) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_folder() == tmp_path / "home" / ".cache" / "hotmesa" / "laws"
