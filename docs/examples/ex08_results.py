"""Results read back: a folder of `hotmesa run` as tables, arrays and a mesh of pyvista."""

import hotmesa as hm

scenario = hm.load_scenario("kurter2010-n19", {"mesh.refine": 0.5, "branch.end_current_mA": 1.0})
run = hm.Run(scenario)
for point in hm.trace(hm.Model(scenario, hm.build_mesh(scenario))):
    run.append(point)
run.save("results")

again = hm.load_run("results")
assert again == run
print(again.record.dtype.names[:4], len(again))
states = again.states  # fields at the stored points: temperatures (states, sublayers, nodes) in K
print(f"{states.T_K.shape[0]} states of {states.T_K.shape[1]} sublayers on {states.T_K.shape[2]} nodes")
print(again.mesh(-1))  # pyvista, for any of its filters
