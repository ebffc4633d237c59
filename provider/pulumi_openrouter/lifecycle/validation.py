"""The rules that inputs keep, as pydantic models: one for each resource.

`check` sends every input through here before anything is planned, so a mistake is seen in the
preview. A reason says the rule and the way out; the Pulumi CLI prints resource, property and value
in front of it. What a preview does not know yet is left out and validated when it is known.
"""

from __future__ import annotations

from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from pulumi_openrouter.lifecycle import rules
from pulumi_openrouter.lifecycle.base import is_unknown, known_items
from pulumi_openrouter.lifecycle.budget_steps import INTERVALS, usd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Name = Annotated[StrictStr, AfterValidator(rules.name)]
_Slug = Annotated[StrictStr, AfterValidator(rules.slug)]
_Workspace = Annotated[StrictStr, AfterValidator(rules.workspace)]
_Token = Annotated[StrictStr, AfterValidator(rules.token)]
_KeyId = Annotated[StrictInt, BeforeValidator(rules.whole)]
_Limit = Annotated[StrictFloat, Field(allow_inf_nan=False), AfterValidator(rules.limit)]
_Rate = Annotated[StrictFloat, Field(allow_inf_nan=False), AfterValidator(rules.sampling_rate)]
_Sort = Annotated[StrictStr, AfterValidator(rules.provider_sort)]


_SWITCHES = ("adopt", "exclusive", "skip_missing")


class _Inputs(BaseModel):
    model_config = ConfigDict(extra="forbid")

    required: ClassVar[tuple[str, ...]] = ("workspace",)

    def canonical(self) -> dict[str, Any]:
        """Return what was given, in the form in which it is compared and stored."""
        inputs = self.model_dump(exclude_unset=True, exclude_none=True)
        # False is what these switches are when left out.
        switched_off = [name for name in _SWITCHES if inputs.get(name) is False]
        return {name: value for name, value in inputs.items() if name not in switched_off}

    def problems(
        self,
        unknown: frozenset[str],  # noqa: ARG002
        before: Mapping[str, Any],  # noqa: ARG002
    ) -> Iterator[tuple[str, str]]:
        """Yield what is wrong between inputs, each as the property and the reason.

        Args:
            unknown: The inputs that a preview does not know, in whole or in part.
            before: The inputs of the last run, empty for a resource that is new.
        """
        return iter(())


class _WorkspaceInputs(_Inputs):
    required: ClassVar[tuple[str, ...]] = ("name", "slug")

    name: _Name | None = None
    slug: _Slug | None = None
    description: Annotated[StrictStr, AfterValidator(rules.description)] | None = None
    default_text_model: _Token | None = None
    default_image_model: _Token | None = None
    default_provider_sort: _Sort | None = None
    is_observability_io_logging_enabled: StrictBool | None = None
    is_observability_broadcast_enabled: StrictBool | None = None
    is_data_discount_logging_enabled: StrictBool | None = None
    io_logging_sampling_rate: _Rate | None = None
    io_logging_api_key_ids: Annotated[list[_KeyId], AfterValidator(rules.distinct)] | None = None
    disabled_server_tools: Annotated[list[_Token], AfterValidator(rules.distinct)] | None = None
    adopt: StrictBool | None = None

    def canonical(self) -> dict[str, Any]:
        inputs = super().canonical()
        # To the API an empty list of tools and none are the same.
        if not inputs.get("disabled_server_tools", True):
            del inputs["disabled_server_tools"]
        return inputs


class _WorkspaceBudgetInputs(_Inputs):
    workspace: _Workspace | None = None
    daily_usd: _Limit | None = None
    weekly_usd: _Limit | None = None
    monthly_usd: _Limit | None = None
    lifetime_usd: _Limit | None = None
    include_byok_in_budgets: StrictBool | None = None
    exclusive: StrictBool | None = None

    def problems(
        self, unknown: frozenset[str], before: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        names = [f"{i}_usd" for i in INTERVALS]
        limits = self.model_dump(include={*names}, exclude_none=True)
        # With ignore_changes, a limit that somebody has deleted stays away: the inputs that a
        # refresh has found are passed again.
        ignored = bool(before) and not any(name in before for name in names)
        if not limits and not unknown.intersection(names) and not ignored:
            yield (
                "monthly_usd",
                "a WorkspaceBudget sets at least one limit; pass daily_usd, weekly_usd, "
                "monthly_usd or lifetime_usd, or remove the resource",
            )
        # Narrow before broad, as the fields stand; one pair is enough to go on with.
        for narrow, broad in combinations(limits, 2):
            if limits[narrow] >= limits[broad]:
                yield (
                    narrow,
                    f"limits strictly decrease from lifetime to daily, but {narrow} "
                    f"({usd(limits[narrow])}) is not less than {broad} ({usd(limits[broad])}); "
                    f"lower {narrow} or raise {broad}",
                )
                return


class _WorkspaceMembershipInputs(_Inputs):
    workspace: _Workspace | None = None
    user_ids: (
        Annotated[
            list[Annotated[StrictStr, AfterValidator(rules.user_id)]],
            AfterValidator(rules.distinct),
        ]
        | None
    ) = None
    emails: (
        Annotated[
            list[Annotated[StrictStr, AfterValidator(rules.email)]],
            AfterValidator(rules.distinct),
        ]
        | None
    ) = None
    exclusive: StrictBool | None = None
    skip_missing: StrictBool | None = None

    def problems(
        self, unknown: frozenset[str], before: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        given = {"user_ids": self.user_ids, "emails": self.emails}
        named = [name for name, people in given.items() if people is not None or name in unknown]
        if len(named) != 1:
            yield (
                "emails" if named else "user_ids",
                "a WorkspaceMembership takes either user_ids or emails; "
                + ("remove one of the two lists" if named else "pass one of the two lists"),
            )
            return
        # With ignore_changes, an empty list that a refresh has found is passed again.
        ignored = before.get(named[0]) == []
        maybe = unknown & {*named, "exclusive"}
        if not (given[named[0]] or self.exclusive or maybe or ignored):
            yield (
                named[0],
                "the list is empty; name at least one person, remove the resource, or set "
                "exclusive=True to have nobody in the workspace",
            )


_TYPES = {
    "string_type": "a string",
    "bool_type": "True or False",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
}
"""How a person calls the types that pydantic asks for."""

_KINDS = {
    "NoneType": "None",
    "bool": "True or False",
    "dict": "a mapping",
    "float": "a number",
    "int": "a number",
    "list": "a list",
    "str": "a string",
}
"""How a person calls the types that Pulumi carries; every number arrives as a float."""

_MODELS: dict[str, type[_Inputs]] = {
    "WorkspaceProvider": _WorkspaceInputs,
    "WorkspaceBudgetProvider": _WorkspaceBudgetInputs,
    "WorkspaceMembershipProvider": _WorkspaceMembershipInputs,
}


def validate(
    provider: str, news: dict[str, Any], before: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the inputs in canonical form, and the problems as property and reason.

    Unknown values are passed through; of a list that is known in part, the known part is
    validated.
    """
    unknown = {name: value for name, value in news.items() if is_unknown(value)}
    known = {name: value for name, value in news.items() if name not in unknown}
    known |= {name: items for name, value in unknown.items() if (items := known_items(value))}
    model = _MODELS[provider]
    absent = [(name, "a value is required") for name in model.required if name not in news]
    try:
        inputs = model.model_validate(known)
    except ValidationError as error:
        return {}, absent + [_problem(details) for details in error.errors(include_url=False)]
    return inputs.canonical() | unknown, absent + list(inputs.problems(frozenset(unknown), before))


def _problem(details: Any) -> tuple[str, str]:
    cause = details.get("ctx", {}).get("error")
    reason = str(cause) if isinstance(cause, ValueError) else _type_problem(details)
    return str(details["loc"][0]), reason


def _type_problem(details: Any) -> str:
    """Return what type a value must have and which it has; the value may be secret."""
    if details["type"] not in _TYPES:
        # The type is right, but the number is not finite.
        return str(details["msg"]).replace("Input should be", "must be", 1)
    wanted = _TYPES[details["type"]]
    found = type(details["input"]).__name__
    kind = _KINDS.get(found, found)
    item = " (an item of the list)" if len(details["loc"]) > 1 else ""
    return f"must be {wanted}, not {kind}{item}"
