"""What README.md shows in Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from validation.pictures import errors_sentence, told

from hotmesa.postprocess import load_run, read_table

README = Path(__file__).parents[2] / "README.md"


def test_the_example_of_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 1
    names: dict[str, object] = {}
    exec(compile(code[0], str(README), "exec"), names)
    assert load_run("out/n12") == names["run"]
    table = read_table(tmp_path / "out/n12/iv.csv")
    assert table["I_mA"][-1] == pytest.approx(1.95)  # branch.end_current_mA of the scenario it starts from
    assert len(table["I_mA"]) >= 60


def test_readme_tells_the_errors_of_its_pictures_as_the_command_that_makes_them_writes_it() -> None:
    text = README.read_text(encoding="utf-8")
    numbers = [float(x.replace("−", "-")) for x in re.findall(r"([+−]\d+\.\d+) (?:%|K)", text)]
    keys = ("mesh_error_V_percent", "layer_error_V_percent", "mesh_error_T_K", "layer_error_T_K")
    sentence = errors_sentence(dict(zip(keys, numbers, strict=True)))
    assert sentence in text and told(text, sentence) == text
    assert errors_sentence(dict.fromkeys(keys, 9.0)) in told(text, errors_sentence(dict.fromkeys(keys, 9.0)))
    assert max(map(abs, numbers[:2])) < 1.0
