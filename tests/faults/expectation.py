"""What a successful `up` has to leave at the API: the rules of the resources, said once more.

Written from the point of view of a user: what the program states is so, what the stack managed and
no program states any more is gone, and everything else is as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faults.declared import Declared, Key
from faults.driver import Recorded
from faults.random_programs import LIMITS, USER_IDS

NULLABLE = ("description", "default_provider_sort", "default_text_model", "default_image_model")
LISTS = ("io_logging_api_key_ids", "disabled_server_tools")
OPTIONAL = ("is_observability_io_logging_enabled", "io_logging_sampling_rate")
BYOK = "include_byok_in_budgets"
_UNRELATED = ("budgets", "members", BYOK, "updated_at")


@dataclass(frozen=True)
class Before:
    """What there was before a run: the workspaces at the API by id, and the stack's state."""

    workspaces: Mapping[str, Mapping[str, Any]]
    state: Mapping[Key, Recorded]
    leaving: Sequence[Recorded]

    def owned(self, kind: str, workspace_id: str, program: Sequence[Declared]) -> set[str]:
        """Return what of a workspace the stack managed: intervals, or user ids."""
        kept = {(one.key, self._place(one)) for one in program}
        owned: set[str] = set()
        for one in (*self.state.values(), *self.leaving):
            if one.key[0] == kind and one.outputs["workspace_id"] == workspace_id:
                stays = (one.key, workspace_id) in kept and one not in self.leaving
                owned |= {*_managed(one, everything=not stays)}
        return owned

    def _place(self, declared: Declared) -> str | None:
        if declared.of is not None:
            parent = self.state.get(("Workspace", declared.of))
            return parent.id if parent else None
        slug = declared.inputs.get("workspace")
        return next((id_ for id_, one in self.workspaces.items() if one["slug"] == slug), None)

    def may_stay(self, workspace_id: str, program: Sequence[Declared]) -> set[str]:
        """Return what went with a Workspace that another resource took over in the same run.

        Pulumi asks nobody to delete a part that goes with its workspace.
        """
        names = {one.key for one in program}
        gone = {key for key, one in self.state.items() if one.id == workspace_id} - names
        return {
            thing
            for one in (*self.state.values(), *self.leaving)
            if one.deleted_with in gone
            for thing in _managed(one, everything=True)
        }


def _managed(one: Recorded, *, everything: bool) -> Iterator[str]:
    whole = everything and one.outputs.get("exclusive")
    if one.key[0] == "WorkspaceMembership":
        yield from one.outputs["people"]
        yield from (member["user_id"] for member in one.outputs["members"] if whole)
    else:
        names = [f"{interval}_usd" for interval in LIMITS]
        managed = {*one.outputs["managed_inputs"]}
        yield from (
            n.removesuffix("_usd") for n in names if n in managed or (whole and n in one.outputs)
        )


def differences(
    before: Before, program: Sequence[Declared], after: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield in words whatever at the API is not as it has to be."""
    stated = {one.inputs["slug"]: one for one in program if one.kind == "Workspace"}
    ours = {one.id for key, one in before.state.items() if key[0] == "Workspace"}
    others = {one["slug"] for id_, one in before.workspaces.items() if id_ not in ours}
    slugs = [one["slug"] for one in after]
    if sorted(slugs) != sorted({*stated, *others}):
        yield f"workspaces {sorted(slugs)}, not {sorted({*stated, *others})}"
    for one in after:
        slug = one["slug"]
        old = before.workspaces.get(one["id"], {})
        problems = _fields(stated[slug], one, old) if slug in stated else _untouched(one, old)
        parts = [part for part in program if _is_part(part, slug, stated)]
        gaps = [
            *problems,
            *_budgets(before, program, parts, one),
            *_people(before, program, parts, one),
        ]
        yield from (f"{slug}: {problem}" for problem in gaps)


def _is_part(part: Declared, slug: str, stated: Mapping[str, Declared]) -> bool:
    if part.of is not None:
        return slug in stated and stated[slug].name == part.of
    return part.inputs.get("workspace") == slug


def _fields(stated: Declared, one: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    wanted: dict[str, Any] = {name: stated.inputs.get(name) for name in ("name", *NULLABLE)}
    wanted |= {name: sorted(stated.inputs.get(name) or []) for name in LISTS}
    wanted |= {name: old[name] for name in OPTIONAL if old}
    wanted |= {name: stated.inputs[name] for name in OPTIONAL if name in stated.inputs}
    for name, value in wanted.items():
        found = sorted(one[name] or []) if name in LISTS else one[name]
        if found != value:
            yield f"{name} is {found!r}, not {value!r}"


def _untouched(one: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[str]:
    for name, value in one.items():
        if name not in _UNRELATED and value != old.get(name):
            yield f"{name} became {value!r}, and nobody wanted that"


def _limits(
    before: Before,
    program: Sequence[Declared],
    parts: Iterable[Declared],
    one: Mapping[str, Any],
) -> dict[str, float]:
    budgets = [part for part in parts if part.kind == "WorkspaceBudget"]
    stated = {
        interval: part.inputs[f"{interval}_usd"]
        for part in budgets
        for interval in LIMITS
        if f"{interval}_usd" in part.inputs
    }
    if any(part.inputs.get("exclusive") for part in budgets):
        return stated
    owned = before.owned("WorkspaceBudget", one["id"], program)
    theirs = before.workspaces.get(one["id"], {}).get("budgets", {})
    return {i: limit for i, limit in theirs.items() if i not in owned} | stated


def _budgets(
    before: Before,
    program: Sequence[Declared],
    parts: Sequence[Declared],
    one: Mapping[str, Any],
) -> Iterator[str]:
    wanted = _limits(before, program, parts, one)
    spare = before.may_stay(one["id"], program)
    found = {i: limit for i, limit in one["budgets"].items() if i in wanted or i not in spare}
    if found != wanted:
        yield f"limits {found}, not {wanted}"
    old = before.workspaces.get(one["id"], one)
    flags = [part.inputs[BYOK] for part in parts if BYOK in part.inputs]
    if one[BYOK] != [*flags, old[BYOK]][0]:
        yield f"{BYOK} is {one[BYOK]}"


def _people(
    before: Before,
    program: Sequence[Declared],
    parts: Iterable[Declared],
    one: Mapping[str, Any],
) -> Iterator[str]:
    memberships = [part for part in parts if part.kind == "WorkspaceMembership"]
    wanted = {user_id for part in memberships for user_id in part.inputs.get("user_ids", [])}
    emails = [email for part in memberships for email in part.inputs.get("emails", [])]
    wanted |= {USER_IDS[email.lower()] for email in emails}
    if not any(part.inputs.get("exclusive") for part in memberships):
        theirs = {*before.workspaces.get(one["id"], {}).get("members", [])}
        wanted |= theirs - before.owned("WorkspaceMembership", one["id"], program)
    found = {*one["members"]} - (before.may_stay(one["id"], program) - wanted)
    if not one["is_default"] and found != wanted:
        yield f"members {sorted(found)}, not {sorted(wanted)}"
