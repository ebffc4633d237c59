"""The content of a new or reset sandbox: people, the default workspace, and workspaces of a seed.

A seed is YAML (or a dict of the same shape) and is validated whole before anything is written:

    default_workspace: true
    organization_members:
      - {email: jane.doe@example.com, first_name: Jane, last_name: Doe, role: "org:admin"}
    workspaces:
      - {name: Production, slug: production, budgets: {monthly: 500},
         members: [jane.doe@example.com]}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, uuid5

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pulumi_openrouter.sandbox.refusals import (
    Refusal,
    SandboxError,
    broken_rules,
    check_budget_order,
)
from pulumi_openrouter.sandbox.schemas import CreateWorkspace, LimitUsd, Text
from pulumi_openrouter.sandbox.store import Store, Workspace, email_key

DEFAULT_SLUG = "default"

Interval = Literal["daily", "weekly", "monthly", "lifetime"]
Role = Literal["org:admin", "org:member"]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]


class Person(BaseModel):
    """A member of the organization; the id is made from the email unless given.

    Somebody without an email address has an empty one, and needs an id.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    email: Annotated[str, Field(pattern=r"^([^@\s]+@[^@\s]+)?$")]
    first_name: Text | None = None
    last_name: Text | None = None
    role: Role = "org:member"
    id: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _has_id(self) -> Person:
        if not (self.email or self.id):
            msg = "a person without an email address needs an id"
            raise ValueError(msg)
        return self

    def row(self) -> dict[str, Any]:
        """Return the person as the API shows them."""
        return {**self.model_dump(), "id": self.id or user_id(self.email)}


class SeedWorkspace(CreateWorkspace):
    """A workspace: the fields of its creation, budgets in USD, members by email or id."""

    model_config = ConfigDict(extra="forbid")

    include_byok_in_budgets: bool = False
    budgets: Annotated[dict[Interval, LimitUsd], Field(default_factory=dict)]
    members: Annotated[list[str], Field(default_factory=list)]


def _person(email: str, first: str, last: str | None, role: Role = "org:member") -> Person:
    return Person(email=f"{email}@example.com", first_name=first, last_name=last, role=role)


PEOPLE = [
    _person("jane.doe", "Jane", "Doe", "org:admin"),
    _person("ravi.patel", "Ravi", "Patel"),
    _person("mei.chen", "Mei", "Chen"),
    _person("omar.haddad", "Omar", "Haddad", "org:admin"),
    _person("lucia.fernandez", "Lucía", "Fernández"),
    _person("sam", "Sam", None),
]


class Seed(BaseModel):
    """The whole content; `default_workspace` is whether the organization has one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    default_workspace: bool = True
    organization_members: list[Person] = PEOPLE
    workspaces: list[SeedWorkspace] = []


def user_id(email: str) -> str:
    """Return the id of a person who was given none: `user_` and 27 characters."""
    return f"user_{hashlib.sha256(email_key(email).encode()).hexdigest()[:27]}"


def generated_people(first: int, count: int) -> list[Person]:
    """Return `count` people of plain names, numbered from `first`."""
    numbers = range(first, first + count)
    return [_person(f"person-{number:05}", "Person", f"{number:05}") for number in numbers]


def load_seed(source: str | Path | Mapping[str, Any] | None) -> Seed:
    """Read and validate a seed; None is the default one. Raises SandboxError."""
    where, content = ("the seed", source) if isinstance(source, Mapping) else _read(source)
    try:
        seed = Seed.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        words = broken_rules([{**first, "loc": ("seed", *first["loc"])}])
        msg = f"{where}: {words} (it is {first['input']!r})"
        raise SandboxError(msg) from error
    for problem in _conflicts(seed):
        msg = f"{where}: {problem}"
        raise SandboxError(msg)
    return seed


def plant(store: Store, seed: Seed) -> None:
    """Replace all that a store holds by the content of a seed."""
    store.clear()
    people = [person.row() for person in seed.organization_members]
    store.people.update({person["id"]: person for person in people})
    if seed.default_workspace:
        default = CreateWorkspace(name="Default Workspace", slug=DEFAULT_SLUG)
        _plant_workspace(store, default, is_default=True)
    ids = {email_key(person["email"]): person["id"] for person in people}
    for declared in seed.workspaces:
        workspace = _plant_workspace(store, declared)
        for interval, limit_usd in declared.budgets.items():
            workspace.put_budget(interval, limit_usd)
        workspace.add_members(ids.get(email_key(member), member) for member in declared.members)
    store.save()


def _plant_workspace(
    store: Store, workspace: CreateWorkspace, is_default: bool = False
) -> Workspace:
    # The same id after each reset, so that a test may hold on to it.
    id = str(uuid5(NAMESPACE_URL, f"sandbox/workspaces/{workspace.slug}"))
    fields = workspace.model_dump(exclude={"budgets", "members"})
    return store.create_workspace(fields, id=id, is_default=is_default)


def _read(source: str | Path | None) -> tuple[str, object]:
    if source is None:
        return "the default seed", {}
    try:
        return str(source), yaml.safe_load(Path(source).read_text(encoding="utf-8")) or {}
    except OSError as error:
        msg = f"the seed file {source} cannot be read: {error.strerror}"
        raise SandboxError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{source} is not YAML: {' '.join(str(error).split())}"
        raise SandboxError(msg) from error


def _conflicts(seed: Seed) -> Iterator[str]:
    people = [person.row() for person in seed.organization_members]
    ids = [person["id"] for person in people]
    emails = [email_key(person["email"]) for person in people if person["email"]]
    slugs = [DEFAULT_SLUG] if seed.default_workspace else []
    slugs += [workspace.slug for workspace in seed.workspaces]
    yield from _repeated("organization_members: id", ids)
    yield from _repeated("organization_members: email", emails)
    yield from _repeated("workspaces: slug", slugs)
    known = {*ids, *emails}
    for workspace in seed.workspaces:
        where = f'workspaces: "{workspace.slug}"'
        for member in workspace.members:
            if member not in known and email_key(member) not in known:
                yield f"{where}: members: {member!r} is not among organization_members"
        try:
            check_budget_order(workspace.budgets)
        except Refusal as refusal:
            yield f"{where}: budgets: {refusal.message}"


def _repeated(what: str, values: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield f"{what} {value!r} appears twice; each must be unique"
        seen.add(value)
