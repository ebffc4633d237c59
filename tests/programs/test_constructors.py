"""Programs in this process, under Pulumi's mocks, with our providers behind them.

Whole programs on an engine prove more, and are what the other tests here run. These prove in
milliseconds what a constructor tells its provider, what it refuses, and what can be read from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, ClassVar

import pulumi
import pytest
from pulumi.runtime import config, rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import set_root_resource

import pulumi_openrouter as openrouter
from harness.organization import Somebody, live
from harness.process import InputError, ProviderProcess
from harness.providers import travel
from harness.token_resource import Token
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI = "jane.doe@example.com", "ravi.patel@example.com"
ID = "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001"
Program = Callable[[], object]
Run = Callable[..., dict[str, dict[str, Any]]]


def as_any(value: object) -> Any:
    """Pass a value that the types forbid."""
    return value


class Registrations(pulumi.runtime.Mocks):
    """Does what is registered, and keeps the inputs as they were sent, by kind and name."""

    def __init__(self, process: ProviderProcess) -> None:
        self.sent: dict[str, dict[str, Any]] = {}
        self._providers = process.providers

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Check and create a resource, or read it where the program only gets it."""
        kind = args.typ.rpartition(":")[2]
        if kind not in self._providers:
            return f"{args.name}-id", {}
        # What a program marks as secret arrives wrapped, for a provider that does not take secrets.
        plain = {name: rpc.unwrap_rpc_secret(value) for name, value in args.inputs.items()}
        inputs = travel(plain)
        self.sent[f"{kind}::{args.name}"] = inputs
        provider = self._providers[kind]
        if args.resource_id:
            return args.resource_id, travel(provider.read(args.resource_id, {}).outs or {})
        checked = provider.check({}, inputs)
        if checked.failures:
            raise InputError(*(one.reason for one in checked.failures))
        created = provider.create(travel(checked.inputs))
        return created.id, travel(created.outs or {})

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """Offer no functions."""
        raise NotImplementedError(args)


@contextmanager
def an_event_loop() -> Iterator[None]:
    """Give this thread an event loop; Pulumi's mocks would make one, and never close it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class Monitor(MockMonitor):
    """Keeps beside the mocks which resources and outputs have marks that mocks are not told."""

    protected: ClassVar[set[str]] = set()
    secret_outputs: ClassVar[dict[str, list[str]]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol names it
        """Register a resource, in a thread."""
        if request.protect:
            self.protected.add(request.name)
        self.secret_outputs[request.name] = [*request.additionalSecretOutputs]
        with an_event_loop():
            return super().RegisterResource(request)  # type: ignore[no-untyped-call] # the SDK's

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the protocol names it
        """Read a resource, in a thread."""
        with an_event_loop():
            return super().ReadResource(request)  # type: ignore[no-untyped-call] # the SDK's


@pytest.fixture
def run(sandbox: Sandbox) -> Iterator[Run]:
    """Run programs of the stack `dev`; return what each resource of the last one was sent."""
    config.set_all_config(
        {"openrouter:baseUrl": sandbox.url, "openrouter:managementKey": sandbox.key},
        ["openrouter:managementKey"],
    )
    process = ProviderProcess(sandbox.environment)

    def run_in(program: Program, stack: str = "dev") -> dict[str, dict[str, Any]]:
        process.begin_run()
        mocks = Registrations(process)
        # As in a new process: Pulumi's mocks go on with the stack resource of an earlier run.
        set_root_resource(as_any(None))
        pulumi.runtime.set_mocks(mocks, "acme", stack, monitor=Monitor(mocks))
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call] # the SDK's
        return mocks.sent

    with an_event_loop():
        yield run_in
        set_root_resource(as_any(None))
        pulumi.runtime.configure(pulumi.runtime.Settings("acme", "dev"))
    config.set_all_config({})
    process.close()


def hints(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what a constructor tells beside its inputs."""
    found: dict[str, Any] = sent["__hints"]
    return found


def values(**outputs: pulumi.Output[Any]) -> pulumi.Output[dict[str, Any]]:
    """Return one output of many."""
    return pulumi.Output.all(**outputs)


def test_every_output_can_be_read(run: Run, sandbox: Sandbox) -> None:
    """A program reads from each resource all that its state holds, under the same names."""
    found: dict[str, Any] = {}

    def program() -> pulumi.Output[None]:
        acme = openrouter.Workspace("acme", description="Production")
        budget = openrouter.WorkspaceBudget("acme", workspace=acme, daily_usd=1)
        membership = openrouter.WorkspaceMembership("acme", workspace=acme, emails=[JANE])
        resources = {type(one).__name__: one for one in (acme, budget, membership)}
        return values(
            **{
                f"{kind}.{name}": getattr(resource, name)
                for kind, resource in resources.items()
                for name, member in vars(type(resource)).items()
                if isinstance(member, property)
            },
            workspace_id=budget.workspace_id,
            jane=membership.members.apply(
                lambda people: [[one.user_id, one.role, one.created_at] for one in people]
            ),
        ).apply(found.update)

    run(program)
    acme = live(sandbox, "acme-dev")
    outputs = {name: value for name, value in found.items() if name.startswith("Workspace.")}
    assert outputs == {name: acme[name.partition(".")[2]] for name in outputs}
    assert found["workspace_id"] == found["WorkspaceBudget.workspace"] == acme["id"]
    assert found["WorkspaceBudget.daily_usd"] == 1
    assert found["WorkspaceBudget.monthly_usd"] is None
    [[id_, role, created_at]] = found["jane"]
    assert (id_, role) == (user_id(JANE), "admin")
    assert created_at.endswith("Z")
    assert found["WorkspaceMembership.people"] == {user_id(JANE): JANE}
    assert found["WorkspaceMembership.emails"] == [JANE]


def test_what_exists_is_read_by_id_and_by_slug(
    run: Run, sandbox: Sandbox, somebody: Somebody
) -> None:
    """`get` takes either, also as an output, and creates nothing."""
    id_ = somebody.creates("theirs")
    somebody.sets(id_, daily=1)
    somebody.adds(id_, user_id(RAVI))
    sandbox.clear_requests()
    found: dict[str, Any] = {}

    def program() -> pulumi.Output[None]:
        by_slug = openrouter.Workspace.get("by-slug", "theirs")
        return values(
            by_slug=by_slug.id,
            by_id=openrouter.Workspace.get("by-id", id_.upper()).slug,
            by_output=openrouter.Workspace.get("by-output", pulumi.Output.from_input("theirs")).id,
            daily=openrouter.WorkspaceBudget.get("budget", by_slug).daily_usd,
            people=openrouter.WorkspaceMembership.get("people", "theirs").user_ids,
        ).apply(found.update)

    run(program)
    assert found == {
        "by_slug": id_,
        "by_id": "theirs",
        "by_output": id_,
        "daily": 1,
        "people": [user_id(RAVI)],
    }
    assert sandbox.requests(writes_only=True) == []


def test_names_and_slugs_have_defaults(run: Run) -> None:
    """The name is that of the resource, and the slug is made of it and the stack's name."""
    sent = run(lambda: openrouter.Workspace("Research & Co"))["Workspace::Research & Co"]
    assert (sent["name"], sent["slug"]) == ("Research & Co", "research-co-dev")
    assert hints(sent)["left_out"] == ["name"]
    given = run(lambda: openrouter.Workspace("x", name="X", slug="x"))["Workspace::x"]
    assert "left_out" not in hints(given)


def test_a_slug_that_cannot_be_made_has_to_be_passed(run: Run) -> None:
    """Where neither the name nor the stack has a letter or digit, the message says so."""

    with pytest.raises(pulumi.RunError, match="pass one, such as slug="):
        run(lambda: openrouter.Workspace("…"), stack="…")


async def soon(value: Any) -> Any:
    """Return a value a moment later, as an awaitable input does."""
    await asyncio.sleep(0)
    return value


def test_inputs_are_of_any_type_that_can_be_carried(run: Run) -> None:
    """Decimals, tuples, sets, generators, outputs and awaitables arrive as numbers and lists."""

    def program() -> None:
        acme = openrouter.Workspace(
            "acme",
            description=soon("Production"),
            io_logging_sampling_rate=Decimal("0.25"),  # type: ignore[arg-type]
            io_logging_api_key_ids=(7, pulumi.Output.from_input(42)),
        )
        emails = (email for email in [JANE])
        openrouter.WorkspaceMembership("acme", workspace=acme, emails=emails)  # type: ignore[call-overload]
        openrouter.WorkspaceBudget("acme", workspace=soon("default"), daily_usd=1)

    sent = run(program)
    acme = sent["Workspace::acme"]
    assert acme["description"] == "Production"
    assert acme["io_logging_sampling_rate"] == 0.25
    assert acme["io_logging_api_key_ids"] == [7, 42]
    assert sent["WorkspaceMembership::acme"]["emails"] == [JANE]
    assert sent["WorkspaceBudget::acme"]["workspace"] == "default"


REFUSED: dict[str, tuple[Program, str]] = {
    "no-name": (lambda: openrouter.Workspace(""), "the name of the resource, a string, not an emp"),
    "name-of-another-type": (lambda: openrouter.Workspace(as_any(7)), "a string, not 7"),
    "options-of-another-type": (
        lambda: openrouter.Workspace("a", as_any({"protect": True})),
        "the second argument is pulumi.ResourceOptions, not dict; pass inputs by keyword",
    ),
    "import": (
        lambda: openrouter.Workspace("a", pulumi.ResourceOptions(import_=ID)),
        "import_ does not work for dynamic resources",
    ),
    "a-resource": (
        lambda: openrouter.Workspace("a", name=as_any(openrouter.Workspace("b"))),
        'Workspace "a": name must not be a resource; pass one of its outputs',
    ),
    "half-a-character": (lambda: openrouter.Workspace("a", name="\ud800"), "half of a surrogate"),
    "a-huge-number": (
        lambda: openrouter.Workspace("a", io_logging_sampling_rate=10**400),
        "is too large for a number",
    ),
    "a-number-that-is-not-exact": (
        lambda: openrouter.Workspace("a", io_logging_api_key_ids=[2**53 + 1]),
        "io_logging_api_key_ids[0] is too large to be exact",
    ),
    "no-number": (
        lambda: openrouter.WorkspaceBudget("a", workspace="b", daily_usd=as_any(Decimal("NaN"))),
        "daily_usd must be a number that is finite, not NaN",
    ),
    "a-mapping": (
        lambda: openrouter.Workspace("a", name=as_any({})),
        "name has a value of type dict, which no input can have",
    ),
    "no-workspace": (
        lambda: openrouter.WorkspaceBudget("a", workspace=as_any(None), daily_usd=1),
        "workspace must be a Workspace, or the id or slug of one, not None",
    ),
    "workspace-of-another-type": (
        lambda: openrouter.WorkspaceBudget("a", workspace=as_any(7), daily_usd=1),
        "or the id or slug of one, not a int",
    ),
    "get-of-nothing": (
        lambda: openrouter.Workspace.get("a", ""),
        'Workspace.get "a": the id or slug of a workspace is required, but nothing was passed',
    ),
    "get-of-another-type": (
        lambda: openrouter.Workspace.get("a", as_any(7)),
        "is required, but int was passed",
    ),
}


@pytest.mark.parametrize(("program", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_of_no_use_ends_the_program(run: Run, program: Program, says: str) -> None:
    """One line names the resource and what is wrong, before anything is registered."""
    with pytest.raises(pulumi.RunError) as failure:
        run(program)
    assert says in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_key_in_plain_text_ends_the_program(run: Run, sandbox: Sandbox) -> None:
    """The stack config would carry it into the state, so the first resource says what to do."""

    def program() -> None:
        config.set_all_config({"openrouter:managementKey": sandbox.key}, [])
        openrouter.Workspace("a")

    with pytest.raises(pulumi.RunError, match="pulumi config set --secret") as failure:
        run(program)
    assert sandbox.key not in str(failure.value)


def test_a_provider_learns_which_inputs_are_secret(run: Run) -> None:
    """Of outputs, those that are secret are named; a list is secret if one item is."""

    def program() -> None:
        acme = openrouter.Workspace(
            "acme", name=pulumi.Output.from_input("Acme"), description=pulumi.Output.secret("x")
        )
        emails: list[pulumi.Input[str]] = [JANE, pulumi.Output.secret(RAVI)]
        openrouter.WorkspaceMembership("acme", workspace=acme, emails=emails)

    sent = run(program)
    assert hints(sent["Workspace::acme"])["secrets"] == ["description"]
    assert hints(sent["WorkspaceMembership::acme"])["secrets"] == ["emails"]


def test_a_provider_learns_what_siblings_claim(run: Run) -> None:
    """A budget is sent the limits of the others of its workspace, and of no other workspace."""

    def program() -> None:
        acme, other = openrouter.Workspace("acme"), openrouter.Workspace("other")
        openrouter.WorkspaceBudget("one", workspace=acme, daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace=acme, monthly_usd=9)
        openrouter.WorkspaceBudget("three", workspace=other, weekly_usd=5)
        openrouter.WorkspaceMembership("one", workspace=acme, emails=[JANE.upper()])
        openrouter.WorkspaceMembership("two", workspace=acme, user_ids=[user_id(RAVI)])
        component = pulumi.ComponentResource("acme:teams:Team", "red")
        within = pulumi.ResourceOptions(parent=component)
        openrouter.WorkspaceBudget("four", within, workspace=acme, lifetime_usd=90)

    sent = run(program)

    def claims(key: str) -> list[list[str]]:
        """Return what the others claim, by the name that goes with the token of each."""
        tokens = {hints(one)["token"]: name for name, one in sent.items() if "token" in hints(one)}
        kind = key.partition("::")[0]
        found = hints(sent[key])["siblings"]
        assert all(tokens[token] == f"{kind}::{name}" for token, name, *_ in found)
        return sorted([name, *things] for _, name, *things in found)

    assert claims("WorkspaceBudget::one") == [["four", "lifetime_usd"], ["two", "monthly_usd"]]
    assert claims("WorkspaceBudget::three") == []
    assert claims("WorkspaceMembership::two") == [["one", JANE]]
    assert claims("WorkspaceMembership::one") == [["two", user_id(RAVI)]]
    assert hints(sent["WorkspaceBudget::four"])["owner"] == "acme:teams:Team$WorkspaceBudget::four"
    assert [name for name, *_ in claims("WorkspaceBudget::four")] == ["one", "two"]


def test_an_output_that_is_declared_secret_is_registered_as_one(run: Run) -> None:
    """Beside those that the program asks for itself."""

    def program() -> None:
        more = pulumi.ResourceOptions(additional_secret_outputs=["label"])
        Token("ci", more, label="a", size=16)
        openrouter.Workspace("acme")

    run(program)
    assert Monitor.secret_outputs["ci"] == ["label", "value"]
    assert Monitor.secret_outputs["acme"] == []


def test_a_provider_learns_former_names(run: Run) -> None:
    """Aliases of a resource or its parent are owners that a state may still have."""
    type_ = "pulumi-python:dynamic/openrouter:Workspace"
    urn = f"urn:pulumi:dev::acme::{type_}::old"

    def program() -> None:
        aliases: list[pulumi.Input[str | pulumi.Alias]] = [
            urn,
            pulumi.Alias(name="older"),
            pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE),
            pulumi.create_urn("oldest", type_),
            pulumi.Output.from_input("later").apply(lambda name: pulumi.Alias(name=name)),
        ]
        openrouter.Workspace("acme", pulumi.ResourceOptions(aliases=aliases))
        component = pulumi.ComponentResource("acme:teams:Team", "red")
        within = pulumi.ResourceOptions(
            parent=component,
            aliases=[pulumi.Alias(name="older"), pulumi.Alias(parent=None)],
        )
        openrouter.Workspace("red", within)
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_="acme:teams:Team")])
        squad = pulumi.ComponentResource("acme:teams:Squad", "blue", opts=renamed)
        openrouter.Workspace("blue", pulumi.ResourceOptions(parent=squad))

    sent = run(program)
    assert hints(sent["Workspace::acme"])["former"] == [
        "Workspace::old",
        "Workspace::older",
        "Workspace::acme",
        "Workspace::oldest",
        "Workspace::later",
    ]
    assert hints(sent["Workspace::red"])["former"] == [
        "acme:teams:Team$Workspace::older",
        "Workspace::red",
    ]
    assert hints(sent["Workspace::blue"])["owner"] == "acme:teams:Squad$Workspace::blue"
    assert hints(sent["Workspace::blue"])["former"] == ["acme:teams:Team$Workspace::blue"]


def test_a_provider_learns_whose_workspace_it_is_and_whether_that_stays(run: Run) -> None:
    """A part of a workspace of the program names its owner, and a retained one is marked."""

    def program() -> None:
        retained = pulumi.ResourceOptions(retain_on_delete=True)
        openrouter.WorkspaceBudget("a", workspace=openrouter.Workspace("a"), daily_usd=1)
        kept = openrouter.Workspace("b", retained)
        openrouter.WorkspaceBudget("b", workspace=kept, daily_usd=1)

    sent = run(program)
    assert hints(sent["WorkspaceBudget::a"])["workspace"] == "Workspace::a"
    assert "retained" not in hints(sent["WorkspaceBudget::a"])
    assert hints(sent["WorkspaceBudget::b"])["retained"] is True


def test_parts_of_a_protected_workspace_are_protected(run: Run) -> None:
    """Unless the program says no, a destroy cannot strip a workspace that it will not delete."""

    def program() -> None:
        protected = pulumi.ResourceOptions(protect=True, delete_before_replace=False)
        acme = openrouter.Workspace("acme", protected)
        free = pulumi.ResourceOptions(protect=False)
        openrouter.WorkspaceBudget("by-default", workspace=acme, daily_usd=1)
        openrouter.WorkspaceBudget("said-no", free, workspace=acme, weekly_usd=5)

    Monitor.protected.clear()
    run(program)
    assert Monitor.protected == {"acme", "by-default"}
