"""Lines over figures are broken where a reader would break them."""

from __future__ import annotations

from hotmesa.postprocess.page import wrapped


def test_numbers_stay_with_their_names_units_and_uncertainties() -> None:
    line = "a mesa of 19 junctions, bath 4.2 K, contact = 0.104 ± 0.016 of the wire"
    for width_in in (2.0, 2.5, 3.0, 4.0):
        lines = wrapped([line, ""], width_in, 10.0).split("\n")
        assert " ".join(lines) == line
        assert len(lines) > 1
        for whole in ("19 junctions", "4.2 K", "contact = 0.104 ± 0.016"):
            assert any(whole in part for part in lines)
