"""A scenario back to TOML: complete, so that it reloads to the same scenario."""

from __future__ import annotations

import tomli_w

from hotmesa.scenarios.schema import DWave, Scenario


def to_toml(scenario: Scenario) -> str:
    """The resolved scenario as TOML: every key with its value, defaults included.

    Keys without a value are left out, and so are the gaps where `law.set` fixes them.
    """
    data = scenario.model_dump(exclude_none=True)
    if isinstance(scenario.law, DWave) and scenario.law.set is not None:
        del data["law"]["gaps_meV"]
    return tomli_w.dumps(data)
