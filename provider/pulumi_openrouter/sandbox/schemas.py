"""The request bodies and parameters of the API, with its limits, enums and patterns.

FastAPI validates every request with these before a route runs. JSON types are strict (a string
"5" is not a number, and neither is true); unknown body fields are ignored, as the API does.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import unquote

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pulumi_openrouter.sandbox.refusals import supported_interval

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 100


def _whole(value: object) -> object:
    """Convert 5.0 to 5, because JSON has one type of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(text: str) -> str:
    """Refuse what is not written as a whole number; pydantic alone accepts "1_0" and "1.0"."""
    if not (text.isascii() and text.isdigit()):
        msg = "Input should be a whole number"
        raise ValueError(msg)
    return text


def _offset(text: str) -> str:
    """Read an offset of null as 0."""
    return "0" if text == "null" else _digits(text)


def _flag(text: str) -> str:
    """Refuse what is not written as a JSON boolean; pydantic alone accepts "yes" and "1"."""
    if text not in ("true", "false"):
        msg = "Input should be true or false"
        raise ValueError(msg)
    return text


def _encodable(text: str) -> str:
    """Refuse half of a surrogate pair, which JSON can escape and UTF-8 cannot encode."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        msg = "Input should be valid Unicode, without half of a surrogate pair"
        raise ValueError(msg)
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Slug = Annotated[str, Field(min_length=1, max_length=50, pattern="^[a-z0-9]+(?:-[a-z0-9]+)*$")]
ProviderSort = Literal["price", "throughput", "latency", "exacto"]
ServerTool = Literal[
    "openrouter:advisor",
    "openrouter:apply_patch",
    "openrouter:bash",
    "openrouter:datetime",
    "openrouter:fusion",
    "openrouter:image_generation",
    "openrouter:experimental__search_models",
    "openrouter:shell",
    "openrouter:subagent",
    "openrouter:tool_search",
    "openrouter:web_fetch",
    "openrouter:web_search",
]
SamplingRate = Annotated[float, Field(ge=0.0001, le=1, allow_inf_nan=False), AfterValidator(_whole)]
LimitUsd = Annotated[float, Field(gt=0, allow_inf_nan=False), AfterValidator(_whole)]
KeyIds = list[Annotated[int, BeforeValidator(_whole)]]

# The gateway leaves the path percent-encoded, so that `a%2Fb` stays one segment until here.
Segment = Annotated[str, Path(), AfterValidator(unquote)]
Interval = Annotated[str, Path(), AfterValidator(supported_interval)]
Flag = Annotated[bool, Query(), BeforeValidator(_flag)]
WorkspaceId = Annotated[str, Query(pattern="^(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$")]
Offset = Annotated[int, Query(), BeforeValidator(_offset)]
Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX), BeforeValidator(_digits)]


class Options(BaseModel):
    """What differs between accounts; a test changes it with `Sandbox.set_options`.

    `plan`: on "standard", setting a budget answers 403 and the budgets list answers 404.
    `fresh_budgets_404`: the budgets list of a workspace without budgets answers 404, as the real
    API has been seen to do. `default_workspace_deletion`: the default workspace can be deleted with
    `confirm_default_workspace_deletion=true`; without this option that answers 403.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    plan: Literal["enterprise", "standard"] = "enterprise"
    fresh_budgets_404: bool = False
    default_workspace_deletion: bool = True


class Body(BaseModel):
    """A JSON object with strict types."""

    model_config = ConfigDict(strict=True)


class WorkspaceSettings(Body):
    """The fields of a workspace that have defaults."""

    description: Annotated[str, Field(max_length=500)] | None = None
    default_text_model: Text | None = None
    default_image_model: Text | None = None
    default_provider_sort: ProviderSort | None = None
    is_observability_io_logging_enabled: bool = False
    is_observability_broadcast_enabled: bool = False
    is_data_discount_logging_enabled: bool = True
    io_logging_sampling_rate: SamplingRate = 1
    io_logging_api_key_ids: KeyIds | None = None
    disabled_server_tools: list[ServerTool] | None = None


class CreateWorkspace(WorkspaceSettings):
    """The body of POST /workspaces."""

    name: Name
    slug: Slug


class UpdateWorkspace(WorkspaceSettings):
    """The body of PATCH /workspaces/{id}: only the fields that were sent count."""

    name: Name = ""
    slug: Slug = ""


class UpsertBudget(Body):
    """The body of PUT /workspaces/{id}/budgets/{interval}; the flag is the whole workspace's."""

    limit_usd: LimitUsd
    include_byok_in_budgets: bool = False


class MemberIds(Body):
    """The body of both member operations: 1 to 100 user ids; `rules` refuses an empty list."""

    user_ids: Annotated[list[Text], Field(max_length=100)] = []
