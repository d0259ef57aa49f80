"""A heat sink of one's own: liquid helium on the film, q = a (T^4 - T_B^4), beside what the scenario already has."""

from dataclasses import dataclass

import hotmesa as hm


@dataclass(frozen=True)
class Helium:
    """Kapitza cooling of the top: W/m² is 1e-6 µW/µm²."""

    bath_K: float
    a_W_per_m2K4: float = 500.0
    name: str = "helium"
    face: str = "top"

    def flux(self, T):
        """Return q in µW/µm² and its derivative."""
        a = self.a_W_per_m2K4 * 1e-6
        return a * (T**4 - self.bath_K**4), 4 * a * T**3


scenario = hm.load_scenario("kurter2010-n19", {"mesh.refine": 0.5, "branch.end_current_mA": 0.8})
mesh = hm.build_mesh(scenario)
for sinks in ([], [Helium(scenario.bath.temperature_K)]):
    run = hm.Run(scenario)
    for point in hm.trace(hm.Model(scenario, mesh, sinks=sinks)):
        run.append(point)
    helium = run.column("Q_helium_mW")[-1] if sinks else 0.0
    print(f"T_max {run.column('T_max_K')[-1]:.2f} K, helium takes {helium:.3f} of {run.column('P_mW')[-1]:.3f} mW")
