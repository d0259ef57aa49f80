"""Parts of a scenario for tests that are about something else."""

from __future__ import annotations

from hotmesa.scenarios.schema import Scenario


def small(parts: dict[str, object], **usual: object) -> Scenario:
    """Return a scenario of some parts; contacts that say nothing of their resistance have one."""
    contacts = parts.get("contacts", ())
    assert isinstance(contacts, list | tuple)
    complete = [{"contact_K_per_mW": 1.0} | contact for contact in contacts]
    return Scenario.model_validate({"name": "test"} | usual | parts | {"contacts": complete})
