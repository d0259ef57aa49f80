"""A number and a figure of one's own: any function of a state becomes a column, any function of a run a picture."""

from matplotlib.figure import Figure

import hotmesa as hm


def junction_spread(model, state):
    """Return the difference between the hottest and the coldest unknown (K)."""
    return {"T_spread_K": float(state.T.max() - state.T.min())}


scenario = hm.load_scenario("kurter2010-n19", {"mesh.refine": 0.5, "branch.end_current_mA": 1.0})
run = hm.Run(scenario)
for point in hm.trace(hm.Model(scenario, hm.build_mesh(scenario)), observables=[junction_spread]):
    run.append(point)

figure = Figure(figsize=(4, 3), layout="constrained")
axes = figure.subplots()
axes.plot(run.column("P_mW"), run.column("T_spread_K"))
axes.set(xlabel="power (mW)", ylabel="spread of temperature (K)")
figure.savefig("spread.png")
print(f"spread at the end: {run.column('T_spread_K')[-1]:.1f} K")
