"""What the shell completes, by a shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hotmesa.cli import main

ASK = """
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
function=$(complete -p hotmesa | sed "s/.*-F \\([^ ]*\\).*/\\1/")
$function hotmesa "${{COMP_WORDS[COMP_CWORD]}}" x
echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("hotmesa se", ["sensitivity"]),
        ("hotmesa run kurter2010-n1", ["kurter2010-n12", "kurter2010-n19"]),
        ("hotmesa run --ov", ["--overwrite"]),
        ("hotmesa run my-", ["my-mesa.toml"]),
    ],
)
def test_bash_completes(words: str, answer: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    (tmp_path / "my-mesa.toml").touch()
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out + ASK.format(words=words)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == answer


def test_without_shtab_a_line_tells_what_brings_it() -> None:
    code = (
        "import sys; sys.modules['shtab'] = None\nfrom hotmesa.cli import main; sys.exit(main(['completion', 'zsh']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'shtab" in done.stderr
