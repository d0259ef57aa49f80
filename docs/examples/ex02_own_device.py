"""A device of one's own, built in Python instead of a TOML file: a strip with a film, a stack and a crystal.

A scenario is checked as a whole when it is made; what is wrong with it is told all at once.
"""

import numpy as np

import hotmesa as hm

scenario = hm.Scenario.model_validate(
    {
        "name": "my-strip",
        "geometry": "strip",
        "mesa": {"width_um": 20.0, "depth_um": 20.0, "junctions": 30},
        "crystal": {"width_um": 60.0, "depth_um": 20.0},
        "layers": [
            {"name": "film", "material": "gold", "region": "mesa", "thickness_um": 0.1},
            {"name": "stack", "material": "bi", "region": "mesa", "junctions": True},
            {"name": "crystal", "material": "bi", "thickness_um": 20.0, "sublayers": 6, "first_sublayer_um": 0.3},
        ],
        "materials": {"gold": {"base": "gold-film"}, "bi": {"base": "bi2212", "divide_conductivity_by": 5.0}},
        "branch": {"end_current_mA": 5.0, "min_points": 20},
    }
)
model = hm.Model(scenario, hm.build_mesh(scenario))
points = list(hm.trace(model))
current_mA, V_mV = (np.array([point.row[name] for point in points]) for name in ("I_mA", "V_mV"))
peak = V_mV.argmax()
print(f"{model.unknowns} unknowns, {len(points)} points, V up to {V_mV[peak]:.1f} mV at {current_mA[peak]:.2f} mA")
