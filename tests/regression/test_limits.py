"""Every number of a scenario has limits: beyond them it is refused, and at their ends nothing crashes or hangs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotmesa.cli import main
from hotmesa.scenarios import ScenarioError, load_scenario
from hotmesa.scenarios.keys import Key, groups

STRIP = Path(__file__).parent / "golden" / "strip.toml"
TOO_MUCH = ("1e300", "-1e300", "nan", "inf", "1" + "0" * 400)
LONGEST_S = 5.0
EVERY = 15
"""Of the ends of ranges by default; `--nightly` takes all."""
MODES = {"transient", "diagram", "family", "uniform"}


def numbers() -> list[Key]:
    """Return the keys that hold numbers, curves left out: they are inside other keys."""
    keys = [key for group in groups() for key in group.keys if not key.path.startswith("CURVE")]
    return [key for key in keys if re.search("number|pair", key.type)]


def changes(key: Key, value: str) -> list[str]:
    """Return what sets a key, and before it the kind of its section and of the run."""
    path = key.path.replace("materials.*", "materials.crystal").replace(".*", ".0")
    section, top = path.rpartition(".")[0], path.partition(".")[0]
    kind = re.match(r'(\w+) = "([\w-]+)"', key.kinds)
    found = [f'{section}.{kind[1]}="{kind[2]}"'] if kind else []
    found += [f'mode="{top}"'] if top in MODES else []
    if "list of pairs" in key.type:
        value = f"[[{value}, 0], [1, 0], [1, 1]]"
    elif "list" in key.type or "pair" in key.type:
        value = f"[{value}, {value}]"
    return [*found, f"{path}={value}"]


def test_every_number_is_limited() -> None:
    keys = numbers()
    assert len(keys) > 80
    taken = []
    for key in keys:
        for value in TOO_MUCH:
            try:
                load_scenario(STRIP, changes(key, value))
            except ScenarioError as error:
                if key.path.rpartition(".")[2] not in str(error):
                    taken.append((key.path, "another reason"))
            else:
                taken.append((key.path, value[:9]))
    assert not taken


def ends() -> Iterator[tuple[Key, str]]:
    """Yield every key with each end of its range, and with a number near zero."""
    for key in numbers():
        for end in (*re.findall(r"[-\d.e+]+", key.range), "1e-300"):
            yield key, end


def test_at_the_ends_of_all_ranges(nightly: bool, capfd: pytest.CaptureFixture[str]) -> None:
    failed = []
    for key, end in list(ends())[:: 1 if nightly else EVERY]:
        sets = [word for change in changes(key, end) for word in ("--set", change)]
        begin = time.process_time()
        try:
            status: int | str = main(["check", str(STRIP), *sets])
        except BaseException as error:
            status = f"{type(error).__name__}: {error}"
        if status not in (0, 2) or time.process_time() - begin > LONGEST_S:
            failed.append((key.path, end, status, time.process_time() - begin))
        capfd.readouterr()
    assert not failed, failed
