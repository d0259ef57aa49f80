"""A first mesa in memory: the branch from rest, its numbers and its I(V).

The bundled device of the paper with 12 instead of 19 junctions, on a mesh coarse enough for a few seconds.
"""

import hotmesa as hm

scenario = hm.load_scenario("kurter2010-n19", {"mesa.junctions": 12, "mesh.refine": 0.6, "branch.min_points": 20})
run = hm.Run(scenario)
for point in hm.trace(hm.Model(scenario, hm.build_mesh(scenario))):
    run.append(point)

hottest = run.column("T_max_K").max()
print(f"{len(run)} points, hottest {hottest:.1f} K, V at the end {run.column('V_mV')[-1]:.1f} mV")
hm.plot_iv(run).savefig("iv.png")
run.save("first-mesa")  # the tables, fields and scenario; `hotmesa run` makes the same folder
