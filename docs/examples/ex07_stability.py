"""What a source can hold: growing modes of one state under current and under voltage bias.

On the falling part of I(V) a voltage source finds one growing mode, a current source none.
"""

import hotmesa as hm

scenario = hm.load_scenario("pristine-n28", {"mesh.refine": 0.6})
model = hm.Model(scenario, hm.build_mesh(scenario))
state = hm.steady(model, hm.Bias.current(), 4.5)
for bias in (hm.Bias.current(), hm.Bias.voltage()):
    modes = hm.modes(model, state, bias)
    print(f"{bias.name}: {modes.unstable} growing, leading rate {modes.rates[0]:.3g} per µs")
