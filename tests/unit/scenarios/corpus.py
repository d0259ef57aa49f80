"""Malformed scenarios, and what the loader says about each: messages.txt keeps the words, a test compares them.

    python tests/unit/scenarios/corpus.py > tests/unit/scenarios/messages.txt

writes the file anew; a change of words then shows in the diff.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hotmesa.scenarios import ScenarioError, load_scenario

HERE = Path(__file__).resolve().parent
MESSAGES = HERE / "messages.txt"

BASE = """\
name = "small"
[mesa]
junctions = 10
[crystal]
width_um = 40.0
depth_um = 30.0
[[layers]]
name = "film"
material = "gold"
region = "mesa"
thickness_um = 0.04
[[layers]]
name = "mesa"
material = "bi"
region = "mesa"
junctions = true
[[layers]]
name = "base"
material = "bi"
thickness_um = 20.0
sublayers = 5
[materials.gold]
base = "gold-film"
[materials.bi]
base = "bi2212"
[[contacts]]
name = "wire"
x_um = 1.0
radius_um = 2.0
contact_K_per_mW = 3.0
"""

# Changes of the base, one scenario a line, changes separated by " ; ".
CHANGES = """\
nmae=x
N=3
temperature_K=4
bsae=x
name=none
name="a b"
name=3
title=3
mode=brunch
mode=3
geometry=plane
geometry=strip ; contacts.0.y_um=1
geometry=disc
mesa=3
mesa=[1]
mesa.wdith_um=3
mesa.thickness_um=3
mesa.zzz=3
mesa.shape=square
mesa.shape=disc
mesa.shape=polygon
mesa.shape=polygon ; mesa.vertices_um=[[0.0,0.0],[1.0,1.0]]
mesa.shape=polygon ; mesa.vertices_um=[[0.0,0.0],[1.0,1.0],[2.0,2.0]]
mesa.shape=polygon ; mesa.vertices_um=[[-5.0,-5.0],[5.0,5.0],[5.0,-5.0],[-5.0,5.0]]
mesa.shape=polygon ; mesa.vertices_um=[[0.0],[1.0,1.0],[2.0,3.0]]
mesa.vertices_um=[[-5.0,-5.0],[5.0,-5.0],[5.0,5.0]]
mesa.radius_um=3
mesa.shape=disc ; mesa.radius_um=0
mesa.width_um=0
mesa.width_um=-1
mesa.width_um="10"
mesa.width_um=inf
mesa.width_um=nan
mesa.width_um=true
mesa.width_um=1e300
mesa.width_um=1e-300
mesa.width_um=80
mesa.junctions=0
mesa.junctions=12.5
mesa.junctions=true
mesa.junctions=100001
mesa.resistive_junctions=11
mesa.resistive_junctions=0
mesa.spacing_nm=0
mesa.specific_resistance_ohm_um2=0
crystal=3
crystal.shape=polygon
crystal.shape=disc
crystal.radius_um=20
crystal.width_um=5
crystal.colour=1
crystal=none
layers=3
layers=[]
layers=[3]
layers.0.name=mesa
layers.0.name="a/b"
layers.0.material=silver
layers.0.material=3
layers.0.region=top
layers.0.thickness_um=none
layers.0.thickness_um=0
layers.1.thickness_um=0.1
layers.1.junctions=false
layers.0.junctions=true ; layers.0.thickness_um=none
layers.1.region=crystal
layers.2.junctions=1
layers.2.sublayers=0
layers.2.sublayers=201
layers.2.first_sublayer_um=30
layers.2.sublayers=1 ; layers.2.first_sublayer_um=1
layers.2.boundary_W_per_m2K=0
layers.2.boundary_W_per_m2K={T_K=[4.0,40.0],values=[1e3,-1e6]}
layers.2.boundary_W_per_m2K={T_K=[40.0,4.0],values=[1e6,1e3]}
sinks=[{name="gas",kind="conductance",h_W_per_m2K={T_K=[4.0,40.0],values=[-1.0,1e4]}}]
layers.2.region=mesa
layers.0.region=crystal
layers.9.name=x
layers.film.name=x
layers.0.material=none
materials.gold=3
materials=3
materials.gold.base=silver
materials.gold.base=none
materials.gold.base=none ; materials.gold.in_plane_W_per_mK=3
materials.gold.base=none ; materials.gold.out_of_plane_W_per_mK=3
materials.gold={base="none", in_plane_W_per_mK=3, out_of_plane_W_per_mK=3, divide_conductivity_by=2}
materials.gold={in_plane_W_per_mK=3, out_of_plane_W_per_mK=3, lorenz_factor=2}
materials.bi.residual_resistivity_ohm_m=1e-7
materials.bi.lorenz_factor=2
materials.bi.in_plane_W_per_mK=x
materials.bi.in_plane_W_per_mK=0
materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0],values=[1.0,-1.0]}
materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0]}
materials.bi.in_plane_W_per_mK={T_K=[1.0],values=[1.0]}
materials.bi.in_plane_W_per_mK={T_K=[2.0,1.0],values=[1.0,1.0]}
materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0,3.0],values=[1.0,1.0]}
materials.bi.in_plane_W_per_mK={T_K=[1.0,2.0],values=[1.0,1.0],unit="W"}
materials.bi.in_plane_W_per_mK=3 ; materials.bi.anisotropy=2
materials.bi.heat_capacity_J_per_m3K=-1
materials.bi.heat_capacity_J_per_m3K={T_K=[1.0,2.0],values=[1.0,"x"]}
materials.bi.conductivity=3
materials.gold={base="gold-film", in_plane_W_per_mK=3, out_of_plane_W_per_mK=3, residual_resistivity_ohm_m=1e-7}
materials.gold={base="gold-film", in_plane_W_per_mK=3, out_of_plane_W_per_mK=3, lorenz_factor=2}
materials.bi={base="bi2212", in_plane_W_per_mK=3, out_of_plane_W_per_mK=3, divide_conductivity_by=2}
contacts=3
contacts.0.name=rim
contacts.0.name="a b"
contacts.0.contact_K_per_mW=none
contacts.0.contact_K_per_mW=-1
contacts.0.contact_resistance_ohm=1
contacts.0.contact_resistance_ohm=0
contacts.0.wire_K_per_mW=1 ; contacts.0.wire_length_mm=1
contacts.0.wire_diameter_um=20
contacts.0.radius_um=9
contacts.0.radius_um=1e-200
contacts.0.x_um=20
contacts.0.x_um="left"
contacts.0.radius=2
contacts=[{name="a",contact_K_per_mW=1.0},{name="a",contact_K_per_mW=1.0,x_um=1.0}]
bath=3
bath.temperature_K=300
bath.temperature_K=0
bath.bottom=cold
bath.bottom=conductance
bath.bottom_W_per_m2K=10
bath.bottom=insulated ; bath.bottom_W_per_m2K=10
bath.top_W_per_m2K=-1
bath.rim=cold
bath.bottom=insulated ; contacts=[]
bath.rim=bath ; crystal=none ; layers.2.region=mesa
bath.rim=bath ; mesa.width_um=40
law=3
law.kind=dwave
law.kind=ohm
law.kind=ohmic
law.kind=table
law.kind=table ; law.table="nowhere.csv"
law.kind=ohmic ; law.resistivity_ohm_cm=0
law.kind=ohmic ; law.resistivity_ohm_cm={T_K=[2.0,1.0],values=[1.0,1.0]}
law.kind=ohmic ; law.resistivity_ohm_cm=1 ; law.set=1
law.kind=ohmic ; law.resistivity_ohm_cm=1 ; law.gaps_meV=[22.0]
law.kind=ohmic ; law.resistivity_ohm_cm=1 ; law.gamma_scale=2
law.kind=ohmic ; law.resistivity_ohm_cm=1 ; law.sin_contact_ohm=2
law.kind=ohmic ; law.resistivity_ohm_cm=1 ; law.table="nowhere.csv"
law.resistivity_ohm_cm=1
law.table="nowhere.csv"
law.set=4
law.set="1"
law.set=1 ; law.gaps_meV=[22.0]
law.set=1 ; law.gap_weights=[1.0]
law.gap_weights=[1.0,2.0]
law.gaps_meV=[25.0,-1.0]
law.gaps_meV=25
law.gaps_meV=[]
law.gap_table="nowhere.csv"
law.gap_table="nowhere.csv" ; law.gaps_meV=[22.0,25.0]
law.gamma_table="nofolder/nowhere.csv"
law.gap_closing=BCS
law.momentum_weight=1
law.gap_meV=25
josephson.mccumber_parameter=10
josephson.refractive_index=0.5
materials.gold.file="polyimide"
materials.gold={file="polyimid"}
materials.gold={file="polyimide"}
materials.gold={file="sapphire"}
materials.bi.heat_capacity_of="copper"
materials.bi.heat_capacity_of="gold" ; materials.bi.heat_capacity_J_per_m3K=1e6
josephson.critical_voltage_mV=1 ; josephson.mccumber_parameter=3
branch.end_current_mA=0
branch.min_points=3
branch.min_points=50 ; branch.max_points=50
mesh.file="nowhere.msh"
mesh.size_um=0
mesh.refine=0
mesh.rimsize_um=1
contacts=[] ; mesh.contact_size_um=1
numerics.path=dense
numerics.tolerance=1e-3
bias.kind=power
bias.kind=load-line
bias.load_resistance_ohm=10
bias.kind=voltage ; bias.load_resistance_ohm=10
bias.kind=voltage ; bias.capacitance_nF=1
bias.capacitance_nF=-1
mode=sweep
mode=sweep ; bias.legs_mA=[0.0]
mode=sweep ; bias.legs_mA=[0.0,0.0]
mode=sweep ; bias.legs_mV=[0.0,100.0]
mode=sweep ; bias.kind=voltage ; bias.legs_mA=[0.0,1.0]
mode=sweep ; bias.kind=load-line ; bias.load_resistance_ohm=10 ; bias.legs_mA=[0.0,1.0]
mode=sweep ; bias.legs_mA=[0.0,1e6]
mode=sweep ; bias.kind=voltage ; bias.legs_mV=[0.0,1e6]
mode=sweep ; bias.kind=load-line ; bias.load_resistance_ohm=10 ; bias.legs_mV=[0.0,1e6]
mode=sweep ; bias.legs_mA=[0.0,0.1,0.0] ; bias.capacitance_nF=1
mode=sweep ; bias.legs_mA=0.1
bias.points_per_leg=1
stability.modes=true
stability.points=some
mode=uniform ; stability.points=all
mode=diagram ; stability.modes=true
mode=diagram ; diagram.deflation_at_mA=[5.0]
mode=diagram ; diagram.depth=0
mode=diagram ; diagram.deflation_starts=3
diagram.depth=5
uniform.end_temperature_K=3
mode=transient
mode=transient ; transient.level_mV=1
mode=transient ; transient.level_mA=1 ; transient.before_mV=1
mode=transient ; bias.kind=voltage ; transient.level_mA=1
mode=transient ; transient.level_mA=1 ; transient.rise_us=1
mode=transient ; transient.level_mA=1 ; transient.width_us=1
mode=transient ; transient.level_mA=1 ; transient.pulses=2
mode=transient ; transient.level_mA=1 ; transient.table_us=[0.0,1.0]
mode=transient ; transient.level_mA=1 ; transient.table="t.csv"
mode=transient ; transient.waveform=ramp ; transient.level_mA=1
mode=transient ; transient.waveform=ramp ; transient.level_mA=1 ; transient.rise_us=20
mode=transient ; transient.waveform=ramp ; transient.level_mA=1 ; transient.rise_us=1 ; transient.period_us=1
mode=transient ; transient.waveform=pulses ; transient.level_mA=1
mode=transient ; transient.waveform=pulses ; transient.level_mA=1 ; transient.width_us=20
mode=transient ; transient.waveform=pulses ; transient.level_mA=1 ; transient.width_us=1 ; transient.pulses=3
mode=transient ; transient.waveform=pulses ; transient={waveform="pulses",level_mA=1,width_us=1,pulses=3,period_us=0.5}
mode=transient ; transient.waveform=table
mode=transient ; transient.waveform=table ; transient.table_us=[0.0,1.0] ; transient.table_mA=[0.0]
mode=transient ; transient.waveform=table ; transient.table_us=[0.0] ; transient.table_mA=[0.0]
mode=transient ; transient.waveform=table ; transient.table_us=[0.0,0.0] ; transient.table_mA=[0.0,1.0]
mode=transient ; transient.waveform=table ; transient.table_us=[0.0,1.0] ; transient.table_mV=[0.0,1.0]
mode=transient ; transient.waveform=table ; transient.table="t.csv" ; transient.table_us=[0.0,1.0]
mode=transient ; transient.waveform=table ; transient.table="t.csv"
mode=transient ; transient={waveform="table",table_us=[0.0,1.0],table_mA=[0.0,1.0],level_mA=1}
mode=transient ; transient.waveform=sine
mode=transient ; transient.level_mA=1 ; transient.at_us=10
mode=transient ; transient.level_mA=1 ; transient.begin_us=10
mode=transient ; transient.level_mA=1 ; transient.save_at_us=[1.0,20.0]
mode=transient ; transient.level_mA=1 ; transient.max_step_us=1e-5
mode=transient ; transient.level_mA=1 ; transient.start="nowhere"
mode=transient ; transient.level_mA=1 ; transient.start_at_us=1
mode=transient ; transient.level_mA=1 ; transient.start="nowhere" ; transient.start_at_us=1 ; transient.start_at_mA=1
mode=transient ; transient.level_mA=1 ; numerics.path=condensed
mode=transient ; transient.level_mA=1 ; transient.rtol=1
output.every=0
output.hot_temperature_K=0
mesa.junctions
=3
mesa.junctions=[1
mesa.junctions.x=1
mesa.vertices_um.0=[1.0,1.0]
mesa.junctions=0 ; law.kind=ohm ; bath.rim=cold ; layers.9.name=x ; contacts.0.colour=1
"""


def messages() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each change of the base with its problems; () where the scenario is accepted."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder).resolve() / "small.toml"
        file.write_text(BASE, encoding="utf-8")
        for line in CHANGES.splitlines():
            try:
                load_scenario(file, line.split(" ; "), complete=True)
            except ScenarioError as error:
                found = error.problems
            else:
                found = ()
            replaced = (text.replace(str(file.parent), "FOLDER").replace(str(Path.cwd()), "HERE") for text in found)
            yield line, tuple(replaced)


def written() -> str:
    """The whole of messages.txt."""
    blocks = ("\n".join([case, *(f"    {text}" for text in found or ("(accepted)",))]) for case, found in messages())
    return "\n".join(blocks) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
