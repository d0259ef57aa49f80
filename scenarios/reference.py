"""Every key of a scenario: text for the terminal, Markdown for the documentation, JSON schema for editors."""

from __future__ import annotations

import json
import textwrap
from copy import deepcopy
from typing import Any

from hotmesa.scenarios.keys import Group, Key, groups, schema, toml_value
from hotmesa.scenarios.units import unit_of

_WIDTH = 100

_FILE_KEYS: dict[str, Any] = {
    "base": {"type": "string", "description": "bundled scenario or file from which everything else is inherited"},
    "without": {"type": "array", "items": {"type": "string"}, "description": "keys of the base that are left out"},
}

_MARKDOWN_HEAD = """\
# Scenario reference

Every key that a scenario file can hold. This page is made by

```sh
hotmesa check --schema --markdown > docs/scenario-reference.md
```

and a test keeps it in step with the schema. How the keys work together is told in
[Writing a scenario](writing-a-scenario.md).

The ending of a key names its unit. A key without default ("none") may be left out; "required" ones may not.
Two more keys stand at the top of a file and are used up when it is read: `base`, the bundled scenario or file from
which everything else is inherited, and `without`, a list of keys of the base that are left out.
"""


def schema_text() -> str:
    """All keys for a terminal, one section after the other."""
    blocks = [f"{group.header}  -  {group.text}\n" + "\n".join(_lines(key) for key in group.keys) for group in groups()]
    head = "Every key of a scenario: type, range, unit, default. In lists, * stands for the number of the element.\n"
    return "\n\n".join([head, *blocks]) + "\n"


def schema_markdown() -> str:
    """All keys as Markdown tables (docs/scenario-reference.md)."""
    return "\n".join([_MARKDOWN_HEAD, *(_table(group) for group in groups())])


def schema_json() -> str:
    """The JSON schema of a scenario file, for editors: with units, and with the keys that only a file has."""
    result = deepcopy(schema())
    for node in (result, *result["$defs"].values()):
        _for_editors(node)
    result["properties"] = {**_FILE_KEYS, **result["properties"]}
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:hotmesa:scenario", **result}
    head |= {"required": [], "anyOf": [{"required": ["name"]}, {"required": ["base"]}]}
    return json.dumps(head, indent=2, ensure_ascii=False) + "\n"


def add_units(section: dict[str, Any]) -> None:
    """Write the units of the keys of a section into their descriptions, in place."""
    for name, node in section.get("properties", {}).items():
        node.pop("title", None)
        unit = unit_of(name)
        if unit:
            node["x-unit"] = unit
            node["description"] = f"{node.get('description', '')} [{unit}]".strip()


def _for_editors(section: dict[str, Any]) -> None:
    """Units into the descriptions. A base may name the kind of a section and give what that kind needs."""
    section.pop("x-foreign", None)
    if any("const" in node for node in section.get("properties", {}).values()):
        section.pop("required", None)
    add_units(section)
    for node in section.get("properties", {}).values():
        for inner in (node, node.get("items", {}), node.get("additionalProperties", {})):
            if isinstance(inner, dict) and "oneOf" in inner:
                inner["anyOf"] = inner.pop("oneOf")
                for own in ("x-tag", "x-usual", "x-leaves-behind"):
                    inner.pop(own, None)


def _lines(key: Key) -> str:
    value = "required" if key.default == "required" else f"default {key.default}"
    first = f"  {key.path:<38} {key.allowed}; {value}"
    text = textwrap.wrap(first, _WIDTH, subsequent_indent=" " * 41)
    if _meaning(key):
        text += textwrap.wrap(_meaning(key), _WIDTH, initial_indent=" " * 41, subsequent_indent=" " * 41)
    return "\n".join(text)


def _meaning(key: Key) -> str:
    return f"{key.kinds}: {key.description}" if key.kinds else key.description


def _table(group: Group) -> str:
    lines = [f"## {_heading(group)}", "", group.text, ""]
    lines += ["| key | type | range | unit | default | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    for key in group.keys:
        name = f"`{key.path.rpartition('.')[2]}`"
        kind = " ".join(part for part in (key.type, key.otherwise) if part)
        limits = ", ".join(f"`{toml_value(choice)}`" for choice in key.choices) or key.range
        default = key.default if key.default in ("required", "none") else f"`{key.default}`"
        cells = (name, kind, limits, key.unit, default, _meaning(key))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def _heading(group: Group) -> str:
    return f"`{group.header}`" if group.header.startswith("[") else group.header[0].upper() + group.header[1:]
