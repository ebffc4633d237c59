"""Programs as plain data, for runs without a program's process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any

from pulumi_openrouter.lifecycle.hints import HINTS

Key = tuple[str, ...]
"""Kind, name and, of a resource in a component, the component's type: what makes a resource the
same one in the next run, as its URN does."""


class Brief:
    """A dataclass that is written without what is as usual: an example of a life is long enough."""

    def __repr__(self) -> str:
        """Return what makes an equal one."""
        shown = []
        for one in fields(self):  # type: ignore[arg-type]  # each subclass is a dataclass
            usual = one.default if one.default_factory is MISSING else one.default_factory()
            if (value := getattr(self, one.name)) != usual:
                shown.append(f"{one.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, repr=False)
class Options(Brief):
    """The resource options that decide what becomes of a resource.

    Attributes:
        protect: Whether nothing may delete it; inherited protection counts as its own.
        retain: Whether deleting it only forgets it; `retain_on_delete`, own or inherited.
        delete_first: `delete_before_replace`; left out, it is what the constructor sets.
        ignore: `ignore_changes`, names of inputs.
        aliases: Keys that it had before.
    """

    protect: bool = False
    retain: bool = False
    delete_first: bool | None = None
    ignore: tuple[str, ...] = ()
    aliases: tuple[Key, ...] = ()


@dataclass(frozen=True, repr=False)
class Declared(Brief):
    """A resource as a program states it.

    Attributes:
        kind: `Workspace`, `WorkspaceBudget` or `WorkspaceMembership`.
        name: The resource's name.
        inputs: What the program passes.
        of: The name of the program's Workspace that it is part of.
        within: The type of the component that it is in, if any.
        options: Its resource options.
    """

    kind: str
    name: str
    inputs: Mapping[str, Any]
    of: str | None = None
    within: str = ""
    options: Options = field(default_factory=Options)

    @property
    def key(self) -> Key:
        """What makes it the same resource in the next run."""
        return (self.kind, self.name, self.within) if self.within else (self.kind, self.name)

    @property
    def deletes_first(self) -> bool:
        """Whether a replacement deletes the old one first."""
        told = self.options.delete_first
        return self.kind == "Workspace" if told is None else told


def owner(declared: Declared) -> str:
    """Return how a resource is called in claims: its URN after stack and project."""
    return _owner(*declared.key)


def _owner(kind: str, name: str, within: str = "") -> str:
    return f"{within}${kind}::{name}" if within else f"{kind}::{name}"


def hidden(declared: Declared, program: Sequence[Declared]) -> dict[str, Any]:
    """Return the input that the constructors add and no program sees."""
    hints: dict[str, Any] = {"owner": owner(declared)}
    if declared.kind == "Workspace" and declared.inputs["name"] == declared.name:
        hints["left_out"] = ["name"]
    if declared.kind == "Workspace" and declared.options.retain:
        hints["retained"] = True
    if (parent := parent_of(declared, program)) is not None:
        hints["workspace"] = owner(parent)
        hints["retained"] = parent.options.retain
    if declared.options.aliases:
        hints["former"] = [_owner(*key) for key in declared.options.aliases]
    if declared.kind != "Workspace":
        hints["token"] = str(next(n for n, one in enumerate(program) if one is declared))
        hints["siblings"] = [*_siblings(declared, program)]
    return {HINTS: hints}


def parent_of(declared: Declared, program: Iterable[Declared]) -> Declared | None:
    """Return the Workspace of the program that a resource is part of."""
    if declared.of is None:
        return None
    return next(one for one in program if one.kind == "Workspace" and one.name == declared.of)


def _siblings(declared: Declared, program: Sequence[Declared]) -> Iterator[list[str]]:
    """Yield what others of the kind claim in the workspace."""
    names = _names(declared, program)
    for token, one in enumerate(program):
        if one is declared or one.kind != declared.kind:
            continue
        if names & _names(one, program):
            things = [n for n in one.inputs if n.endswith("_usd") or n.startswith("include_")]
            people = [*one.inputs.get("user_ids", ()), *one.inputs.get("emails", ())]
            yield [str(token), one.name, *things, *map(str.lower, people)]


def _names(declared: Declared, program: Sequence[Declared]) -> set[object]:
    """Return by what a program names a workspace that a resource is part of."""
    parent = parent_of(declared, program)
    if parent is None:
        return {declared.inputs["workspace"]}
    return {parent.key, parent.inputs["slug"]}


def effective_options(declared: Declared, parent: Declared | None) -> Options:
    """Return the options as the constructors pass them on: protection extends to the parts."""
    if parent is None or not parent.options.protect:
        return declared.options
    return replace(declared.options, protect=True)


def workspace(name: str, /, **inputs: Any) -> Declared:
    """State a Workspace whose name and slug are `name` unless told otherwise."""
    return Declared("Workspace", name, {"name": name, "slug": name, **inputs})


def budget(name: str, /, of: str | None = None, **inputs: Any) -> Declared:
    """State a WorkspaceBudget of the program's Workspace `of`, or of `workspace=`."""
    return Declared("WorkspaceBudget", name, inputs, of)


def membership(name: str, /, of: str | None = None, **inputs: Any) -> Declared:
    """State a WorkspaceMembership of the program's Workspace `of`, or of `workspace=`."""
    return Declared("WorkspaceMembership", name, inputs, of)
