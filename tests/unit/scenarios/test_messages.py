from __future__ import annotations

from unit.scenarios.corpus import MESSAGES, written


def test_malformed_scenarios_are_answered_word_by_word() -> None:
    """A message that changes shows here; see corpus.py for the command that takes the new words over."""
    assert written() == MESSAGES.read_text(encoding="utf-8")
