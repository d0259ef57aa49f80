"""The page of the library tells what its files hold."""

from __future__ import annotations

from validation.materials import PAGE, PICTURE, filled


def test_the_table_of_the_library_is_in_step() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text, "run: python -m validation.materials"
    assert PICTURE.is_file()
