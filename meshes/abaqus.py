"""Reader of Abaqus input files .inp: one flat part with its element sets. What it does not know it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from hotmesa.meshes.file_mesh import KIND, LINE, TRIANGLE, FileMesh, Group, file_mesh, refuse_other_cells
from hotmesa.meshes.raw import MeshError

# Without the letters at the end (S3R, B31H, CPS3T): they choose physics and integration.
TYPES = {
    **dict.fromkeys(("T2D2", "T3D2", "DC1D2", "B21", "B31", "R2D2", "RAX2"), LINE),
    **dict.fromkeys(("CPS3", "CPE3", "CPEG3", "CAX3", "DC2D3", "DCAX3", "AC2D3", "M3D3", "SFM3D3"), TRIANGLE),
    **dict.fromkeys(("S3", "STRI3", "DS3", "R3D3"), TRIANGLE),
    **dict.fromkeys(("CPS4", "CPE4", "CPEG4", "CAX4", "DC2D4", "DCAX4", "S4", "DS4", "M3D4", "R3D4"), "quadrangle"),
}
CORNERS = {LINE: 2, TRIANGLE: 3}
ORDER = (LINE, TRIANGLE, "quadrangle")
# These make nodes, elements or sets, or move them; whatever else stands in a file leaves its mesh alone.
UNKNOWN = ("INCLUDE", "NGEN", "NFILL", "NCOPY", "NMAP", "ELGEN", "ELCOPY", "SYSTEM", "SUBMODEL", "SYMMETRIC", "IMPORT")
ADVICE = "write one flat part with *NODE, *ELEMENT and *ELSET, or save the mesh in gmsh's format 4.1"


@dataclass
class _Deck:
    """What has been read so far; names of sets are upper case, as Abaqus compares them."""

    nodes: dict[int, list[float]] = field(default_factory=dict)
    elements: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    sets: dict[str, list[int | str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def members(self, name: str) -> list[int | str]:
        """Return the list of members of a set, made where it is new."""
        self.names.setdefault(name.upper(), name)
        return self.sets.setdefault(name.upper(), [])


def read_inp(text: str, dimension: int) -> FileMesh:
    """Return the lines (dimension 1) or triangles (2) of a file with its element sets.

    Raises:
        MeshError: If the text is not of this format, or uses what would change the mesh and is not known here.
    """
    deck, counts = _Deck(), {"PART": 0, "INSTANCE": 0}
    for line, keyword, options, rows in _blocks(text):
        if keyword.split()[0] in UNKNOWN or "INPUT" in options:
            raise MeshError(f"line {line}: *{keyword} is not read here: {ADVICE}")
        if keyword in counts:
            counts[keyword] += 1
            if counts[keyword] > 1 or (keyword == "INSTANCE" and rows):
                raise MeshError(f"line {line}: several parts, or a part that is moved, are not read here: {ADVICE}")
        elif keyword == "NODE":
            _nodes(deck, options, rows)
        elif keyword == "ELEMENT":
            _elements(deck, line, options, rows)
        elif keyword == "ELSET":
            _set(deck, line, options, rows)
    return _mesh(deck, KIND[dimension])


def _blocks(text: str) -> Iterator[tuple[int, str, dict[str, str], list[tuple[int, list[str]]]]]:
    """Yield line number, keyword, options and data rows of every block."""
    head: tuple[int, str, dict[str, str]] | None = None
    rows: list[tuple[int, list[str]]] = []
    joined = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = joined + line.strip()
        joined = ""
        if not line or line.startswith("**"):
            continue
        if not line.startswith("*"):
            if head is None:
                raise MeshError(f"line {number}: data before the first keyword; this is no Abaqus input")
            rows.append((number, [word.strip() for word in line.split(",")]))
        elif line.endswith(","):
            joined = line
        else:
            if head is not None:
                yield *head, rows
            keyword, *words = [word.strip() for word in line[1:].split(",")]
            pairs = [word.partition("=") for word in words]
            options = {re.sub(r"\s+", " ", a.strip().upper()): b.strip().strip('"') for a, _, b in pairs}
            head, rows = (number, re.sub(r"\s+", " ", keyword.upper()) or "*", options), []
    if head is not None:
        yield *head, rows


def _nodes(deck: _Deck, options: dict[str, str], rows: list[tuple[int, list[str]]]) -> None:
    if options.get("SYSTEM", "R").upper() != "R":
        raise MeshError(f"line {rows[0][0] if rows else 0}: nodes in another system of coordinates: {ADVICE}")
    for line, words in rows:
        try:
            label, place = int(words[0]), [float(word or 0) for word in words[1:4]]
        except ValueError as error:
            raise MeshError(f"line {line}: a node is a number and coordinates, not {', '.join(words)!r}") from error
        if label in deck.nodes:
            raise MeshError(f"line {line}: node {label} stands in the file twice: renumber the mesh")
        deck.nodes[label] = place + [0.0] * (3 - len(place))


def _elements(deck: _Deck, line: int, options: dict[str, str], rows: list[tuple[int, list[str]]]) -> None:
    kind = options.get("TYPE", "").upper()
    shape = TYPES.get(re.sub(r"[A-Z]+$", "", kind), f"{kind or 'untyped'} element")
    chosen = deck.members(options["ELSET"]) if options.get("ELSET") else []
    continued: list[int] = []
    for number, words in rows:
        row = continued + [_whole(number, word) for word in words if word]
        continued = row if not words[-1] else []  # a comma at the end: the row goes on
        if continued:
            continue
        label, *corners = row
        if label in deck.elements:
            raise MeshError(f"line {number}: element {label} stands in the file twice: renumber the mesh")
        if len(corners) != CORNERS.get(shape, len(corners)):
            raise MeshError(f"line {number}: element {label} of type {kind} has {len(corners)} nodes")
        deck.elements[label] = shape, corners
        chosen.append(label)
    if continued:
        raise MeshError(f"line {line}: the last element of this block is not complete")


def _set(deck: _Deck, line: int, options: dict[str, str], rows: list[tuple[int, list[str]]]) -> None:
    if not options.get("ELSET"):
        raise MeshError(f"line {line}: *ELSET needs a name: *ELSET, ELSET=mesa")
    chosen = deck.members(options["ELSET"])
    for number, words in rows:
        if "GENERATE" not in options:
            chosen += [int(word) if _is_whole(word) else word.strip('"').upper() for word in words if word]
            continue
        first, last, *step = [_whole(number, word) for word in words if word]
        by = step[0] if step else 1
        if by < 1 or last < first or (last - first) % by:
            raise MeshError(f"line {number}: first, last and step of GENERATE do not fit: {', '.join(words)}")
        chosen += [label for label in deck.elements if first <= label <= last and (label - first) % by == 0]


def _is_whole(word: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,18}", word) is not None


def _whole(line: int, word: str) -> int:
    if not _is_whole(word):
        raise MeshError(f"line {line}: {word!r} is no whole number")
    return int(word)


def _mesh(deck: _Deck, expected: str) -> FileMesh:
    """Return the cells of the wanted kind; those of lower dimension are left out, others are refused."""
    lower = ORDER[: ORDER.index(expected)]
    labels = [label for label, (shape, _) in deck.elements.items() if shape == expected]
    refuse_other_cells({shape for shape, _ in deck.elements.values() if shape not in lower}, expected)
    place = {label: k for k, label in enumerate(labels)}
    groups = []
    for name in deck.sets:
        chosen = sorted(place[label] for label in _resolved(deck, name, ()) if label in place)
        if chosen:
            groups.append(Group(deck.names[name], None, np.array(chosen)))
    return file_mesh(
        (np.array(list(deck.nodes), dtype=np.int64), np.array(list(deck.nodes.values())).reshape(-1, 3)),
        (np.array(labels, dtype=np.int64), np.array([deck.elements[label][1] for label in labels], dtype=np.int64)),
        tuple(groups),
    )


def _resolved(deck: _Deck, name: str, inside: tuple[str, ...]) -> set[int]:
    """Return the labels of the elements of a set and of the sets in it."""
    if name in inside:
        raise MeshError(f"the element set {deck.names[name]} contains itself")
    result: set[int] = set()
    for member in deck.sets[name]:
        if isinstance(member, str):
            if member not in deck.sets:
                raise MeshError(f"the element set {deck.names[name]} names {member}, which is no element set")
            result |= _resolved(deck, member, (*inside, name))
        elif member not in deck.elements:
            raise MeshError(f"the element set {deck.names[name]} names element {member}, which is not in the file")
        else:
            result.add(member)
    return result
