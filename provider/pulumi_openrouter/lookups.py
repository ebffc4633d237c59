"""Lookups: what exists at OpenRouter already, for programs that build on it.

Each comes in two forms, as in Pulumi's generated SDKs: a plain one that takes and gives values, and
one that takes inputs and gives an Output, which stays unknown in a preview whose inputs are. They
run in the program's own process, with the settings of the stack. The API client is imported by the
first call, so that importing the package stays cheap.

A process may run programs more than once, as one that uses the Automation API does. Each run has an
API client of its own, so nothing that one run has read is taken for the present by the next.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote

import pulumi
from pulumi.runtime import config
from pulumi.runtime.settings import get_monitor

from pulumi_openrouter.api.people import OrganizationDirectory
from pulumi_openrouter.errors import NotFoundError, OpenRouterError
from pulumi_openrouter.settings import Settings
from pulumi_openrouter.slugs import is_uuid
from pulumi_openrouter.text import fold, hide

if TYPE_CHECKING:
    from pulumi_openrouter.api.client import Client
    from pulumi_openrouter.resources.arguments import ListOf

_NO_SUCH_SLUG = (
    "If this program creates the workspace, pass its `.id` or use the resource itself. Otherwise "
    "check the id or slug, and that the key belongs to the right organization."
)

Known = TypeVar("Known")
Result = TypeVar("Result")
Found = TypeVar("Found", "WorkspaceResult", "OrganizationMemberResult")


@dataclass(frozen=True)
class WorkspaceResult:
    """A workspace as it is now; field names are the API's, times are ISO 8601 in UTC.

    Attributes:
        id: UUID.
        slug: Identifier used in URLs, unique in the organization.
        name: Display name.
        description: Description, or None.
        default_text_model: Model of text requests that name none, or None.
        default_image_model: Model of image requests that name none, or None.
        default_provider_sort: How providers are sorted, or None for OpenRouter's default.
        default_guardrail_id: UUID of the workspace's own guardrail.
        disabled_server_tools: Server tools that are disabled, or None.
        include_byok_in_budgets: Whether spend on your own provider keys counts towards budgets.
        io_logging_api_key_ids: Ids of the API keys whose requests are logged, or None for all.
        io_logging_sampling_rate: Share of requests that is logged, 0.0001 to 1.
        is_data_discount_logging_enabled: Whether OpenRouter may log data for its discount.
        is_observability_broadcast_enabled: Whether traces are sent to broadcast destinations.
        is_observability_io_logging_enabled: Whether prompts and completions are logged.
        created_at: When it was created.
        created_by: User id of the person who created it, or None.
        updated_at: When it was last changed, or None.
    """

    id: str
    slug: str | None
    name: str | None
    description: str | None
    default_text_model: str | None
    default_image_model: str | None
    default_provider_sort: str | None
    default_guardrail_id: str | None
    disabled_server_tools: tuple[str, ...] | None
    include_byok_in_budgets: bool | None
    io_logging_api_key_ids: tuple[int, ...] | None
    io_logging_sampling_rate: float | None
    is_data_discount_logging_enabled: bool | None
    is_observability_broadcast_enabled: bool | None
    is_observability_io_logging_enabled: bool | None
    created_at: str | None
    created_by: str | None
    updated_at: str | None


@dataclass(frozen=True)
class OrganizationMemberResult:
    """A person in the organization.

    Attributes:
        id: User id, such as `user_2dHF…`.
        email: Email address.
        first_name: First name, or None.
        last_name: Last name, or None.
        role: `org:admin` or `org:member`.
    """

    id: str
    email: str | None
    first_name: str | None
    last_name: str | None
    role: str | None


def get_workspace(id_or_slug: str) -> WorkspaceResult:
    """Return an existing workspace by its id (UUID) or slug.

    Raises:
        pulumi.RunError: It does not exist, or cannot be read; one line says why.
    """
    if not isinstance(id_or_slug, str):
        msg = f"id_or_slug must be the id or slug of a workspace, not {_shown(id_or_slug)}."
        raise pulumi.RunError(msg)

    def get(client: Client) -> WorkspaceResult:
        try:
            return _as(WorkspaceResult, client.workspaces.get(id_or_slug))
        except NotFoundError as error:
            if is_uuid(id_or_slug):
                raise
            raise error.with_next_step(_NO_SUCH_SLUG) from None

    return _look_up(get)


def get_workspace_output(id_or_slug: pulumi.Input[str]) -> pulumi.Output[WorkspaceResult]:
    """Return an existing workspace by its id or slug, which may be an output."""
    return pulumi.Output.from_input(id_or_slug).apply(
        lambda known: _in_thread(get_workspace, id_or_slug, known)
    )


def list_workspaces() -> list[WorkspaceResult]:
    """Return all workspaces of the organization, the default one included; all pages are read.

    Raises:
        pulumi.RunError: They cannot be read; one line says why.
    """
    return _look_up(
        lambda client: [_as(WorkspaceResult, found) for found in client.workspaces.list()]
    )


def list_workspaces_output() -> pulumi.Output[list[WorkspaceResult]]:
    """Return all workspaces of the organization as an output."""
    return pulumi.Output.from_input(asyncio.to_thread(list_workspaces))


def get_organization_members(
    emails: ListOf[str] | None = None,
) -> list[OrganizationMemberResult]:
    """Return members of the organization; all pages are read, once per run of the program.

    Args:
        emails: Whose members to return, in this order, in upper or lower case. None for everyone.

    Raises:
        pulumi.RunError: An email is not a member's, or the members cannot be read; one line says
            which and why.
    """
    wanted = None if emails is None else _texts(emails)
    members = _look_up(lambda client: client.snapshots.organization_members())
    people = {member.id: _as(OrganizationMemberResult, member) for member in members}
    if wanted is None:
        return list(people.values())
    directory = OrganizationDirectory(members)
    unknown = [f'"{fold(email, 80)}"' for email in wanted if directory.user_id(email) is None]
    if unknown:
        msg = (
            f"No member of the organization has the email {', '.join(dict.fromkeys(unknown))}. "
            "Correct it, or invite the person to the organization first."
        )
        raise pulumi.RunError(msg)
    return [people[directory.user_id(email) or ""] for email in wanted]


def get_organization_members_output(
    emails: pulumi.Input[ListOf[pulumi.Input[str]]] | None = None,
) -> pulumi.Output[list[OrganizationMemberResult]]:
    """Return members of the organization by emails that may be outputs."""
    resolved: pulumi.Output[ListOf[str] | None] = pulumi.Output.from_input(
        cast("pulumi.Input[ListOf[str] | None]", emails)  # what is inside resolves with it
    )
    return resolved.apply(lambda known: _in_thread(get_organization_members, emails, known))


async def _in_thread(look_up: Callable[[Known], Result], given: object, known: Known) -> Result:
    """Look up by an argument that is known by now; an error leaves out what `given` has secret.

    In a thread, the program's event loop goes on, and several lookups run side by side.
    """
    try:
        return await asyncio.to_thread(look_up, known)
    except pulumi.RunError as error:
        problem = str(error)
    async for secret in _secrets(given, known):
        problem = hide(problem, _forms(secret))
    raise pulumi.RunError(problem)


async def _secrets(given: object, known: object) -> AsyncIterator[str]:
    """Yield the values that the program marks as secret: all of them, or items of a list."""
    if isinstance(given, pulumi.Output):
        output: pulumi.Output[Any] = given
        if await output.is_secret():
            for value in known if isinstance(known, (list, tuple)) else [known]:
                yield str(value)
    elif isinstance(given, (list, tuple)) and isinstance(known, (list, tuple)):
        for one, value in zip(given, known, strict=True):
            async for secret in _secrets(one, value):
                yield secret


def _forms(secret: str) -> set[str]:
    """Return how an error may write a value."""
    return {
        secret,
        secret.lower(),
        repr(secret)[1:-1],
        quote(secret, safe=""),
        fold(secret),
        fold(secret, 80),
    }


def _look_up(read: Callable[[Client], Result]) -> Result:
    """Run `read` with the stack's client; what goes wrong ends the program with one line."""
    # The SDK has no public list of the stack's keys.
    keys = {*config.get_config_env(), *config.CONFIG.get()}
    try:
        settings = Settings.load(pulumi.Config("openrouter").get, os.environ, keys)
        with _client(settings) as client:
            return read(client)
    except OpenRouterError as error:
        problem = str(error)
    # Raised outside of the handler, so that no traceback of the first error is shown with it.
    raise pulumi.RunError(problem)


# One client for each run and its settings. What identifies a run is the connection to its engine,
# which Pulumi opens anew for each (so do mocks), and with which the clients go.
_clients: weakref.WeakKeyDictionary[object, dict[Settings, Client]] = weakref.WeakKeyDictionary()
_choosing = threading.Lock()


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    """Offer the client of this run; outside of any run, a client for just this lookup."""
    # Imported here because only a program that looks something up needs httpx and pydantic.
    from pulumi_openrouter.api.client import Client

    run = get_monitor()
    if run is None:
        with closing(Client(settings)) as client:
            yield client
        return
    with _choosing:
        clients = _clients.setdefault(run, {})
        if settings not in clients:
            clients[settings] = Client(settings)
            weakref.finalize(run, clients[settings].close)
    yield clients[settings]


def _texts(emails: object) -> list[str]:
    """Return the emails as a list, or refuse in one line what cannot be one."""
    if isinstance(emails, str):
        msg = f'emails must be a list of emails: ["{fold(emails, 80)}"], not a string.'
        raise pulumi.RunError(msg)
    if isinstance(emails, (pulumi.Output, Mapping)) or not isinstance(emails, Iterable):
        msg = f"emails must be a list of emails, not {_shown(emails)}."
        raise pulumi.RunError(msg)
    texts = list(emails)
    for index, email in enumerate(texts):
        if not isinstance(email, str):
            msg = f"emails must be a list of emails, but emails[{index}] is {_shown(email)}."
            raise pulumi.RunError(msg)
    return texts


def _shown(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, pulumi.Output):
        return "an output: use the function of the same name that ends in _output"
    return f"a {type(value).__name__}"


def _as(result: type[Found], model: object) -> Found:
    """Copy the fields of an API model; the API's classes stay out of the package's surface."""
    return result(**{field.name: getattr(model, field.name) for field in fields(result)})
