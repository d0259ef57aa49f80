"""Each kind of table is understood as instruments and spreadsheets write it, or it is said where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.csv_kinds import KINDS, NOT_OWN, ODDITIES, written

from hotmesa.scenarios.errors import HotmesaError


@pytest.mark.parametrize("odd", ODDITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_in_every_form(tmp_path: Path, kind: str, odd: str) -> None:
    table = KINDS[kind]
    (tmp_path / "good.csv").write_text(written(table.columns))
    expected = table.read(tmp_path / "good.csv")
    assert len(expected) >= 2 and np.isfinite(expected).all()
    path = tmp_path / "odd.csv"
    path.write_bytes(ODDITIES[odd](table.columns))
    if table.own and odd in (*NOT_OWN, "decimal comma"):
        try:
            found = table.read(path)
        except HotmesaError as error:
            assert "odd.csv" in str(error)
            return
    else:
        found = table.read(path)
    np.testing.assert_allclose(found, expected, rtol=1e-12)  # the last digits of a value in another unit
