"""Import files: resources that exist already, in the form that `pulumi import --file` takes.

The document is read as a whole before anything is done, and refused with the first thing that is
wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TextIO

from pulumi_openrouter.offline.exceptions import StateError
from pulumi_openrouter.offline.state.model import DYNAMIC, Resource, make_urn
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.values import EncryptedValueError

_UNSUPPORTED = (
    *("provider", "version", "pluginDownloadUrl", "parameterization", "extension"),
    *("remote", "properties"),
)
_NOT_HERE = "which the offline engine does not support; use the Pulumi CLI for it"
# The pickled provider, without which nothing can be done with a dynamic resource.
_PROVIDER = "__provider"


def read_import_file(file: TextIO) -> tuple[list[Any], Mapping[str, str]]:
    """Return the entries of a file, and the URNs of names that are not among them."""
    try:
        document = json.load(file)
    except ValueError as error:
        _refuse(file.name, f"it is not JSON ({error})")
    if not isinstance(document, dict) or not isinstance(document.get("resources"), list):
        _refuse(file.name, "it is not an import file, because it has no list `resources`")
    if document.get("providerInputs"):
        _refuse(file.name, f"it has `providerInputs`, {_NOT_HERE}")
    return document["resources"], document.get("nameTable") or {}


def read_entries(
    entries: Iterable[Any],
    name_table: Any,
    source: str,
    origin: tuple[str, str],
    *,
    protect: bool,
) -> list[Resource]:
    """Return the resources to import, each after its parent.

    `source` names where the entries are from in errors, and `origin` is the stack and the project.
    A resource at the top has no parent yet: that is the stack, which may not exist.
    """
    read = [_Entry(source, number, content) for number, content in enumerate(entries, start=1)]
    if not read:
        _refuse(source, "it lists no resources, so there is nothing to import")
    family = _Family(read, _checked_table(name_table, source), origin)
    return [one.resource(family.urns[one], family.parent(one), protect) for one in family.order]


def _refuse(source: str, problem: str) -> NoReturn:
    msg = f"{source}: {problem}"
    raise StateError(msg)


def _checked_table(table: Any, source: str) -> Mapping[str, str]:
    if not isinstance(table, Mapping):
        _refuse(source, "`nameTable` must map names to URNs")
    for name, urn in table.items():
        if not isinstance(urn, str) or not urn.startswith("urn:") or urn.count("::") < 3:
            _refuse(source, f"`nameTable` has {urn!r} for {name!r}, which is not a URN")
    return table


class _Entry:
    """One entry of the file, whose own fields are in order."""

    def __init__(self, source: str, number: int, content: Any) -> None:
        self._source = source
        self._number = number
        if not isinstance(content, Mapping):
            self._refuse_early("is not an object")
        self._content = content
        # A name in the file stands for the name of the resource, unless the two are told apart.
        self.name = self._text("name") or self._text("logicalName")
        self.logical_name = self._text("logicalName") or self.name
        self.type = self._text("type")
        self.id = self._text("id")
        self.parent = self._text("parent")
        self.component = bool(self._content.get("component"))
        self._check_fields()
        self.inputs = self._properties("inputs")
        self.outputs = self._properties("outputs")
        if not self.component:
            self._check_provider()

    def refuse(self, problem: str) -> NoReturn:
        """Raise the error that names the file and the entry."""
        subject = f"entry {self._number}"
        if name := self.name:
            subject += f" ({self.type} {name!r})" if self.type else f" ({name!r})"
        _refuse(self._source, f"{subject} {problem}")

    def resource(self, urn: str, parent: str, protect: bool) -> Resource:
        """Return the state that the import brings about."""
        return Resource(
            urn,
            self.type,
            custom=not self.component,
            id=self.id,
            inputs=self.inputs,
            outputs=self.outputs,
            parent=parent,
            protect=protect,
        )

    def _text(self, key: str) -> str:
        value = self._content.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._refuse_early(f"has {value!r} for `{key}`, which must be text")
        return value

    def _refuse_early(self, problem: str) -> NoReturn:
        _refuse(self._source, f"entry {self._number} {problem}")

    def _check_fields(self) -> None:
        if not self.type or not self.name:
            lacking = "type" if not self.type else "name"
            self.refuse(f"has no `{lacking}`; an entry needs `type`, `name` and `id`")
        if self.component and self.id:
            self.refuse("has an `id`, but is marked as a component, which has none")
        if not self.component and not self.id:
            self.refuse("has no `id`; only a component (`component`: true) has none")
        for key in _UNSUPPORTED:
            if self._content.get(key):
                self.refuse(f"has `{key}`, {_NOT_HERE}")
        if not self.component and not self.type.startswith(DYNAMIC):
            self.refuse(
                "needs a plugin: the offline engine imports Python dynamic resources and "
                "components, so use the Pulumi CLI for it"
            )

    def _properties(self, key: str) -> values.PropertyMap:
        given = self._content.get(key)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self.refuse(f"has something else than an object for `{key}`")
        try:
            properties: values.PropertyMap = values.from_state(dict(given))
        except EncryptedValueError:
            self.refuse(f"has an encrypted secret in `{key}`; write it with its `plaintext`")
        except (ValueError, TypeError):
            self.refuse(f"has a secret in `{key}` whose `plaintext` is not JSON")
        if values.contains_unknown(properties):
            self.refuse(f"has unknown values in `{key}`; fill them in before importing")
        return properties

    def _check_provider(self) -> None:
        for key, properties in (("inputs", self.inputs), ("outputs", self.outputs)):
            if not properties:
                self.refuse(
                    f"has no `{key}`: a dynamic resource is imported with the inputs and outputs "
                    "of the file, because its provider cannot be asked for them"
                )
            if _PROVIDER not in properties:
                self.refuse(
                    f"has no `{_PROVIDER}` in `{key}`, without which the resource could not be "
                    "read or changed later"
                )


class _Family:
    """Which entry is the parent of which, and the URNs that follow from that."""

    def __init__(
        self, entries: list[_Entry], table: Mapping[str, str], origin: tuple[str, str]
    ) -> None:
        self._origin = origin
        self._table = table
        self._named: dict[str, list[_Entry]] = {}
        for one in entries:
            self._named.setdefault(one.name, []).append(one)
        self.urns: dict[_Entry, str] = {}
        self.order: list[_Entry] = []
        self._taken = set(table.values())
        waiting = entries
        while waiting:
            ready = [one for one in waiting if self._is_known(one)]
            if not ready:
                waiting[0].refuse(f"and its parent {waiting[0].parent!r} are below each other")
            for one in ready:
                self._place(one)
            waiting = [one for one in waiting if one not in self.urns]

    def parent(self, entry: _Entry) -> str:
        """Return the URN of the parent; empty for one at the top."""
        if not entry.parent:
            return ""
        return self._table.get(entry.parent) or self.urns[self._parent_entry(entry)]

    def _is_known(self, entry: _Entry) -> bool:
        if not entry.parent or entry.parent in self._table:
            return True
        return self._parent_entry(entry) in self.urns

    def _parent_entry(self, entry: _Entry) -> _Entry:
        found = self._named.get(entry.parent, [])
        if not found:
            entry.refuse(
                f"has the parent {entry.parent!r}, which is neither an entry of the file nor in "
                "its `nameTable`"
            )
        if len(found) > 1:
            entry.refuse(
                f"has the parent {entry.parent!r}, and {len(found)} entries of the file have that "
                "name; give them different names, with `logicalName` for what they are called"
            )
        return found[0]

    def _place(self, entry: _Entry) -> None:
        urn = make_urn(*self._origin, self.parent(entry), entry.type, entry.logical_name)
        if urn in self._taken:
            entry.refuse(f"has the same URN as another one: {urn}")
        self._taken.add(urn)
        self.urns[entry] = urn
        self.order.append(entry)
