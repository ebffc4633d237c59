"""Reading YAML files the way the Pulumi CLI reads them.

Python's YAML library follows YAML 1.1, where `22:00` is the number 1320 and `yes` is a boolean. The
CLI uses Go's yaml.v3, whose rules are close to YAML 1.2. The library's parser is kept, and this
module decides which type an unquoted value has and how it is written as text.
"""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import yaml

from pulumi_openrouter.offline.errors import ProjectError

_PREFIX = "tag:yaml.org,2002:"
_PLAIN = _PREFIX + "plain"
_MERGE = _PREFIX + "merge"
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{
        sign + text: float(sign + "inf")
        for sign in ("", "+", "-")
        for text in (".inf", ".Inf", ".INF")
    },
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGERS = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)([0-9]+)"), 10),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt ](\d\d?):(\d\d?):(\d\d?)(\.\d{1,9})?(?P<zone>Z|[-+]\d\d:\d\d)?)?"
)
# Go's JSON is safe to put into HTML.
_ESCAPED = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")}
)


class _Loader(yaml.SafeLoader):
    """PyYAML's parser with the types of the Pulumi CLI."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node that has none; `implicit` says whether a scalar is unquoted."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _MERGE if value == "<<" else _PLAIN
        return super().resolve(kind, value, (False, implicit))  # type: ignore[no-untyped-call]

    def construct_value(self, node: yaml.Node) -> Any:
        """Return the value of any node, whatever its tag."""
        if isinstance(node, yaml.MappingNode):
            return self._construct_keys(node)
        if isinstance(node, yaml.SequenceNode):
            return self.construct_sequence(node, deep=True)
        return node.value

    def construct_plain(self, node: yaml.Node) -> Any:
        """Return the value of an unquoted scalar, or of one that is tagged as a number or so."""
        value = plain_value(node.value) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, float) and not math.isfinite(value):
            message = f"{node.value} is not a finite number"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark)
        return value

    def construct_binary(self, node: yaml.Node) -> str:
        """Return the text that a scalar holds as Base64."""
        return base64.b64decode(str(node.value)).decode("utf-8", "replace")

    def _construct_keys(self, node: yaml.MappingNode) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                message = "a key must be a single value"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            if key.value in seen:
                message = f"the key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        self.flatten_mapping(node)
        return {
            key_text(self.construct_object(key, deep=True)): self.construct_object(value, deep=True)
            for key, value in node.value
        }


for _tag in (_PLAIN, *(_PREFIX + one for one in ("null", "bool", "int", "float", "timestamp"))):
    _Loader.add_constructor(_tag, _Loader.construct_plain)
_Loader.add_constructor(_PREFIX + "binary", _Loader.construct_binary)
_Loader.add_constructor(None, _Loader.construct_value)


def read_document(file: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; an empty file holds an empty one.

    Raises ProjectError, naming the file, for anything else.
    """
    try:
        # Like the CLI, read the first document of a file that has several.
        text = file.read_text(encoding="utf-8")
        document = next(iter(yaml.load_all(text, Loader=_Loader)), None)  # safe
    except (yaml.YAMLError, ValueError) as error:
        msg = f"{file} is not YAML: {error}"
        raise ProjectError(msg) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        msg = f"{file} does not hold a mapping"
        raise ProjectError(msg)
    return document


def plain_value(text: str) -> Any:
    """Return the value of an unquoted scalar. A date is text, in the form that Go gives it."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not re.match(r"[-+.0-9]", text):
        return text
    if (date := _date(text)) is not None:
        return date
    digits = text if text[0] == "." else text.replace("_", "")
    for pattern, base in _INTEGERS:
        if match := pattern.fullmatch(digits):
            sign, number = match.groups()
            value = int(sign + number, base)
            # Go holds whole numbers in 64 bits, and anything larger as a float.
            if -(2**63) <= value < 2**64:
                return value
    return _number(text, digits)


def _number(text: str, digits: str) -> float | str:
    if not _FLOAT.fullmatch(digits) or math.isinf(value := float(digits)):
        return text
    return value


def _date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(one or 0) for one in match.groups()[:6])
    zone = match["zone"]
    # Go takes a zone after a `T` only, and then there must be one.
    if match[4] and ("T" in text.upper()) != (zone is not None):
        return None
    try:
        offset = datetime.strptime(zone or "Z", "%z").tzinfo
        moment = datetime(year, month, day, hour, minute, second, tzinfo=offset)
    except ValueError:
        return None
    fraction = (match[7] or "").rstrip("0").rstrip(".")
    shown = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {shown} {'UTC' if shown == '+0000' else shown}"


def key_text(value: Any) -> str:
    """Return the key of a mapping as Go prints it."""
    if value is None:
        return "<nil>"
    return value if isinstance(value, str) else as_json(value)


def as_text(value: Any) -> str:
    """Return a configuration value as programs get it: JSON unless it is plain text."""
    if isinstance(value, str):
        return value
    return "" if value is None else as_json(value)


def as_json(value: Any) -> str:
    """Return a value as the JSON text that Go writes, with sorted keys and its form of numbers."""
    if isinstance(value, dict):
        pairs = (f"{as_json(key)}:{as_json(value[key])}" for key in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(as_json(one) for one in value) + "]"
    if isinstance(value, float):
        return _float_json(value)
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)


def _float_json(value: float) -> str:
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # where Go changes to exponents
        text = f"{Decimal(repr(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    digits, _, exponent = f"{value!r}".partition("e")
    power = int(exponent)
    return f"{digits}e{'+' if power > 0 else '-'}{abs(power)}"
