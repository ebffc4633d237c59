"""Reading YAML files the way the Pulumi CLI reads them, and writing values the way Go does.

The CLI uses Go's yaml.v3. A library that follows YAML 1.2 reads nearly the same: `22:00` and `yes`
are texts. What yaml.v3 does in its own way is in the two classes here.
"""

from __future__ import annotations

import base64
import json
import math
import re
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from pulumi_openrouter.offline.exceptions import ProjectError

_TAG = "tag:yaml.org,2002:"
_DATE = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt ](\d\d?):(\d\d?):(\d\d?)(\.\d{1,9})?(?P<zone>Z|[-+]\d\d:\d\d)?)?"
)
# Go reads these as well as the forms of YAML 1.2.
_MORE_FORMS = (
    (_DATE, Tag(suffix=_TAG + "timestamp")),
    (re.compile(r"[-+]?0[XBO][0-9a-fA-F_]+"), Tag(suffix=_TAG + "int")),
)
# Go's JSON is safe to put into HTML.
_ESCAPED = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")}
)


class _Resolver(VersionedResolver):
    """Recognizes the type of an unquoted value."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node; `implicit` says whether it is an unquoted scalar."""
        if kind is ScalarNode and implicit[0]:
            for pattern, tag in _MORE_FORMS:
                if pattern.fullmatch(value):
                    return tag
        return super().resolve(kind, value, implicit)


class _Constructor(SafeConstructor):
    """Builds the value of a node. Tags that Go does not know are ignored."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}  # type: ignore[misc]  # as it is used

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        """Return a mapping whose keys are text, as in JSON."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                _refuse("a key must be a single value", key)
            if key.value in seen:
                _refuse("a key of this mapping is there twice", key)
            seen.add(key.value)
        self.flatten_mapping(node)
        return {
            _key_text(self.construct_object(key, deep=True)): self.construct_object(value, deep)
            for key, value in node.value
        }

    def construct_number(self, node: Any) -> int | float | str:
        """Return a number; it must be one that JSON can hold."""
        if node.value.lower().endswith((".inf", ".nan")):
            _refuse("a number must be finite", node)
        return _number(node.value)

    def construct_any(self, node: Any) -> Any:
        """Return a mapping, a list or a text."""
        if isinstance(node, MappingNode):
            return self.construct_mapping(node, deep=True)
        if isinstance(node, ScalarNode):
            return node.value
        return self.construct_sequence(node, deep=True)


for _name, _construct in {
    None: _Constructor.construct_any,
    _TAG + "null": _Constructor.construct_yaml_null,
    _TAG + "bool": _Constructor.construct_yaml_bool,
    _TAG + "int": _Constructor.construct_number,
    _TAG + "float": _Constructor.construct_number,
    _TAG + "timestamp": lambda _, node: _date(node.value) or node.value,
    _TAG + "binary": lambda _, node: base64.b64decode(node.value).decode("utf-8", "replace"),
}.items():
    _Constructor.add_constructor(_name, _construct)


def _refuse(problem: str, node: Any) -> NoReturn:
    raise ConstructorError(problem=problem, problem_mark=node.start_mark)


def read_document(file: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; an empty file holds an empty one.

    Raises ProjectError, naming the file, for anything else. The error quotes nothing of the file,
    because a key or a passphrase may stand anywhere in it.
    """
    parser = YAML(typ="safe", pure=True)
    parser.Resolver, parser.Constructor = _Resolver, _Constructor
    try:
        # Like the CLI, read the first document of a file that has several.
        document = next(iter(parser.load_all(file.read_text(encoding="utf-8"))), None)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except MarkedYAMLError as error:
        problem = f"is not YAML: {_where(error)}"
    except UnicodeDecodeError:
        problem = "is not YAML: it is not in UTF-8"
    except (YAMLError, ValueError, KeyError):
        problem = "is not YAML: it holds a character or a value that YAML does not allow"
    else:
        return _mapping(file, document)
    # Raised outside of the handlers, because a traceback of the first error would quote the file.
    msg = f"{file} {problem}; correct it, and run the command again"
    raise ProjectError(msg)


def _where(error: MarkedYAMLError) -> str:
    """Return the problem that a parser has found and its place, without quoting the file."""
    problem = re.sub(r"""['"].*['"]""", "…", str(error.problem), flags=re.DOTALL)
    found, begun = (_place(mark) for mark in (error.problem_mark, error.context_mark))
    # A quote that is never closed, for example, is only missed at the end of the file.
    since = f", in what begins at {begun}" if begun and found and begun != found else ""
    return f"{found or begun}: {problem}{since}"


def _place(mark: Any) -> str:
    return "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"


def _mapping(file: Path, document: Any) -> dict[str, Any]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        msg = f"{file} does not hold a mapping"
        raise ProjectError(msg)
    return document


def _number(text: str) -> int | float | str:
    """Return a number as Go holds it: a whole one in 64 bits, anything larger as a float."""
    digits = text if text.startswith(".") else text.replace("_", "")
    # YAML 1.2 has no octal numbers without an `o`; Go still reads them.
    whole = re.sub(r"^([-+]?)0(?=[0-7]+$)", r"\g<1>0o", digits)
    for base in (0, 10):
        with suppress(ValueError):
            if -(2**63) <= (value := int(whole, base)) < 2**64:
                return value
    try:
        number = float(digits)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


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


def kind(value: Any) -> str:
    """Return what a value is, for a message that must not show it."""
    names = {bool: "true or false", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "a number")


def _key_text(value: Any) -> str:
    """Return the key of a mapping as Go prints it."""
    return "<nil>" if value is None else as_text(value)


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
