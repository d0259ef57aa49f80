"""What README.md shows in Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hotmesa.postprocess import read_table

README = Path(__file__).parents[2] / "README.md"


def test_the_example_of_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 1
    exec(compile(code[0], str(README), "exec"), {})
    table = read_table(tmp_path / "out/n12/iv.csv")
    assert table["I_mA"][-1] == pytest.approx(1.95)  # branch.end_current_mA of the scenario it starts from
    assert len(table["I_mA"]) >= 60
