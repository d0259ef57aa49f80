"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hotmesa.scenarios.writing import rows_of, whole_file, write_json, write_table, write_text


def test_a_table_keeps_every_digit_and_leaves_fields_without_number_empty(tmp_path: Path):
    rows = [{"x": 0.1, "n": np.int64(3), "t": 'a, "b"'}, {"x": np.float64("nan"), "n": None, "late": True}]
    file = write_table(tmp_path / "a.csv", rows, ["t"])
    assert file.read_bytes() == b't,x,n,late\n"a, ""b""",0.1,3,\n,,,true\n'
    assert write_table(tmp_path / "b.csv", [], ["x", "y"]).read_text() == "x,y\n"
    third = 1 / 3
    table = write_table(tmp_path / "c.csv", rows_of({"a": np.array([third]), "b": np.array([1e-300])}))
    assert [float(text) for text in table.read_text().splitlines()[1].split(",")] == [third, 1e-300]


def test_json_holds_null_where_there_is_no_finite_number(tmp_path: Path):
    file = write_json(tmp_path / "a.json", {"µ": [float("nan"), {"b": float("inf")}], "c": 1.5})
    assert json.loads(file.read_text(encoding="utf-8")) == {"µ": [None, {"b": None}], "c": 1.5}


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    file = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyError), whole_file(file) as stream:
        stream.write(b"half")
        raise KeyError
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_links_are_replaced_and_not_followed(tmp_path: Path):
    victim = write_text(tmp_path / "victim", "mine")
    (tmp_path / "a.csv.part").symlink_to(victim)
    (tmp_path / "a.csv").symlink_to(victim)
    write_text(tmp_path / "a.csv", "table")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "a.csv").is_symlink() and (tmp_path / "a.csv").read_text() == "table"
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "victim"]


def test_what_killed_processes_have_left_is_replaced(tmp_path: Path):
    victim = write_text(tmp_path / "victim", "mine")
    for name in ("half", "linked", "pipe"):
        part = tmp_path / f"{name}.csv.part"
        if name == "half":
            part.write_text("half")
        elif name == "linked":
            os.link(victim, part)
        else:
            os.mkfifo(part)
        write_text(tmp_path / f"{name}.csv", "whole")
        assert (tmp_path / f"{name}.csv").read_text() == "whole" and not part.exists()
    assert victim.read_text() == "mine"


def test_two_at_once_write_one_after_the_other(tmp_path: Path):
    """The file is that of one at any time, and at the end of the later; none has lines of both."""
    file, lengths = tmp_path / "a.csv", []
    with ThreadPoolExecutor() as pool:
        with whole_file(file) as stream:
            stream.write(b"a" * 1000)
            stream.flush()
            other = pool.submit(write_text, file, "b" * 500)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.2)
            stream.write(b"a" * 1000)
        other.result(timeout=10.0)
        assert file.read_text() == "b" * 500

        def write(k: int) -> None:
            write_text(file, "xyz"[k % 3] * (100 + k))

        for _ in pool.map(write, range(200)):
            text = file.read_text()
            lengths.append(len(text))
            assert len(set(text)) == 1
    assert os.listdir(tmp_path) == ["a.csv"] and max(lengths) >= 100


def test_the_rights_are_those_of_the_umask(tmp_path: Path):
    before = os.umask(0o027)
    try:
        file = write_text(tmp_path / "a.txt", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_device_is_written_to_and_stays_one():
    write_text(Path("/dev/null"), "text")
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_names_the_file():
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_text(Path("/dev/full"), "x" * 100_000)


def test_messages_name_the_file_and_not_its_draft(tmp_path: Path):
    with pytest.raises(FileNotFoundError) as caught:
        write_text(tmp_path / "none" / "a.csv", "")
    assert caught.value.filename == str(tmp_path / "none" / "a.csv")
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        write_text(tmp_path, "")
    with pytest.raises(OSError, match=r"4096 requested and 0 written.*a\.npz") as short, whole_file(tmp_path / "a.npz"):
        raise OSError("4096 requested and 0 written")  # as numpy says it, without a number
    assert short.value.errno == errno.EIO
