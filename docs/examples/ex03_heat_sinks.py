"""Heat sinks compared: the same mesa under contacts of three sizes, ranked by the hottest place at 1 mA."""

import hotmesa as hm

coarse = {"mesh.refine": 0.5, "branch.end_current_mA": 1.0, "branch.min_points": 12}
hottest = {}
for radius_um in (0.8, 1.5, 2.5):
    scenario = hm.load_scenario("kurter2010-n19", coarse | {"contacts.0.radius_um": radius_um})
    model = hm.Model(scenario, hm.build_mesh(scenario))
    state = hm.steady(model, hm.Bias.current(), 1.0)
    hottest[radius_um] = float(state.T.max())

for radius_um in sorted(hottest, key=hottest.__getitem__):
    print(f"contact of radius {radius_um} µm: {hottest[radius_um]:.1f} K")
