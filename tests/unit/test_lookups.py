"""Lookups: what a program learns of what exists, and the one line it ends with otherwise."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import FrozenInstanceError, fields
from inspect import getdoc
from typing import Any, TypeVar
from urllib.parse import quote

import pulumi
import pytest
from pulumi.runtime import config

from pulumi_openrouter import lookups
from pulumi_openrouter.api.models import OrganizationMember, Workspace
from pulumi_openrouter.sandbox import Sandbox

Value = TypeVar("Value")


class Engine:
    """Stands for the connection to the engine that each run of a program has; nobody calls it."""


@pytest.fixture(autouse=True)
def stack_config(sandbox: Sandbox) -> None:
    """Let the stack's config point to the sandbox."""
    values = {"openrouter:baseUrl": sandbox.url, "openrouter:managementKey": sandbox.key}
    config.set_all_config(values, ["openrouter:managementKey"])


@pytest.fixture(autouse=True)
def new_run() -> Iterator[Callable[[], None]]:
    """Begin a run of a program, and offer to begin another one in the same process."""

    def begin() -> None:
        connection = Engine()
        pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack", monitor=connection))

    begin()
    yield begin
    no_run()


def no_run() -> None:
    """Leave the run: what comes next is outside of any."""
    pulumi.runtime.configure(pulumi.runtime.Settings("project", "stack"))


def run(output: Callable[[], pulumi.Output[Value]]) -> tuple[bool, Value | None]:
    """Make an output on an event loop; tell whether it is known, and its value."""

    async def resolve() -> tuple[bool, Value | None]:
        made = output()
        return await made.is_known(), await made.future()

    return asyncio.run(resolve())


def as_any(value: object) -> Any:
    """Pass a value that the types forbid."""
    return value


def unknown() -> pulumi.Output[str]:
    """Make an output that a preview does not know."""

    async def give(value: Value) -> Value:
        return value

    def soon(value: Value) -> Awaitable[Value]:
        return asyncio.ensure_future(give(value))

    no_resources: set[pulumi.Resource] = set()
    return pulumi.Output(soon(no_resources), soon(""), soon(False))


@pytest.mark.parametrize("by", ["id", "slug"])
def test_a_workspace_is_found_by_id_and_by_slug(sandbox: Sandbox, by: str) -> None:
    """A lookup gives every field of the workspace, in one request."""
    default = sandbox.state()["workspaces"][0]
    found = lookups.get_workspace(default[by])
    assert (found.id, found.slug, found.io_logging_sampling_rate) == (default["id"], "default", 1.0)
    assert sandbox.counts()["total"] == 1


def test_all_workspaces_are_listed(sandbox: Sandbox) -> None:
    """The default workspace is among them."""
    assert [found.slug for found in lookups.list_workspaces()] == ["default"]
    assert sandbox.counts()["total"] == 1


def test_everyone_of_the_organization_is_listed_once(sandbox: Sandbox) -> None:
    """All pages are read, and however many lookups there are, only once."""
    sandbox.add_organization_members(200)
    ids = {member.id for member in lookups.get_organization_members()}
    lookups.get_organization_members(["jane.doe@example.com"])
    assert len(ids) == 206
    assert sandbox.counts()["total"] == 3


def test_the_next_run_sees_who_was_invited_since(
    sandbox: Sandbox, new_run: Callable[[], None]
) -> None:
    """A process that runs programs again and again reads the organization in each of them."""
    before = len(lookups.get_organization_members())
    sandbox.add_organization_members(1)
    assert len(lookups.get_organization_members()) == before
    new_run()
    assert len(lookups.get_organization_members()) == before + 1


def test_outside_of_a_run_every_lookup_asks(sandbox: Sandbox) -> None:
    """Where no run begins and ends, nothing is kept."""
    no_run()
    before = len(lookups.get_organization_members())
    sandbox.add_organization_members(1)
    assert len(lookups.get_organization_members()) == before + 1


def test_a_run_after_an_outage_asks_again(sandbox: Sandbox, new_run: Callable[[], None]) -> None:
    """A refused key ends the lookups of its run only."""
    sandbox.add_fault(method="GET", status=401)
    for _ in range(2):
        with pytest.raises(pulumi.RunError, match=r"401|same cause as the first error"):
            lookups.list_workspaces()
    assert sandbox.counts()["total"] == 1
    new_run()
    sandbox.clear_faults()
    assert len(lookups.list_workspaces()) == 1


def test_emails_are_found_in_any_case_and_order() -> None:
    """Emails are given back as the organization has them, in the order asked for."""
    emails = [str(member.email) for member in lookups.get_organization_members()]
    asked = [email.upper() for email in reversed(emails)]
    assert [member.email for member in lookups.get_organization_members(asked)] == emails[::-1]
    assert lookups.get_organization_members([]) == []


def test_unknown_emails_are_named() -> None:
    """Whoever is not in the organization is named, and only they."""
    with pytest.raises(pulumi.RunError) as failure:
        lookups.get_organization_members(["jane.doe@example.com", "x@example.com", "y@example.com"])
    assert str(failure.value) == (
        'No member of the organization has the email "x@example.com", "y@example.com". Correct '
        "it, or invite the person to the organization first."
    )


@pytest.mark.parametrize(
    ("look_up", "problem"),
    [
        pytest.param(
            lambda: lookups.get_workspace(as_any(None)),
            "id_or_slug must be the id or slug of a workspace, not None.",
            id="no workspace",
        ),
        pytest.param(
            lambda: lookups.get_workspace(as_any(5)),
            "id_or_slug must be the id or slug of a workspace, not 5.",
            id="a number",
        ),
        pytest.param(
            lambda: lookups.get_workspace(as_any(["acme"])),
            "id_or_slug must be the id or slug of a workspace, not a list.",
            id="a list",
        ),
        pytest.param(
            lambda: lookups.get_organization_members(as_any([None])),
            "emails must be a list of emails, but emails[0] is None.",
            id="no email",
        ),
        pytest.param(
            lambda: lookups.get_organization_members(as_any(["jane@example.com", 5])),
            "emails must be a list of emails, but emails[1] is 5.",
            id="a number among emails",
        ),
        pytest.param(
            lambda: lookups.get_organization_members(as_any(5)),
            "emails must be a list of emails, not 5.",
            id="a number of emails",
        ),
        pytest.param(
            lambda: lookups.get_organization_members(as_any({"jane@example.com": 1})),
            "emails must be a list of emails, not a dict.",
            id="a map",
        ),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(
    sandbox: Sandbox, look_up: Callable[[], object], problem: str
) -> None:
    """A value of another type is named before anything is sent."""
    with pytest.raises(pulumi.RunError) as failure:
        look_up()
    assert str(failure.value) == problem
    assert sandbox.counts()["total"] == 0


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        pytest.param(
            lambda: lookups.get_workspace_output(as_any(pulumi.Output.from_input(None))),
            r"id_or_slug must be the id or slug of a workspace, not None\.",
            id="workspace",
        ),
        pytest.param(
            lambda: lookups.get_organization_members_output(
                as_any([pulumi.Output.from_input(None)])
            ),
            r"emails must be a list of emails, but emails\[0\] is None\.",
            id="people",
        ),
    ],
)
def test_an_output_that_resolves_to_nothing_is_refused_in_one_line(
    output: Callable[[], pulumi.Output[object]], problem: str
) -> None:
    """The output of another stack may be missing: the lookup says so instead of crashing."""
    with pytest.raises(pulumi.RunError, match=problem):
        run(output)


@pytest.mark.parametrize(
    "hidden", ["hidden b/c", "TOP", "x" * 90, "f00.bar", "concealed\nlines", "naïve"]
)
def test_a_secret_is_hidden_in_each_form_that_an_error_gives_it(hidden: str) -> None:
    """A path quotes what it names, and a message folds and cuts it: none of them shows a secret."""
    secret = pulumi.Output.secret
    for look_up in (
        lambda: lookups.get_workspace_output(secret(hidden)),
        lambda: lookups.get_organization_members_output([secret(hidden)]),
    ):
        with pytest.raises(pulumi.RunError) as failure:
            run(look_up)
        shown = str(failure.value)
        assert "[secret]" in shown
        for form in (hidden, hidden.split()[0], hidden[:70], quote(hidden, safe="")):
            assert form not in shown


def test_an_output_in_the_plain_form_is_sent_to_the_other_one() -> None:
    """The plain form cannot wait for an output, and names the form that can."""

    def look_up() -> pulumi.Output[object]:
        lookups.get_workspace(as_any(pulumi.Output.from_input("acme")))
        raise AssertionError

    with pytest.raises(
        pulumi.RunError, match="not an output: use the function of the same name that ends in"
    ):
        run(look_up)


def test_people_may_come_in_any_collection() -> None:
    """A set, a tuple or a generator of emails is as good as a list."""
    emails = ["jane.doe@example.com"]
    for some in (set(emails), tuple(emails), iter(emails)):
        assert len(lookups.get_organization_members(as_any(some))) == 1


def test_a_slug_of_nothing_points_to_the_resource_itself() -> None:
    """A program that looks up what it is about to create learns to pass the id instead."""
    with pytest.raises(pulumi.RunError) as failure:
        run(lambda: lookups.get_workspace_output(pulumi.Output.from_input("new-dev")))
    assert str(failure.value).endswith(
        "If this program creates the workspace, pass its `.id` or use the resource itself. "
        "Otherwise check the id or slug, and that the key belongs to the right organization."
    )
    with pytest.raises(pulumi.RunError) as failure:
        lookups.get_workspace("0ec5c9b4-6f0c-4f3e-9d56-3f1c2a4b5d6e")
    assert "If this program creates" not in str(failure.value)


def test_an_unknown_setting_ends_the_program_with_one_line(sandbox: Sandbox) -> None:
    """A typo in the stack config is refused by lookups as it is by resources."""
    config.set_all_config({"openrouter:managmentKey": sandbox.key})
    with pytest.raises(pulumi.RunError, match="did you mean openrouter:managementKey"):
        lookups.list_workspaces()


def test_one_email_instead_of_a_list_is_refused() -> None:
    """A bare string would be read letter by letter."""
    with pytest.raises(
        pulumi.RunError, match=r'emails must be a list of emails: \["jane@example\.com"\]'
    ):
        lookups.get_organization_members(as_any("jane@example.com"))


@pytest.mark.parametrize(
    ("look_up", "start"),
    [
        pytest.param(
            lambda: lookups.get_workspace("nope"),
            'reading workspace "nope": GET /workspaces/nope answered 404: Workspace not found. ',
            id="not there",
        ),
        pytest.param(
            lambda: lookups.get_workspace(".."),
            'reading workspace "..": GET /workspaces/… was not sent: ',
            id="not a name",
        ),
    ],
)
def test_a_failed_lookup_ends_the_program_with_one_line(
    look_up: Callable[[], object], start: str
) -> None:
    """Pulumi shows a RunError without a traceback; its cause is not chained to it."""
    with pytest.raises(pulumi.RunError) as failure:
        look_up()
    assert str(failure.value).startswith(start)
    assert "\n" not in str(failure.value)
    assert failure.value.__context__ is None


def test_missing_settings_end_the_program_with_one_line() -> None:
    """Without a key, the line says where one may be put."""
    config.set_all_config({})
    with pytest.raises(pulumi.RunError, match=r"^No OpenRouter management key: "):
        lookups.list_workspaces()


def test_settings_come_from_the_environment_too(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without config, the variables count."""
    config.set_all_config({})
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    assert len(lookups.list_workspaces()) == 1


@pytest.mark.parametrize(
    ("output", "plain"),
    [
        pytest.param(
            lambda: lookups.get_workspace_output(pulumi.Output.from_input("default")),
            lambda: lookups.get_workspace("default"),
            id="workspace",
        ),
        pytest.param(lookups.list_workspaces_output, lookups.list_workspaces, id="workspaces"),
        pytest.param(
            lookups.get_organization_members_output,
            lookups.get_organization_members,
            id="everyone",
        ),
        pytest.param(
            lambda: lookups.get_organization_members_output(
                [pulumi.Output.from_input("jane.doe@example.com")]
            ),
            lambda: lookups.get_organization_members(["jane.doe@example.com"]),
            id="people",
        ),
    ],
)
def test_the_output_form_gives_what_the_plain_form_gives(
    output: Callable[[], pulumi.Output[object]], plain: Callable[[], object]
) -> None:
    """Inputs may be outputs, also inside a list."""
    assert run(output) == (True, plain())


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(lambda: lookups.get_workspace_output(unknown()), id="workspace"),
        pytest.param(
            lambda: lookups.get_organization_members_output(["a@example.com", unknown()]),
            id="people",
        ),
    ],
)
def test_unknown_inputs_give_an_unknown_output(
    sandbox: Sandbox, output: Callable[[], pulumi.Output[object]]
) -> None:
    """A preview that does not know what to look up asks nobody."""
    assert run(output) == (False, None)
    assert sandbox.counts()["total"] == 0


def test_a_failed_output_raises_the_same_line() -> None:
    """The failure of an output is a RunError as well."""
    with pytest.raises(pulumi.RunError, match=r"^reading workspace"):
        run(lambda: lookups.get_workspace_output("nope"))


def test_results_cannot_be_changed() -> None:
    """What was looked up is a fact, not a setting."""
    with pytest.raises(FrozenInstanceError):
        lookups.get_workspace("default").name = "other"  # type: ignore[misc] # that is the point


@pytest.mark.parametrize(
    ("result", "model"),
    [
        (lookups.WorkspaceResult, Workspace),
        (lookups.OrganizationMemberResult, OrganizationMember),
    ],
)
def test_results_have_every_field_of_the_api_documented(
    result: type[lookups.WorkspaceResult] | type[lookups.OrganizationMemberResult],
    model: type[Workspace] | type[OrganizationMember],
) -> None:
    """A field that the API client knows is in the result, and in its docstring."""
    names: Sequence[str] = [field.name for field in fields(result)]
    assert set(names) == set(model.model_fields)
    assert all(f"\n    {name}: " in (getdoc(result) or "") for name in names)


def test_importing_lookups_loads_neither_httpx_nor_pydantic() -> None:
    """A program that imports the package does not pay for lookups that it does not make."""
    program = (
        "import sys, pulumi; before = set(sys.modules); import pulumi_openrouter.lookups; "
        "print(sorted({'httpx', 'pydantic'} & (set(sys.modules) - before)))"
    )
    run_ = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run_.stdout.decode().strip() == "[]"
