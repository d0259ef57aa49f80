"""`hotmesa check` says what `hotmesa run` would say before its first solution, with the same words."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.grids import inp, msh2

from hotmesa.cli import main

STRIP = Path(__file__).parents[2] / "regression" / "golden" / "strip.toml"
PLAN = 'geometry = "plan"\nbase = "small.toml"\n'
OWN = 'base = "small.toml"\ngeometry = "plan"\ncontacts = [{ x_um = -2.5, y_um = -2.5, radius_um = 2.82 }]\n'
OWN = OWN.replace("2.82 }", "2.82, contact_K_per_mW = 3.0 }") + "[crystal]\nwidth_um = 20.0\ndepth_um = 20.0\n"
PATCH = "contacts = [{{ name = 'a', x_um = {}, radius_um = 1.0, contact_K_per_mW = 3.0 }}{}]\n"
SECOND = ", { name = 'b', x_um = 1.5, radius_um = 1.0, contact_K_per_mW = 3.0 }"
LAYER = "{ name = 'a', material = 'gold' }"
MODES = "[stability]\ncount = 200\npoints = 'all'\n[mesh]\nrefine = 0.01\n"
START = 'mode = "transient"\n[transient]\nlevel_mA = 0.1\n'
FILES = {
    "twice.msh": msh2(elements=[*[(2, (1, 10, 11))] * 2, (1, (1, 11, 2))]),
    "numbers.msh": msh2(names={}),
    "cut.inp": inp([])[:2000],
    "falls.csv": "T_K,v_mV,i_mV\n" + "".join(f"{T},{v},{5 - v}\n" for T in (4, 20, 50, 90) for v in (1, 2, 3, 4)),
    "short.csv": "T_K,v_mV,i_mV\n" + "".join(f"{T},{v},{v}\n" for T in (8, 20, 50, 90) for v in (1, 2, 3, 4)),
    "gap.csv": "T_K,Delta_meV\n4,25\n3,20\n",
    "gamma.csv": "T_K,Gamma_meV\n4,0.6\n90,-1\n",
    "small.csv": "T_K,Gamma_meV\n4,0.6\n90,0.001\n",
    "source.csv": "t_us,source_mA\n0,0\n5,0.1\n4,0.1\n",
    "sink.csv": "T_K,q_W_per_m2\n4.2,0\n10,-5\n",
    "text.csv": "no table\n",
}

# What is wrong: the text after `base`, and what is said of it.
WRONG = {
    "cells of a mesh": (OWN + '[mesh]\nfile = "twice.msh"\n', "stand in the file more than once"),
    "groups of a mesh": (OWN + '[mesh]\nfile = "numbers.msh"\n', "lacks the regions mesa, wire, crystal"),
    "a mesh cut off": (OWN + '[mesh]\nfile = "cut.inp"\n', "cut.inp: "),
    "no mesh": (OWN + '[mesh]\nfile = "none.msh"\n', "no such file"),
    "a device as mesh": (OWN + '[mesh]\nfile = "/dev/zero"\n', "/dev/zero"),
    "too many nodes": ("[mesh]\nsize_um = 1e-6\n", "element sizes ask for about"),
    "a falling law": ('[law]\nkind = "table"\ntable = "falls.csv"\n', "i_mV does not rise with v_mV"),
    "a law above the bath": ('[law]\nkind = "table"\ntable = "short.csv"\n', "4.2 K lies outside the law table"),
    "no law": ('[law]\nkind = "table"\ntable = "text.csv"\n', "text.csv: "),
    "a gap in disorder": ('[law]\ngap_table = "gap.csv"\n', "gap.csv: line 3: T_K must increase"),
    "a negative scattering rate": ('[law]\ngamma_table = "gamma.csv"\n', "Gamma_meV must be positive; line 3"),
    "a small scattering rate": ('[law]\ngamma_table = "small.csv"\n', "is below 0.05 meV"),
    "a large scattering rate": ("[law]\ngamma_exponent = 50\ngamma_temperature_K = 0.1\n", "is above 1e+06 meV"),
    "a sink": ('[[sinks]]\nkind = "table"\nname = "he"\nface = "top"\ntable = "sink.csv"\n', "sink.csv: "),
    "a contact outside": (PATCH.format(9.0, ""), "reaches outside the mesa"),
    "contacts that overlap": (PATCH.format(0.0, SECOND), "overlap by 0.5 µm"),
    "contacts that touch on a plan": (PLAN + PATCH.format(-0.5, SECOND), ""),
    "layers of one name": (f"layers = [{LAYER}, {LAYER}]\n", "2 layers"),
    "a source out of order": (START + 'waveform = "table"\ntable = "source.csv"\n', "times must increase"),
    "no start": (START + 'start = "nowhere"\n', "transient.start"),
    "a start of another device": (START + 'start = "other"\n', "another device: [mesa] differs"),
    "an end before its start": (START + "begin_us = 20\n", "transient.end_us"),
    "more modes than unknowns": (MODES, "unknown temperatures"),
    "singular": ("[materials.crystal]\nin_plane_W_per_mK = 1e15\nout_of_plane_W_per_mK = 0.02\n", "extreme values"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the corpus, and the run of another device."""
    folder = tmp_path_factory.mktemp("check")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "small.toml").write_text(f'base = "{STRIP}"\nname = "small"\n[stability]\npoints = "none"\n')
    few = ("mesa.junctions=12", "branch.end_current_mA=0.05", "branch.min_points=4", "numerics.estimate_error=false")
    sets = [word for change in few for word in ("--set", change)]
    assert main(["run", str(folder / "small.toml"), *sets, "--out", str(folder / "other"), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("case", WRONG)
def test_check_says_what_run_says(
    folder: Path, case: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    text, words = WRONG[case]
    (folder / "bad.toml").write_text(text if "base" in text else f'base = "small.toml"\n{text}')
    asked = ["bad.toml", "--set", 'name="bad"']
    if not words:  # touching is allowed
        assert main(["check", *asked]) == 0
        return
    capfd.readouterr()
    assert main(["run", *asked, "--out", "results"]) == 2
    of_run = capfd.readouterr()
    assert main(["check", *asked]) == 2
    of_check = capfd.readouterr()
    assert of_check.err.rpartition("hotmesa: ")[2] == of_run.err.rpartition("hotmesa: ")[2]
    assert words in of_check.err
    assert "Traceback" not in of_check.err + of_run.err
    assert not (folder / "results").exists()


@pytest.mark.parametrize(("most", "sizes", "said"), [
    (40, [2.0, 2.1, 2.2, 2.3, 2.4, 2.5], "no problems found"),
    (3, [2.0, 2.1, 2.2, 2.3, 2.4, 2.5], "all 6 devices keep the rules, mesh and law were made of 3, evenly among them"),
    (3, [2.0, 2.1, 2.2, 2.3, 2.4, 1e-6], "element sizes ask for about"),
    (40, [2.0, 2.1, 2.2, 2.3, 1e-6, 2.5], "element sizes ask for about"),
], ids=["all", "some", "the last one", "one of all"])  # fmt: skip
def test_a_study_says_of_how_many_devices_the_mesh_was_made(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, most: int, sizes: list[float],
    said: str,
) -> None:  # fmt: skip
    from hotmesa import checking

    monkeypatch.setattr(checking, "MOST", most)
    study = tmp_path / "study.toml"
    study.write_text(f'name = "s"\nscenario = "{STRIP}"\n[[vary]]\nkey = "mesh.size_um"\nvalues = {sizes}\n')
    bad = 1e-6 in sizes
    assert main(["check", str(study)]) == (2 if bad else 0)
    told = capfd.readouterr()
    assert said in (told.err if bad else told.out)
    assert ("were made of" in told.out) == (most == 3 and not bad)
    assert ("case" in told.err) >= bad
