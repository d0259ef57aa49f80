"""Every contradiction is found, alone, and at the right key; what is close to it but right passes."""

from __future__ import annotations

from pathlib import Path

import pytest

DISC = ("mesa.shape=disc", "mesa.radius_um=5", "geometry=disc", "crystal.shape=disc", "crystal.radius_um=20")
PATCH = "radius_um=2.0,contact_K_per_mW=1.0"
SECOND = f'contacts=[{{name="a",x_um=-2.5,{PATCH}}},{{name="b",x_um=%s,{PATCH}}}]'

BESIDE = f'contacts=[{{name="wire",on="crystal",x_um=10.0,{PATCH}}}]'
CURVE = "law.resistance_above_Tc={T_K=[90,200],values=[12,7]}"

WRONG = [
    # plan
    (["contacts.0.x_um=3.5"], "contacts.0", "reaches outside the mesa"),
    (["contacts.0.radius_um=5.5"], "contacts.0", "larger than the mesa, which is only 10 µm across"),
    ([SECOND % "1.0"], "contacts.1", "overlap by 0.5 µm"),
    (["crystal.width_um=9"], "crystal", "smaller than the mesa"),
    (["mesa.depth_um=35"], "crystal", "smaller than the mesa"),
    (["bath.rim=bath", "mesa.width_um=40"], "bath.rim", "reaches the rim of the crystal"),
    (["mesa.shape=polygon"], "mesa.vertices_um", "3 or more"),
    (["mesa.shape=polygon", "mesa.vertices_um=[[-5,-5],[5,5],[5,-5],[-5,5]]"], "mesa.vertices_um", "crosses"),
    (["mesa.shape=polygon", "mesa.vertices_um=[[-5,0],[0,0],[5,0]]"], "mesa.vertices_um", "no area|crosses"),
    (["mesa.shape=polygon", "mesa.vertices_um=[[-5,-5],[5,-5],[-5,4]]"], "contacts.0", "reaches outside"),
    (["mesa.shape=disc"], "mesa.radius_um", "needs radius"),
    (["mesa={shape=\"disc\",radius_um=3.0,width_um=8.0}"], "mesa.width_um", 'set shape = "rectangle"'),
    (["mesa.radius_um=3"], "mesa.radius_um", 'has no effect with shape = "rectangle"'),
    (["mesa.vertices_um=[[0,0],[1,0],[0,1]]"], "mesa.vertices_um", 'has no effect with shape = "rectangle"'),
    (["crystal.shape=disc"], "crystal.radius_um", "needs radius"),
    (["crystal.radius_um=3"], "crystal.radius_um", "has no effect"),
    (["mesa.shape=disc", "mesa.radius_um=5", "crystal.shape=disc", "crystal.radius_um=4"], "crystal", "smaller"),
    (["contacts.0.on=crystal"], "contacts.0", "beside the mesa, clear of mesa and rim"),
    (["contacts.0.on=crystal", "contacts.0.x_um=6.9"], "contacts.0", "move or shrink it"),
    (["contacts.0.on=crystal", "contacts.0.x_um=18.5"], "contacts.0", "inside |x| < 20 µm, |y| < 15 µm"),
    (["contacts.0.on=crystal", "crystal=none", "layers.2=none"], "contacts.0", "needs a [crystal] section"),
    (["contacts.0.on=substrate"], "contacts.0", "substrate"),
    ([BESIDE, 'electrode={inject=["wire"]}'], "electrode.inject", "the current enters on the mesa"),
    ([*DISC, "contacts.0.x_um=0", "contacts.0.on=crystal"], "contacts.0", 'use geometry = "plan"'),
    # one dimension
    (["geometry=strip", "contacts.0.y_um=1"], "contacts.0", "no meaning on a strip"),
    (["geometry=strip", "mesa.shape=disc", "mesa.radius_um=5"], "mesa.shape", 'needs shape = "rectangle"'),
    ([*DISC], "contacts.0", "off the centre"),
    ([*DISC[2:], "contacts.0.x_um=0"], "mesa.shape", 'needs shape = "disc"'),
    (["geometry=strip", "contacts.0.x_um=3.5"], "contacts.0", "reaches outside"),
    # stack
    (["layers=[]"], "layers", "there are no layers"),
    (["layers.1.junctions=false", "layers.1.thickness_um=0.02"], "layers", "none has it"),
    (["layers.0.junctions=true", "layers.0.thickness_um=none"], "layers", 'here: "film", "mesa"'),
    (["layers.1.region=crystal"], "layers.1", "current flows in the mesa only"),
    (["layers.1.thickness_um=0.02"], "layers.1", "already fixed by mesa.junctions"),
    (["layers.0.thickness_um=none"], "layers.0", "needs its thickness"),
    (["layers.0.region=crystal"], "layers.1", "mesa layers first"),
    (["layers.0.material=silver"], "layers.0", 'no table [materials.silver]; materials of this scenario: "gold", "bi"'),
    (["crystal=none"], "layers.2", "needs a [crystal] section"),
    (["layers.2=none"], "crystal", 'no layer has region = "crystal"'),
    (["layers.2.first_sublayer_um=25"], "layers.2", "more than the whole layer"),
    (["layers.0.first_sublayer_um=0.01"], "layers.0", "no effect with sublayers = 1"),
    (["mesa.resistive_junctions=11"], "mesa.resistive_junctions", "the stack has only 10"),
    # walls
    (["mesa.wall_angle_deg=45", "mesa.junctions=600"], "mesa.wall_angle_deg", "at the top of the mesa, whose area"),
    (["mesa.wall_angle_deg=135", "mesa.junctions=560"], "mesa.wall_angle_deg", "nearer to 90"),
    (["mesa.wall_angle_deg=10"], "mesa.wall_angle_deg", "20"),
    (["mode=uniform", "mesa.wall_angle_deg=80"], "mesa.wall_angle_deg", "knows no depth"),
    # materials
    (["materials.bi={in_plane_W_per_mK=1}"], "out_of_plane_W_per_mK", "both conductivities"),
    (["materials.bi={out_of_plane_W_per_mK=1}"], "materials.bi.in_plane_W_per_mK", "(or anisotropy)"),
    (["materials.bi.anisotropy=5", "materials.bi.in_plane_W_per_mK=1"], "materials.bi", "keep one"),
    (["materials.bi.lorenz_factor=2"], "materials.bi.lorenz_factor", 'set base = "gold-film"'),
    (["materials.bi.out_of_plane_W_per_mK={T_K=[1,2],values=[1,2,3]}"], "materials.bi", "3 values for 2"),
    (["materials.bi.out_of_plane_W_per_mK={T_K=[1,3,2],values=[1,2,3]}"], "materials.bi", "after 3 K comes 2 K"),
    # contacts and bath
    (["contacts.0.contact_K_per_mW=none"], "contacts.0", "is missing"),
    (["contacts.0.contact_resistance_ohm=0.1"], "contacts.0", "either constant or Wiedemann-Franz"),
    (["contacts.0.wire_K_per_mW=2", "contacts.0.wire_length_mm=5"], "contacts.0", "constant resistance or a length"),
    (["contacts.0.name=rim"], "contacts.0", "name of another heat sink"),
    (["bath.bottom=conductance"], "bath.bottom_W_per_m2K", "is missing"),
    (["bath.bottom_W_per_m2K=10"], "bath.bottom_W_per_m2K", "has no effect"),
    (["bath.bottom=insulated", "contacts=[]"], "bath", "nothing carries the heat away"),
    (["layers.1.sublayers=2", "layers.2.name=mesa_01", "layers.2.sublayers=1"], "layers.2", 'a sublayer of "mesa"'),
    (['sinks=[{name="top",h_W_per_m2K=1.0}]'], "sinks.0", "name of another heat sink"),
    (['sinks=[{name="wire",h_W_per_m2K=1.0}]'], "sinks.0", "name of another heat sink"),
    (['sinks=[{name="he",kind="helium"}]'], "sinks.0", 'is missing; kind = "helium" needs coefficient a'),
    (['sinks=[{name="he",kind="helium",a_W_per_m2K4=1.0,h_W_per_m2K=1.0}]'], "sinks.0", 'set kind = "conductance"'),
    (['sinks=[{name="he",kind="table",table="no.csv"}]'], "sinks.0", "no such file"),
    (["crystal=none", "layers.2=none", 'sinks=[{name="a",face="crystal",h_W_per_m2K=1.0}]'], "sinks.0", "no [crystal]"),
    (["crystal=none", "layers.2=none", "bath.rim=bath"], "bath.rim", "there is no [crystal]"),
    # law and ranges
    (["law.kind=table"], "law.table", "is missing"),
    (["law.kind=ohmic"], "law.resistivity_ohm_cm", "is missing"),
    (["law.resistivity_ohm_cm=5"], "law.resistivity_ohm_cm", "has no effect"),
    (["law.set=1", "law.gaps_meV=[20.0]"], "law.gaps_meV", "keep one"),
    (["law.gaps_meV=[20,25]", "law.gap_weights=[1]"], "law.gap_weights", "1 weights for 2 gaps"),
    (["law.set=1", "law.gap_weights=[1]"], "law.gap_weights", "one gap"),
    (["law.pseudogap_K=64"], "law.pseudogap_share", "is missing; the formula that pseudogap_K belongs to needs both"),
    (["law.pseudogap_share=0.6"], "law.pseudogap_K", "is missing"),
    (["law.pseudogap_share=1.5", "law.pseudogap_K=64"], "law.pseudogap_share", "1.5"),
    (["law.pseudogap_K=-3", "law.pseudogap_share=0.5"], "law.pseudogap_K", "-3"),
    (["law.resistance_above_Tc={T_K=[90,200],values=[1,-2]}"], "law.resistance_above_Tc", "-2"),
    ([CURVE, "law.sin_contact_ohm=1"], "law.resistance_above_Tc", "one normal resistance"),
    (["law.kind=ohmic", "law.resistivity_ohm_cm=5", "law.sin_contact_ohm=1"], "law.sin_contact_ohm", "d-wave"),
    (["bath.temperature_K=80", "uniform.end_temperature_K=70"], "uniform.end_temperature_K", "above the bath"),
    (["branch.max_points=60"], "branch.max_points", "above branch.min_points"),
    (["mesh.file=/nowhere/x.msh"], "mesh.file", "no such file"),
]


@pytest.mark.parametrize(("overrides", "key", "text"), WRONG)
def test_contradiction_is_found(problems, overrides: list[str], key: str, text: str) -> None:
    found = problems(*overrides)
    assert len(found) == 1, found
    assert key in found[0]
    assert any(part in found[0] for part in text.split("|")), found[0]


RIGHT = [
    ["contacts.0.x_um=3.0"],  # touches the edge from inside
    ["contacts.0.radius_um=4.0"],
    [SECOND % "1.5"],  # the patches touch
    ["crystal.width_um=10", "crystal.depth_um=10"],
    ["mesa.shape=polygon", "mesa.vertices_um=[[-5,-5],[5,-5],[5,5],[-5,5]]"],
    ["mesa.shape=polygon", "mesa.vertices_um=[[-5,5],[5,5],[5,-5],[-5,-5]]"],  # clockwise
    ["mesa.shape=disc", "mesa.radius_um=5"],
    [*DISC, "contacts.0.x_um=0"],
    ["geometry=strip"],
    ["geometry=strip", "mesa.depth_um=300"],  # only widths count on a strip
    ["crystal=none", "layers.2=none"],
    ["mesa.resistive_junctions=10"],
    ["mesa.wall_angle_deg=75", "mesa.junctions=500"],
    ["law.pseudogap_K=64", "law.pseudogap_share=1"],
    [CURVE],
    [BESIDE],
    [BESIDE, "geometry=strip"],
    ['contacts=[{name="bar",on="crystal",shape="rectangle",x_um=-12.0,width_um=8.0,depth_um=20.0,contact_K_per_mW=1.0}]'],
    ["mode=uniform", "mesa.wall_angle_deg=90"],
    ["layers.2.first_sublayer_um=0.1"],
    ["contacts.0.contact_K_per_mW=none", "contacts.0.contact_resistance_ohm=0.1", "contacts.0.wire_length_mm=5"],
    ["bath.bottom=insulated"],
    ["bath.bottom=conductance", "bath.bottom_W_per_m2K=1e4", "contacts=[]"],
    ["contacts=[]", "bath.bottom=insulated", "bath.rim=bath"],
    ["contacts=[]", "bath.bottom=insulated", "bath.top_W_per_m2K=10"],
    ["materials.bi={base='none',out_of_plane_W_per_mK=0.5,anisotropy=10}"],
    ["law.gaps_meV=[20,25]", "law.gap_weights=[1,3]"],
    ["law.kind=ohmic", "law.resistivity_ohm_cm={T_K=[80,300],values=[10,6]}"],
    ["mode=uniform", "layers=[]", "crystal=none", "contacts=[]"],
]


@pytest.mark.parametrize("overrides", RIGHT, ids=lambda value: " ".join(value)[:60])
def test_what_makes_sense_passes(problems, overrides: list[str]) -> None:
    assert problems(*overrides) == ()


def test_formula_and_curve_of_the_normal_resistance_exclude_each_other(problems) -> None:
    found = problems("law.pseudogap_K=64", "law.pseudogap_share=0.6", CURVE)
    assert len(found) == 2  # one for each number of the formula
    assert all("a curve in place of the formula; keep one" in text for text in found)


def test_two_equal_names_are_found(problems) -> None:
    assert len(problems("layers.0.name=mesa")) == 2  # one for each of the two
    assert all("used by 2 layers" in text for text in problems("layers.0.name=mesa"))


def test_several_contacts_do_not_fit_a_disc(problems) -> None:
    two = SECOND.replace("x_um=-2.5", "x_um=0.0") % "0.0"
    assert any("room for one contact" in text for text in problems(*DISC, two))


def test_bath_outside_a_law_table_is_found(problems, tmp_path: Path) -> None:
    table = tmp_path / "law.csv"
    table.write_text("# measured\nT_K,v_mV,i_mV\n10,1,1\n200,1,1\n")
    law = ["law.kind=table", f"law.table={table}"]
    found = problems(*law)
    assert len(found) == 1
    assert "bath.temperature_K" in found[0]
    assert "covers 10 to 200 K" in found[0]
    assert problems(*law, "bath.temperature_K=10") == ()
    assert "outside" in problems(*law, "bath.temperature_K=220")[0]


def test_a_mesh_file_brings_its_own_plan(problems, tmp_path: Path) -> None:
    mesh = tmp_path / "plan.msh"
    mesh.write_text("")
    assert problems(f"mesh.file={mesh}", "contacts.0.x_um=30") == ()
