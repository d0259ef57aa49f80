"""Malformed inputs end within seconds with status 0 or 2, without a traceback, and the message says where to look."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from helpers.malformed import Input, malformed

from hotmesa.cli import main
from hotmesa.scenarios.keys import groups

FEW, MANY = 60, 600
LONGEST_S, LARGEST_MB = 5.0, 500.0


def places() -> set[str]:
    """Names of keys, which a message may name in place of a file."""
    return {key.path.rpartition(".")[2] for group in groups() for key in group.keys}


def peak_MB() -> float:
    """Return the largest memory of this process since `forget_peak`."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("VmHWM"))) / 1024


def forget_peak() -> None:
    """Begin the largest memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


def faults(case: Input, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return what is wrong with the answer to an input."""
    for name, data in case.files.items():
        Path(name).write_bytes(data)
    capfd.readouterr()
    forget_peak()
    before, begin = peak_MB(), time.process_time()
    try:
        status = main(list(case.command))
    except BaseException as error:
        return [f"{type(error).__name__}: {error}"]
    seconds, megabytes = time.process_time() - begin, peak_MB() - before
    said = capfd.readouterr().err
    found = [] if status in (0, 2) else [f"status {status}: {said[-500:]}"]
    if seconds > LONGEST_S or megabytes > LARGEST_MB:
        found.append(f"{seconds:.1f} s, {megabytes:.0f} MB")
    if "Traceback" in said:
        found.append("a traceback")
    if status == 2 and case.changed not in said and not places() & set(re.findall(r"\w+", said)):
        found.append(f"says no place: {said[-500:]}")
    if len(said) > 20_000:
        found.append(f"{len(said)} characters")
    return found


def test_malformed_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], nightly: bool
) -> None:
    failed = {}
    for seed in range(MANY if nightly else FEW):
        folder = tmp_path / str(seed)
        folder.mkdir()
        monkeypatch.chdir(folder)
        case = malformed(seed)
        found = faults(case, capfd)
        if found:
            failed[seed] = (case.command, case.changed, case.ways, found)
    assert not failed, "\n".join(f"{seed}: {what}" for seed, what in failed.items())
