"""Rules of single values that depend on each other: ranges, and files that must exist."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotmesa.scenarios.keys import file_keys
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.material_files import MaterialError
from hotmesa.scenarios.materials import build_material
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.schema import FromFile, Scenario, Tabulated, Uniform
from hotmesa.scenarios.tables import TableError, read_numbers


def value_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions between values outside the plan and the stack."""
    yield from _files(scenario)
    yield from _mesh(scenario)
    yield from _ranges(scenario)


def _files(scenario: Scenario) -> Iterator[Finding]:
    unread = {word for word, kind in KINDS.items() if not kind.read_by_all} - {scenario.mode}
    for key, material in scenario.materials.items():
        if isinstance(material, FromFile):
            try:
                build_material(material)
            except MaterialError as error:
                yield from (Finding(("materials", key, "file"), line) for line in str(error).splitlines())
    for (section, key), words in file_keys().items():
        if words or section in unread:
            continue
        value = getattr(scenario, section)
        several = isinstance(value, tuple)
        for i, item in enumerate(value if several else [value]):
            where: Where = (section, i) if several else (section,)
            name = getattr(item, key, None)
            if name is not None and not Path(name).is_file():
                folder = Path(name).parent
                hint = "" if folder.is_dir() else f"; the folder {folder} does not exist"
                yield Finding((*where, key), f"no such file: {name}{hint}")


def _mesh(scenario: Scenario) -> Iterator[Finding]:
    if scenario.mesh.contact_size_um is not None and not scenario.contacts and scenario.mesh.file is None:
        text = "has no effect without contacts; leave it out"
        yield Finding(("mesh", "contact_size_um"), text, (("contacts",),))


def _ranges(scenario: Scenario) -> Iterator[Finding]:
    bath = scenario.bath.temperature_K
    if scenario.uniform.end_temperature_K <= bath:
        text = f"{scenario.uniform.end_temperature_K:g} K must be above the bath temperature ({bath:g} K)"
        yield Finding(("uniform", "end_temperature_K"), text, (("bath", "temperature_K"),))
    yield from _cooling(scenario.uniform, bath)
    if scenario.branch.max_points <= scenario.branch.min_points:
        text = f"{scenario.branch.max_points} must be above branch.min_points ({scenario.branch.min_points})"
        yield Finding(("branch", "max_points"), text, (("branch", "min_points"),))
    law = scenario.law
    limits = _table_temperatures(law.table) if isinstance(law, Tabulated) else None
    if isinstance(law, Tabulated) and limits is not None and not limits[0] <= bath <= limits[1]:
        text = (
            f"{bath:g} K lies outside the law table {law.table}, which covers {limits[0]:g} to {limits[1]:g} K"
        )
        yield Finding(("bath", "temperature_K"), text, (("law", "table"),))


def _cooling(uniform: Uniform, bath: float) -> Iterator[Finding]:
    """A cooling that begins at the bath temperature."""
    if uniform.differs("cooling_exponent") and uniform.cooling_reference_K <= bath:
        text = f"{uniform.cooling_reference_K:g} K must be above the bath temperature ({bath:g} K)"
        yield Finding(("uniform", "cooling_reference_K"), text, (("bath", "temperature_K"),))
    limits = None if uniform.cooling_table is None else _table_temperatures(uniform.cooling_table)
    if limits is not None and not limits[0] <= bath < limits[1]:
        text = (
            f"{bath:g} K lies outside the cooling in {uniform.cooling_table}, which covers {limits[0]:g} to "
            f"{limits[1]:g} K; add a row at the bath temperature, with the power 0"
        )
        yield Finding(("bath", "temperature_K"), text, (("uniform", "cooling_table"),))


def _table_temperatures(table: str) -> tuple[float, float] | None:
    """Lowest and highest temperature of a user's table; None if it is not readable (who needs it says why)."""
    try:
        temperatures = read_numbers(Path(table), ("T_K",))["T_K"]
    except TableError:
        return None
    return float(temperatures.min()), float(temperatures.max())
