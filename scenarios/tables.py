"""The one reader of tables: whatever an instrument, a spreadsheet or this program has written as text in columns."""

from __future__ import annotations

import csv
import logging
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.headers import Requested, fits, matching, requested, unit_of
from hotmesa.scenarios.problems import did_you_mean

LARGEST_MB = 12
"""A larger file of a user is no table of a curve or a law, and reading it would take long and much memory."""
OWN_MB = 2000
"""Tables that this program has written may be much larger."""
LINES_PER_MB = 20_000
"""The same for lines: short ones need much more memory than their characters."""
OVERFLOW = 1e30
"""Instruments write numbers like 9.91E37 for what they could not measure."""
_SHOWN = 10
_HEADER_WITHIN, _LONGEST_HEADER = 300, 20_000
_COMMENTS = ("#", "%")
_BLANKS = re.compile(r"\s+(?![\[(])")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")

LOG = logging.getLogger("hotmesa.tables")
Line = tuple[int, str]
Row = tuple[int, list[str]]


class TableError(HotmesaError, ValueError):
    """A table cannot be used.

    Attributes:
        problems: one sentence for each reason, with file, line and value.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        more = [f"and {len(problems) - _SHOWN} more of this kind"] if len(problems) > _SHOWN else []
        self.problems = (*problems[:_SHOWN], *more)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[TableError], tuple[tuple[str, ...]]]:
        """Rebuild from the problems, so that the error can travel between processes."""
        return type(self), (self.problems,)


@dataclass(frozen=True)
class Fields:
    """A table as text: the header and its rows, each with its line; every row has as many fields as the header."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def dicts(self) -> list[dict[str, str]]:
        """Return the rows by column."""
        return [dict(zip(self.header, fields, strict=True)) for _, fields in self.rows]


@dataclass(frozen=True)
class Numbers:
    """Columns of a table in the units that were asked for.

    Attributes:
        path: the file.
        columns: values by the name that was asked for, each of shape (rows,); those that are there.
        lines: line of each row in the file.
        header: the names of all columns as they stand there.
    """

    path: Path
    columns: dict[str, Array]
    lines: tuple[int, ...]
    header: tuple[str, ...]

    def __getitem__(self, name: str) -> Array:
        """Return a column."""
        return self.columns[name]

    def require(self, good: NDArray[np.bool_], rule: str) -> None:
        """Raise a TableError with line and values of the first row that breaks a rule; `good` has shape (rows,)."""
        if not good.all():
            row = int(np.argmin(good))
            values = ", ".join(f"{name} = {values[row]:g}" for name, values in self.columns.items())
            raise TableError([f"{self.path}: {rule}; line {self.lines[row]} has {values}"])


def read_fields(path: Path, largest_MB: float = LARGEST_MB, torn: bool = False) -> Fields:
    """Return a table whose first line, apart from comments and empty ones, is its header.

    Args:
        path: text in UTF-8, UTF-16 or Latin-1 with fields between commas, semicolons, tabs or blanks.
        largest_MB: refuse a larger file (MB).
        torn: whether somebody may be writing to it, so that a last line without its end is left out.

    Raises:
        TableError: it cannot be read, or rows have more or fewer fields than the header.
    """
    lines = read_lines(path, largest_MB, torn)
    first = next((index for index, line in enumerate(lines) if not _is_comment(line)), None)
    if first is None:
        raise TableError([f"{path}: is empty, a header line was expected"])
    separator = next((mark for mark in ("\t", ";", ",") if mark in lines[first][1]), " ")
    (_, header), *rows = _split(path, lines[first:], separator)
    return Fields(path, *_even(path, header, rows, separator))


def read_numbers(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> Numbers:
    """Return columns of numbers, in the units that their names ask for.

    Above the header an instrument may have written anything. The header, or a line below it, names the units: V_mV,
    "Voltage (V)", "Current [µA]", I/mA. A decimal comma is understood where the separator is another one. Rows without
    any of the numbers are skipped.

    Args:
        path: text in UTF-8, UTF-16 or Latin-1 with fields between commas, semicolons, tabs or blanks.
        required: columns like "V_mV" that must be there; a name without known unit ("dI_dV") takes any unit.
        optional: columns that may be there.

    Raises:
        TableError: it cannot be read, lacks a column or a unit, or holds something else than finite numbers.
    """
    lines = read_lines(path, LARGEST_MB)
    requests = [requested(name) for name in (*required, *optional)]
    index, separator = _find_header(lines, requests)
    if index is None:
        raise TableError([_no_header(path, lines, (*required, *optional[:1]))])
    (line, header), *rows = _split(path, lines[index:], separator)
    columns = _chosen(path, header, line, required, requests)
    head, body = _even(path, header, rows, separator)
    body, units = _below_header(body, columns)
    scales, problems = {}, []
    for column, (place, unit) in columns.items():
        unit = unit or units.get(place)
        if unit is None and column.base:
            example = f"{head[place]}_{column.label.rpartition('_')[2]}"
            problems.append(f"{path}: column {head[place]} has no unit; write for example {example} in the header")
        elif unit is not None and not fits(unit, column):
            problems.append(f"{path}: column {head[place]}: {unit} is no unit of {column.label.rpartition('_')[0]}")
        scales[column] = (place, (unit_of(unit or "") or ("", column.exponent))[1])
    if problems:
        raise TableError(problems)
    numbers = _converted(path, head, body, scales)
    read = (f'{column.label} from "{head[place]}"{_given(units.get(place))}' for column, (place, _) in columns.items())
    LOG.info("%s: %d rows: %s (header in line %d)", path, len(numbers.lines), ", ".join(read), line)
    return numbers


def _given(unit: str | None) -> str:
    """Return the unit that a line below the header gives, in words."""
    return f" in {unit}" if unit else ""


def read_lines(path: Path, largest_MB: float, torn: bool = False) -> list[Line]:
    """Return the lines that are not empty, numbered from 1; of a torn file without the last if it has no end.

    Raises:
        TableError: no regular file, too large, no text.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise TableError([f"{path}: cannot be read: it is no regular file"])
        with path.open("rb") as stream:
            raw = stream.read(int(largest_MB * 1e6) + 1)
    except OSError as error:
        raise TableError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    most = largest_MB * LINES_PER_MB
    if len(raw) > largest_MB * 1e6 or max(raw.count(b"\n"), raw.count(b"\r")) > most:
        limit = f"{largest_MB:g} MB or {most:.0f} lines"
        raise TableError([f"{path}: cannot be read: it is larger than {limit}; is it the right file? Take fewer rows"])
    text = _decoded(raw[: raw.rfind(b"\n") + 1] if torn else raw)
    if text is None:
        raise TableError([f"{path}: cannot be read: it is no text; save it as CSV"])
    return [(n, line) for n, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if line.strip()]


def _decoded(raw: bytes) -> str | None:
    start = raw[:1000]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\0" in start:  # every second byte, if it is text in UTF-16 without a mark
        encodings = ["utf-16-le" if b"\0" in start[1::2] else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _is_comment(line: Line) -> bool:
    return line[1].lstrip().startswith((*_COMMENTS, ";"))


def _split(path: Path, lines: Sequence[Line], separator: str) -> list[Row]:
    """Return the fields of the lines; the first is the header, also behind the mark of a comment."""
    comments = _COMMENTS if separator == ";" else (*_COMMENTS, ";")
    (first, header), *others = lines
    rest = [(first, header.lstrip(" \t#%;")), *(line for line in others if not line[1].lstrip().startswith(comments))]
    if separator == " ":
        return [(number, _BLANKS.split(text.strip())) for number, text in rest]
    now = first

    def feed() -> Iterator[str]:
        nonlocal now
        for line in rest:
            now = line[0]
            yield line[1] + "\n"

    try:
        reader = csv.reader(feed(), delimiter=separator, skipinitialspace=True)
        return [(now, [field.strip() for field in fields]) for fields in reader]
    except csv.Error as error:
        raise TableError([f"{path}: line {now}: cannot be read as a table ({error})"]) from None


def _even(path: Path, header: list[str], rows: list[Row], separator: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    """Return header and rows without the empty fields after separators at the ends of lines."""
    while len(header) > 1 and not header[-1]:
        header = header[:-1]
    count = len(header)
    problems = []
    for k, (line, fields) in enumerate(rows):
        if len(fields) < count or any(fields[count:]):
            hint = "; with decimal commas separate the fields by semicolons" if separator == "," else ""
            hint = hint if len(fields) > count else "; the file was cut off or edited: correct or delete that line"
            problems.append(f"{path}: line {line} has {len(fields)} fields instead of {count}{hint}")
        rows[k] = (line, fields[:count])
    if problems:
        raise TableError(problems)
    return tuple(header), tuple(rows)


def _find_header(lines: Sequence[Line], requests: Sequence[Requested]) -> tuple[int | None, str]:
    """Return the line that names most of what is asked for, and its separator; a comment only if nothing else does."""
    best: tuple[int, int] = (0, 0)
    result: tuple[int | None, str] = (None, ",")
    for index, line in enumerate(lines[:_HEADER_WITHIN]):
        if len(line[1]) > _LONGEST_HEADER:
            continue
        for separator in ("\t", ";", ",", " "):
            text = line[1].lstrip(" \t#%;")
            fields = tuple(_BLANKS.split(text.strip()) if separator == " " else _quick(text, separator))
            score = (sum(bool(matching(fields, column)) for column in requests), 0 if _is_comment(line) else 1)
            if score[0] and score > best:
                best, result = score, (index, separator)
    return result


def _quick(text: str, separator: str) -> list[str]:
    try:
        return [field.strip() for field in next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error:
        return []


def _no_header(path: Path, lines: Sequence[Line], required: Sequence[str]) -> str:
    names = ", ".join(required)
    first = next((line[1].strip() for line in lines if not _is_comment(line)), "")[:1000]
    if not first:
        return f"{path}: holds no data: a header line with {names} and a line for each point are needed"
    if all(_number(field) is not None for field in re.split(r"[;,\s]+", first) if field):
        return f"{path}: the first line has no names and units; write for example {','.join(required)} above it"
    return _missing(path, required, first.split(","), 0)


def _missing(path: Path, names: Sequence[str], header: Sequence[str], line: int) -> str:
    shown = "".join(mark if mark.isprintable() else "?" for mark in ", ".join(map(str.strip, header))[:200])
    near = did_you_mean(names[0], header, 1)
    return f"{path}: has no column {', '.join(names)}; the header{f' (line {line})' if line else ''} is: {shown}{near}"


def _chosen(
    path: Path, header: Sequence[str], line: int, required: Sequence[str], requests: Sequence[Requested]
) -> dict[Requested, tuple[int, str | None]]:
    """Return place and unit in the header of the columns that are asked for."""
    result, missing, problems = {}, [], []
    for column in requests:
        places = matching(tuple(header), column)
        if len(places) > 1:
            same = ", ".join(header[place] for place, _ in places)
            problems.append(f"{path}: two columns mean the same: {same}; take one away, or its name")
        elif places:
            result[column] = places[0]
        elif column.label in required:
            missing.append(column.label)
    if missing:
        problems.append(_missing(path, missing, header, line))
    if problems:
        raise TableError(problems)
    return result


def _below_header(
    rows: tuple[Row, ...], columns: dict[Requested, tuple[int, str | None]]
) -> tuple[tuple[Row, ...], dict[int, str]]:
    """Return the rows of data, and units by place if the first line holds them; after it a line of remarks may stand.

    A line of units has nothing else in the columns that are asked for.
    """
    places = [place for place, _ in columns.values()]
    if not rows or any(unit_of(rows[0][1][place]) is None for place in places if rows[0][1][place]):
        return rows, {}
    units = {place: rows[0][1][place] for place in places if rows[0][1][place]}
    rest = rows[1:] if units else rows
    if units and rest and all(_number(rest[0][1][place]) is None for place in places):
        rest = rest[1:]
    return rest, units


def _converted(
    path: Path, header: tuple[str, ...], rows: Sequence[Row], scales: dict[Requested, tuple[int, int]]
) -> Numbers:
    problems = _mixed(path, rows, [place for place, _ in scales.values()])
    rows = [row for row in rows if any(row[1][place] for place, _ in scales.values())]
    if not rows:
        raise TableError([f"{path}: holds no data: a header line and one line for each point are needed"])
    values = np.empty((len(scales), len(rows)))
    for k, (column, (place, exponent)) in enumerate(scales.items()):
        for n, (line, fields) in enumerate(rows):
            number = _number(fields[place])
            if number is None or not abs(number) < OVERFLOW:
                cause = "is no finite number" if number is None or not np.isfinite(number) else _TOO_LARGE
                where = f"{path}: line {line}, column {header[place]}"
                problems.append(f'{where}: "{fields[place]}" {cause}; correct it or delete the line')
            else:
                values[k, n] = column.scaled(number, exponent)
    if problems:
        raise TableError(problems)
    by_name = {column.label: values[k] for k, column in enumerate(scales)}
    return Numbers(path, by_name, tuple(line for line, _ in rows), header)


def _mixed(path: Path, rows: Sequence[Row], places: Sequence[int]) -> list[str]:
    """Return a problem if some numbers have a decimal comma and others a point: the commas may group thousands."""
    commas = (row for row in rows if any(_DECIMAL_COMMA.fullmatch(row[1][place]) for place in places))
    first = next(commas, None)
    if first is None or not any("." in fields[place] for _, fields in rows for place in places):
        return []
    return [f"{path}: line {first[0]} has a comma in a number where others have a point; write all with a point"]


_TOO_LARGE = "is what an instrument writes for an overflow"


def with_point(text: str) -> str:
    """Return a number that has a decimal comma with a point; any other text as it is."""
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text


def _number(text: str) -> float | None:
    """Return a number, also with a decimal comma; None for anything else."""
    try:
        return float(with_point(text))
    except ValueError:
        return None
