"""Malformed inputs: valid scenarios, studies, fits, tables and meshes, changed at random as people and machines do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.csv_kinds import KINDS, ODDITIES, written
from helpers.grids import inp, msh2
from hotmesa.scenarios.files import bundled_file
from hotmesa.scenarios.keys import groups

BUNDLED = (
    "kurter2010-n06", "kurter2010-uniform", "pristine-n28", "transient-pulse", "diagram-strip", "zhu-w2",
    "sweep-poor-film-current", "kurter2010-partial",
)  # fmt: skip
GOLDEN = ("strip", "disc", "sweep", "transient", "diagram", "uniform")
PLANS = ("study-backbending-place", "study-backbending-film", "fit-cooling")
STUDY = """\
name = "st"
scenario = "dev.toml"
[fixed]
bath.top_W_per_m2K = 10.0
[[vary]]
key = "bath.temperature_K"
range = { first = 4.2, last = 10.0, points = 3 }
[[vary]]
keys = ["contacts.0.radius_um", "mesa.junctions"]
rows = [[1.0, 10], [1.5, 19]]
"""
FIT = """\
name = "ft"
scenario = "dev.toml"
[[parameters]]
key = "contacts.0.contact_K_per_mW"
start = 5.0
min = 1.0
max = 20.0
[[data]]
name = "iv"
file = "iv.csv"
sigma_mV = 2.0
"""
DEVICE = f'base = "{Path(__file__).parents[1] / "regression" / "golden" / "strip.toml"}"\nname = "dev"\n'
DEVICE += '[stability]\npoints = "none"\n'
OWN_MESH = """
geometry = "plan"
contacts = [{ x_um = -2.5, y_um = -2.5, radius_um = 2.82, contact_K_per_mW = 3.0 }]
[crystal]
width_um = 20.0
depth_um = 20.0
[mesh]
file = "FILE"
"""
LAWS = {
    "gap": '[law]\ngap_table = "gap.csv"\n', "gamma": '[law]\ngamma_table = "gamma.csv"\n',
    "law": '[law]\nkind = "table"\ntable = "law.csv"\n',
    "sink": '[[sinks]]\nkind = "table"\nname = "he"\nface = "top"\ntable = "sink.csv"\n',
    "source": 'mode = "transient"\n[transient]\nwaveform = "table"\ntable = "source.csv"\n',
    "study": "", "fit": "",
}  # fmt: skip
VALUES = (
    "1e300", "-1e300", "1e-300", "nan", "inf", "-inf", "0", "-1", "1" + "0" * 400, "0x7f", "true", '"x"', '""', "[]",
    "[1, 2]", "{}", "{ T_K = [1, 2] }", "1979-05-27", '"\\u0000"', '"../../etc/passwd"', '"/dev/zero"', '"a\\nb"',
    "1e15", "1e-15",
    "[[1, 2], [3, 4]]", "99999999999", '"none"', "0.1.2", "12,5", "'µ'", '"🙂"',
)  # fmt: skip
UNITS = ("um", "nm", "mm", "mA", "mV", "A", "V", "K", "uA", "W_per_mK", "ohm", "us", "kA", "")


@dataclass(frozen=True)
class Input:
    """A malformed input.

    Attributes:
        files: contents by name.
        command: what reads them.
        changed: the file that was changed.
        ways: how.
    """

    files: Mapping[str, bytes]
    command: tuple[str, ...]
    changed: str
    ways: tuple[str, ...]


def malformed(seed: int) -> Input:
    """Return the input of a seed, the same every time."""
    rng = random.Random(seed)
    source = rng.choice((_scenario, _scenario, _scenario, _study, _fit, _table, _table, _mesh))
    return source(rng)


def _changed(rng: random.Random, data: bytes, ways: Mapping[str, Callable[..., bytes]]) -> tuple[bytes, list[str]]:
    """Return data changed in one to three ways."""
    done = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        name = rng.choice(list(ways))
        data = ways[name](rng, data)
        done.append(name)
    return data, done


def _scenario(rng: random.Random) -> Input:
    if rng.random() < 0.5:
        text = bundled_file(rng.choice(BUNDLED)).read_bytes()
    else:
        text = (Path(__file__).parents[1] / "regression" / "golden" / f"{rng.choice(GOLDEN)}.toml").read_bytes()
    data, ways = _changed(rng, text, TOML)
    return Input({"dev.toml": data}, ("check", "dev.toml"), "dev.toml", tuple(ways))


def _study(rng: random.Random) -> Input:
    own = rng.random() < 0.6
    text = STUDY.encode() if own else bundled_file(rng.choice(PLANS[:2])).read_bytes()
    data, ways = _changed(rng, text, TOML)
    command = ("check", "st.toml") if own else ("study", "st.toml", "--list")
    return Input({"st.toml": data, "dev.toml": DEVICE.encode()}, command, "st.toml", tuple(ways))


def _fit(rng: random.Random) -> Input:
    text = FIT.encode() if rng.random() < 0.7 else bundled_file(PLANS[2]).read_bytes()
    data, ways = _changed(rng, text, TOML)
    files = {"ft.toml": data, "dev.toml": DEVICE.encode(), "iv.csv": written(KINDS["fit"].columns).encode()}
    return Input(files, ("check", "ft.toml"), "ft.toml", tuple(ways))


def _table(rng: random.Random) -> Input:
    kind = rng.choice(list(LAWS))
    columns = KINDS[kind].columns
    first = rng.choice([*ODDITIES.values(), lambda columns: written(columns).encode()])
    data, ways = _changed(rng, first(columns), TABLE)
    name = {"fit": "iv.csv", "study": "cases.csv"}.get(kind, f"{kind}.csv")
    files = {name: data, "dev.toml": (DEVICE + LAWS[kind]).encode(), "ft.toml": FIT.encode()}
    files["st.toml"] = STUDY.partition("[[vary]]")[0].encode() + b'[[vary]]\nfile = "cases.csv"\n'
    asked = {"fit": "ft.toml", "study": "st.toml"}.get(kind, "dev.toml")
    return Input(files, ("check", asked), name, (kind, *ways))


def _mesh(rng: random.Random) -> Input:
    name = rng.choice(("own.msh", "own.inp"))
    data, ways = _changed(rng, (msh2() if name.endswith("msh") else inp([])).encode(), MESH)
    text = DEVICE.partition("[stability]")[0] + OWN_MESH.replace("FILE", name)
    return Input({name: data, "dev.toml": text.encode()}, ("check", "dev.toml"), name, tuple(ways))


def _lines(change: Callable[[random.Random, list[str]], None]) -> Callable[[random.Random, bytes], bytes]:
    def changed(rng: random.Random, data: bytes) -> bytes:
        lines = data.decode("utf-8", errors="surrogateescape").splitlines() or [""]
        change(rng, lines)
        return "\n".join([*lines, ""]).encode("utf-8", errors="surrogateescape")

    return changed


def _place(rng: random.Random, lines: list[str], with_value: bool = False) -> int:
    """Return the number of a line that is no comment, if wanted one with a value."""
    good = [k for k, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    good = [k for k in good if "=" in lines[k]] or good if with_value else good
    return rng.choice(good or [0])


def _delete(rng: random.Random, lines: list[str]) -> None:
    del lines[_place(rng, lines)]


def _double(rng: random.Random, lines: list[str]) -> None:
    k = _place(rng, lines)
    lines.insert(rng.choice((k, len(lines))), lines[k])


def _swap(rng: random.Random, lines: list[str]) -> None:
    i, j = _place(rng, lines), _place(rng, lines)
    lines[i], lines[j] = lines[j], lines[i]


def _retype(rng: random.Random, lines: list[str]) -> None:
    """Another value, or one number of it."""
    k = _place(rng, lines, with_value=True)
    head, equal, value = lines[k].partition("=")
    new = rng.choice(VALUES)
    numbers = list(re.finditer(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", value))
    if numbers and rng.random() < 0.5:
        one = rng.choice(numbers)
        new = value[: one.start()] + new + value[one.end() :]
    lines[k] = f"{head}{equal or '='} {new}"


def _exchange(rng: random.Random, lines: list[str]) -> None:
    """The values of two keys."""
    i, j = _place(rng, lines, with_value=True), _place(rng, lines, with_value=True)
    (a, _, x), (b, _, y) = lines[i].partition("="), lines[j].partition("=")
    lines[i], lines[j] = f"{a}={y}", f"{b}={x}"


def _unknown(rng: random.Random, lines: list[str]) -> None:
    """A misspelt key."""
    k = _place(rng, lines, with_value=True)
    names = list(re.finditer(r"[A-Za-z_]{3,}", lines[k].partition("=")[0]))
    if names:
        name = rng.choice(names)
        at = rng.randrange(name.start(), name.end())
        lines[k] = lines[k][:at] + rng.choice(("", "x", "_", "Z", "é")) + lines[k][at + 1 :]


def _foreign(rng: random.Random, lines: list[str]) -> None:
    """A key of anywhere with a value of anything."""
    lines.insert(rng.randrange(len(lines) + 1), f"{_key(rng)} = {rng.choice(VALUES)}")


def _extreme(rng: random.Random, lines: list[str]) -> None:
    """An end of the range of a key, at the top of the file, where dotted keys stand."""
    ends = [(key.path, end) for group in groups() for key in group.keys for end in re.findall(r"[-\d.e+]+", key.range)]
    path, end = rng.choice([pair for pair in ends if "*" not in pair[0] and "CURVE" not in pair[0]])
    lines.insert(0, f"{path} = {end}")


@cache
def _keys() -> tuple[str, ...]:
    return tuple(key.path for group in groups() for key in group.keys)


def _key(rng: random.Random) -> str:
    path = rng.choice(_keys()).replace(".*", ".0")
    return path if rng.random() < 0.5 else path.rpartition(".")[2]


def _unit(rng: random.Random, lines: list[str]) -> None:
    """Another unit in the name of a key."""
    k = _place(rng, lines, with_value=True)
    head, equal, value = lines[k].partition("=")
    stem = head.rstrip().rpartition("_")[0] or head.rstrip()
    lines[k] = f"{stem}_{rng.choice(UNITS)} {equal}{value}"


def _nest(rng: random.Random, lines: list[str]) -> None:
    k, deep = _place(rng, lines, with_value=True), rng.choice((2, 30, 3000))
    head, _, value = lines[k].partition("=")
    lines[k] = f"{head}= {'[' * deep}{value}{']' * rng.choice((deep, deep - 1))}"


def _section(rng: random.Random, lines: list[str]) -> None:
    """A header twice, of another kind, or of nothing."""
    name = rng.choice(("mesa", "layers", "crystal", "contacts", "law", "materials", "vary", "data", "fixed", "zzz"))
    lines.insert(rng.randrange(len(lines) + 1), rng.choice((f"[{name}]", f"[[{name}]]", f"[{name}.x]", f"[{name}")))


def _quote(rng: random.Random, lines: list[str]) -> None:
    marks = [k for k, line in enumerate(lines) if '"' in line]
    if marks:
        k = rng.choice(marks)
        lines[k] = lines[k].replace('"', rng.choice(("", "'", '""', "“")), 1)


def _bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes of another encoding, or of none."""
    at = rng.randrange(len(data) + 1)
    marks = (b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae", "µé🙂".encode(), b"\r", b"\x1b[31m", b"\xc2\xb5")
    return data[:at] + rng.choice(marks) + data[at + rng.choice((0, 0, 1)) :]


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _long(rng: random.Random, data: bytes) -> bytes:
    """A part of it very often."""
    at = rng.randrange(len(data) + 1)
    part = data[at : at + rng.choice((1, 10, 200))]
    return data[:at] + part * rng.choice((50, 5000)) + data[at:]


def _field(rng: random.Random, lines: list[str]) -> None:
    """Another text in one field of a table."""
    k = _place(rng, lines)
    parts = re.split(r"([,;\t ])", lines[k])
    at = rng.randrange(0, len(parts), 2)
    parts[at] = rng.choice((
        "", "x", "nan", "inf", "-1", "0", "1e300", "9.91E37", "1e-300", "-inf", "1,5", "1.5.5", "V_mV", "T_K", "mV",
        "0x10",
        "1_000", "١٢", "∞", "#", '"', "1" * 400,
    ))  # fmt: skip
    lines[k] = "".join(parts)


def _separator(rng: random.Random, lines: list[str]) -> None:
    old, new = rng.sample((",", ";", "\t", " ", "|", ""), 2)
    for k in range(len(lines)) if rng.random() < 0.5 else [_place(rng, lines)]:
        lines[k] = lines[k].replace(old, new) if old else lines[k]


def _column(rng: random.Random, lines: list[str]) -> None:
    """A column less or more in some rows."""
    for k in range(len(lines)):
        if rng.random() < 0.5:
            lines[k] = lines[k].rpartition(",")[0] if rng.random() < 0.5 else f"{lines[k]},7"


def _reverse(_: random.Random, lines: list[str]) -> None:
    lines[1:] = reversed(lines[1:])


def _empty(rng: random.Random, _: bytes) -> bytes:
    return rng.choice((b"", b"\n", b"\xef\xbb\xbf", b"\0" * 50, b"PK\x03\x04", b"%PDF-1.4\n"))


_ANY: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "delete": _lines(_delete), "double": _lines(_double), "swap": _lines(_swap), "bytes": _bytes, "cut": _cut,
    "long": _long, "empty": _empty,
}  # fmt: skip
TOML = _ANY | {
    "retype": _lines(_retype), "again": _lines(_retype), "exchange": _lines(_exchange), "unknown": _lines(_unknown),
    "foreign": _lines(_foreign), "extreme": _lines(_extreme), "unit": _lines(_unit), "nest": _lines(_nest),
    "section": _lines(_section), "quote": _lines(_quote),
}  # fmt: skip
TABLE = _ANY | {
    "field": _lines(_field), "more": _lines(_field), "separator": _lines(_separator), "column": _lines(_column),
    "reverse": _lines(_reverse),
}  # fmt: skip
MESH = _ANY | {"field": _lines(_field), "more": _lines(_field), "separator": _lines(_separator)}
