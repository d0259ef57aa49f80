"""Fixtures for the roof."""

from pathlib import Path

import pytest
from helpers.studies import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes the text of a study to a file and returns the file."""

    def write_text(text: str) -> Path:
        file = tmp_path / "small.toml"
        file.write_text(text)
        return file

    return write_text
