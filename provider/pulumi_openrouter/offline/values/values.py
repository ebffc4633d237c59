"""Property values in the JSON form that the engine uses, and conversions from and to it.

A value is JSON as it travels over gRPC: a secret is an object with Pulumi's signature, an unknown
(something a preview cannot know) is a fixed string. `from_struct` and `to_struct` translate to and
from protobuf, `to_state` and `from_state` to and from the form that a deployment file holds.
"""

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # a signature, known to everybody
RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
REDACTED = "[secret]"

# Up to here, a double holds every whole number exactly.
_LARGEST_EXACT = 2.0**53

PropertyMap = dict[str, Any]


class EncryptedValueError(ValueError):
    """A deployment holds ciphertext, which only the engine that wrote it can read."""


def secret(value: object) -> PropertyMap:
    """Return a value marked as secret."""
    return {SIGNATURE: SECRET, "value": value}


def is_secret(value: object) -> bool:
    """Return whether this very value (not something inside it) is a secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def is_object(value: object) -> bool:
    """Return whether this is an object, and not a secret, asset or reference in that form."""
    return isinstance(value, dict) and SIGNATURE not in value


def unwrap(value: Any) -> tuple[Any, bool]:
    """Return a value without its secret marks, and whether it had any."""
    marked = False
    while is_secret(value):
        value, marked = value["value"], True
    return value, marked


def contains_secret(value: object) -> bool:
    """Return whether a secret is anywhere inside."""
    return is_secret(value) or any(contains_secret(item) for item in items_of(value))


def contains_unknown(value: object) -> bool:
    """Return whether an unknown is anywhere inside."""
    return value == UNKNOWN or any(contains_unknown(item) for item in items_of(value))


def items_of(value: object) -> Iterable[object]:
    """Return what is directly inside an object or a list."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """Return an object or a list with a function applied to each item, and a scalar as it is."""
    if isinstance(value, dict):
        return {key: function(item) for key, item in value.items()}
    if isinstance(value, list):
        return [function(item) for item in value]
    return value


def map_secrets(function: Callable[[Any], Any], document: Any) -> Any:
    """Return a copy of a document with a function applied to each secret in it."""
    if is_secret(document):
        return function(document)
    return _mapped(functools.partial(map_secrets, function), document)


def plain(value: Any) -> Any:
    """Return a copy of a value without its secret marks, to compare what it holds."""
    return _mapped(plain, unwrap(value)[0])


def redacted(value: Any) -> Any:
    """Return a copy for display, in which every secret is `[secret]`."""
    return REDACTED if is_secret(value) else _mapped(redacted, value)


def for_provider(properties: PropertyMap, *, keep_unknowns: bool) -> PropertyMap:
    """Return properties as a dynamic provider takes them: no secret marks, ids for references.

    Without `keep_unknowns`, unknown properties are left out, as the real engine does.
    """
    bare = {key: _bare(value) for key, value in properties.items()}
    if keep_unknowns:
        return bare
    return {key: value for key, value in bare.items() if not contains_unknown(value)}


def _bare(value: Any) -> Any:
    value, _ = unwrap(value)
    if isinstance(value, dict) and value.get(SIGNATURE) == RESOURCE_REFERENCE:
        return _bare(value["id"]) if value.get("id") is not None else value["urn"]
    return _mapped(_bare, value)


def annotate_secrets(outs: PropertyMap, ins: Mapping[str, Any]) -> None:
    """Mark in `outs` what is secret in `ins`, as a dynamic provider returns its answers unmarked.

    Objects are matched key by key; anywhere else a secret inside makes the whole property secret.
    """
    for key, given in ins.items():
        if key not in outs:
            continue
        if is_object(outs[key]) and is_object(given):
            annotate_secrets(outs[key], given)
        elif not is_secret(outs[key]) and contains_secret(given):
            outs[key] = secret(outs[key])


def from_struct(struct: Struct) -> PropertyMap:
    """Read a protobuf struct."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: Value) -> Any:
    """Read a protobuf value; one that is not set is None."""
    # protobuf's own conversion makes a float of each number, and fails at those that are infinite.
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return whole(value.number_value)
    return None if kind in (None, "null_value") else getattr(value, kind)


def whole(number: float) -> int | float:
    """Return a whole number as an int, so that JSON shows 5 and not 5.0."""
    if number.is_integer() and abs(number) <= _LARGEST_EXACT:
        return int(number)
    return number


def to_struct(properties: PropertyMap) -> Struct:
    """Write a protobuf struct."""
    struct = Struct()
    struct.update(properties)
    return struct


def to_state(value: Any) -> Any:
    """Write a value as a deployment holds it: secrets as JSON text beside Pulumi's signature."""
    if is_secret(value):
        text = json.dumps(to_state(value["value"]), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE: SECRET, "plaintext": text}
    if isinstance(value, dict):
        value = dict(sorted(value.items()))
    return _mapped(to_state, value)


def from_state(value: Any) -> Any:
    """Read a value from a deployment.

    Raises EncryptedValueError where a secret is there as ciphertext.
    """
    if not is_secret(value):
        return _mapped(from_state, value)
    if "plaintext" not in value:
        msg = "a secret is encrypted"
        raise EncryptedValueError(msg)
    return secret(from_state(json.loads(value["plaintext"])))
