"""Do the states last? Growth rates, bifurcations, unconnected states."""
