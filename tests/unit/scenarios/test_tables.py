"""The one reader of tables understands what instruments and spreadsheets write, or says in which line it does not."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from hotmesa.scenarios.headers import UNITS, requested
from hotmesa.scenarios.tables import TableError, read_fields, read_numbers

CURVE = {"V_mV": [263.215, 337.221, 606.848], "I_mA": [0.0440909, 0.0881045, 0.6]}
UNDERSTOOD = {
    "ours": "V_mV,I_mA\n263.215,0.0440909\n337.221,0.0881045\n606.848,0.6\n",
    "crlf, comments, trailing separators": "# x\r\nV_mV,I_mA,\r\n263.215,0.0440909,\r\n% y\r\n337.221,0.0881045,\r\n"
    "606.848,0.6,\r\n",
    "units in brackets, micro sign": "Voltage (mV),Current (µA)\n263.215,44.0909\n337.221,88.1045\n606.848,600\n",
    "greek mu, order, other columns": "T (K);I [μA];U [V]\n4;44.0909;0.263215\n4;88.1045;0.337221\n4;600;0.606848\n",
    "nano": "Voltage (nV),Current (nA)\n2.63215e+08,44090.9\n3.37221e+08,88104.5\n6.06848e+08,600000\n",
    "slash and tab": "V/V\tI/A\n.263215\t4.40909e-5\n.337221\t8.81045E-5\n+.606848\t6e-4\n",
    "decimal comma": "V_mV;I_mA\n263,215;0,0440909\n337,221;0,0881045\n606,848;0,6\n",
    "blanks": "Voltage (mV)   I_mA\n  263.215 0.0440909\n337.221   0.0881045 \n606.848 0.6\n",
    "quotes": '"V_mV","I_mA"\n"263,215","0,0440909"\n"337,221","0,0881045"\n"606,848","0,6"\n',
    "a line of units and one of remarks": "Voltage,Current\nmV,mA\nsample 3,4.2 K\n263.215,0.0440909\n"
    "337.221,0.0881045\n606.848,0.6\n",
    "instrument": "Model,2450\nDate,1.2.2020,12:00\n\nSMU,1,2,3\nIndex,Current (A),Voltage (V)\n1,4.40909e-5,.263215\n"
    "2,8.81045e-5,.337221\n3,6e-4,.606848\n",
    "numpy": "# V_mV I_mA\n263.215 0.0440909\n337.221 0.0881045\n606.848 0.6\n",
    "rows without numbers": "V_mV,I_mA,x\n263.215,0.0440909,\n,,7\n337.221,0.0881045,\n606.848,0.6,1\n",
    "words": "voltage (mV)\tcurrent (amps)\n263.215\t4.40909e-5\n337.221\t8.81045e-5\n606.848\t6e-4\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("name", UNDERSTOOD)
def test_every_way_to_write_a_curve_gives_the_same_numbers(tmp_path: Path, name: str, encoding: str):
    (tmp_path / "x.csv").write_bytes(UNDERSTOOD[name].replace("μ", "µ" if "1" in encoding else "μ").encode(encoding))
    table = read_numbers(tmp_path / "x.csv", ("V_mV", "I_mA"))
    for column, values in CURVE.items():
        assert table[column] == pytest.approx(values, rel=1e-15)  # a rounding of the scale


@pytest.mark.parametrize(
    ("header", "wanted", "value"),
    [
        ("T (mK)", "T_K", 0.003),
        ("Delta [eV]", "Delta_meV", 3000.0),
        ("Δ/meV", "Delta_meV", 3.0),
        ("t_ns", "t_us", 0.003),
        ("time (s)", "t_us", 3e6),
        ("Time (ms)", "t_us", 3000.0),
        ("Γ (µeV)", "Gamma_meV", 0.003),
        ("dI/dV (a.u.)", "dI_dV", 3.0),
        ("sigma_V (V)", "sigma_V_mV", 3000.0),
        ("source [uA]", "source_mA", 0.003),
    ],
)
def test_units_are_converted(tmp_path: Path, header: str, wanted: str, value: float):
    (tmp_path / "x.csv").write_text(f"{header};other\n3;1\n", encoding="utf-8")
    assert read_numbers(tmp_path / "x.csv", (wanted,))[wanted] == [value]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_itself(unit: str):
    base, exponent = UNITS[unit]
    column = requested(f"x_{unit}")
    assert (column.name, column.base, column.scaled(0.1, exponent)) == ("x", base, 0.1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("V_mV,I_mA\n1,2\n9.91E+37,2\n", 'line 3, column V_mV: "9.91E+37" is what an instrument writes'),
        ("V_mV,I_mA\n1,2\n1e300,2\n", "line 3, column V_mV"),
        ("V_mV,I_mA\n1,inf\n", 'line 2, column I_mA: "inf" is no finite number'),
        ("V_mV,I_mA\n1,\n", 'line 2, column I_mA: "" is no finite number'),
        ("V_mV,I_mA\n1,x\n", 'line 2, column I_mA: "x" is no finite number'),
        ("V_mV;I_mA\n1,5;2.5\n", "line 2 has a comma in a number where others have a point"),
        ("V_mV,I_mA\n1,5,2,5\n", "line 2 has 4 fields instead of 2; with decimal commas"),
        ("V_mV,I_mA\n1\n", "line 2 has 1 fields instead of 2"),
        ("Voltage,Current\n1,2\n", "column Voltage has no unit; write for example Voltage_mV"),
        ("V (MV),I_mA\n1,2\n", "MV is no unit of V"),
        ("V_mA,I_mA\n1,2\n", "mA is no unit of V"),
        ("V_mV,V (V),I_mA\n1,1,2\n", "two columns mean the same: V_mV, V (V)"),
        ("V_mV,J_mA\n1,2\n", "has no column I_mA; the header (line 1) is: V_mV, J_mA; did you mean J_mA?"),
        ("1,2\n3,4\n", "the first line has no names and units; write for example V_mV,I_mA"),
        ("voltage\x1b[31m,b\n1,2\n", "the header is: voltage?[31m, b"),
        ("V_mV,I_mA\n", "holds no data"),
        ("", "holds no data"),
        ("\0\0\0\0", "it is no text"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(tmp_path: Path, text: str, words: str):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(TableError) as error:
        read_numbers(tmp_path / "x.csv", ("V_mV", "I_mA"))
    assert words in str(error.value)
    assert "x.csv: " in str(error.value)


def test_devices_pipes_folders_and_huge_files_are_refused_at_once(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text("1\n" * 300_000)
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(10**12)
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(TableError, match="cannot be read"):
            read_numbers(path, ("V_mV",))
    for path in (tmp_path / "long", tmp_path / "huge"):
        with pytest.raises(TableError, match="larger than 12 MB or 240000 lines"):
            read_numbers(path, ("V_mV",))


def test_many_problems_are_cut_short(tmp_path: Path):
    (tmp_path / "x.csv").write_text("V_mV\n" + "x\n" * 30)
    with pytest.raises(TableError) as error:
        read_numbers(tmp_path / "x.csv", ("V_mV",))
    assert len(error.value.problems) == 11 and error.value.problems[-1] == "and 20 more of this kind"


def test_a_rule_names_the_line_that_breaks_it(tmp_path: Path):
    (tmp_path / "x.csv").write_text("# comment\nT_K,V_mV\n4,1\n\n5,-2\n")
    table = read_numbers(tmp_path / "x.csv", ("T_K", "V_mV"))
    with pytest.raises(TableError, match="V must be positive; line 5 has T_K = 5, V_mV = -2"):
        table.require(table["V_mV"] > 0, "V must be positive")
    table.require(np.ones(2, dtype=bool), "never broken")


def test_text_fields_keep_lines_and_quotes(tmp_path: Path):
    (tmp_path / "x.csv").write_text('case,reason\na,"two\nlines, ""quoted"""\nb,\n')
    assert read_fields(tmp_path / "x.csv").dicts() == [
        {"case": "a", "reason": 'two\nlines, "quoted"'},
        {"case": "b", "reason": ""},
    ]
