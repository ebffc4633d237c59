"""The pipelines of GitHub Actions and GitLab CI: what each runs, and when, run as it stands.

A test stands in for the forge: it picks the jobs of an event, gives them their variables and
secrets, and runs their shell lines with a Pulumi CLI. `pip` may use no index here, so that it fails
unless everything that requirements.txt asks for is installed.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.examples import EXAMPLES, copied, on_the_cli, slugs, variables
from harness.organization import Somebody, live_budgets
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing.stack import cli_variables

STACKS = ["dev", "prod"]
PROVIDED = {"actions/checkout@v4", "actions/setup-python@v5", "pulumi/actions@v6"}


@dataclass(frozen=True)
class Forge:
    """What a forge keeps: variables and secrets for all jobs, and the key of each environment."""

    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Job:
    """What a job runs, in which environment of the forge, and in which environment variables."""

    name: str
    environment: str
    variables: Mapping[str, str]
    commands: list[str]


Jobs = Callable[[str, str, Forge], Iterator[Job]]


def document(name: str) -> dict[str, Any]:
    """Read a pipeline; by YAML 1.2, in which `on` is a word."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(EXAMPLES / "12-ci" / name)
    return found


def of_github(event: str, stack: str, forge: Forge) -> Iterator[Job]:
    """Return the jobs that GitHub runs for a stack at an event."""
    workflow = document(".github/workflows/openrouter.yml")
    names = {"change": "pull_request", "merge": "push", "night": "schedule"}
    assert names[event] in workflow["on"]
    for name, job in workflow["jobs"].items():
        assert job["strategy"]["matrix"] == {"stack": STACKS}
        context = {"matrix.stack": stack, "github.event_name": names[event]}
        [(variable, value)] = re.findall(r"^([\w.]+) == '(\w+)'$", job["if"])
        if context[variable] != value:
            continue
        assert {step["uses"] for step in job["steps"] if "uses" in step} == PROVIDED
        for_all = {f"vars.{key}": value for key, value in forge.variables.items()}
        for_all |= {f"secrets.{key}": value for key, value in forge.secrets.items()}
        environment = expanded(job["environment"], context)
        context |= {**for_all, "secrets.OPENROUTER_MANAGEMENT_KEY": forge.keys[environment]}
        yield Job(
            name,
            environment,
            {
                # What stands above the jobs knows no environment.
                **{key: expanded(text, for_all) for key, text in workflow["env"].items()},
                **{key: expanded(text, context) for key, text in job["env"].items()},
            },
            [expanded(step["run"], context) for step in job["steps"] if "run" in step],
        )


def expanded(text: str, context: Mapping[str, str]) -> str:
    """Fill in the expressions of a text."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: context[found[1]], text)


def of_gitlab(event: str, stack: str, forge: Forge) -> Iterator[Job]:
    """Return the jobs that GitLab runs for a stack at an event."""
    pipeline = document(".gitlab-ci.yml")
    predefined = {
        "change": {"CI_PIPELINE_SOURCE": "merge_request_event"},
        "merge": {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
        "night": {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
    }[event] | {"CI_DEFAULT_BRANCH": "main"}
    for name, own in pipeline.items():
        if name.startswith("."):
            continue
        job = merged(pipeline[own["extends"]], own)
        assert job["parallel"]["matrix"] == [{"STACK": STACKS}]
        context = {"STACK": stack, **predefined}
        if not any(holds(rule["if"], context) for rule in job["rules"]):
            continue
        environment = job["environment"]["name"].replace("$STACK", stack)
        yield Job(
            name,
            environment,
            {
                **context,
                **forge.variables,
                **forge.secrets,
                "OPENROUTER_MANAGEMENT_KEY": forge.keys[environment],
            },
            [*job["before_script"], *job["script"]],
        )


def merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge a job into what it extends: mappings key by key, anything else as a whole."""
    both = {key: merged(base[key], own[key]) for key in own if isinstance(base.get(key), dict)}
    return {**base, **own, **both}


def holds(rule: str, context: Mapping[str, str]) -> bool:
    """Evaluate a rule, which compares variables with texts or with each other."""

    def value(word: str) -> str | None:
        return context.get(word[1:]) if word.startswith("$") else word.strip('"')

    sides = [part.split(" == ") for part in rule.split(" && ")]
    return all(value(left) == value(right) for left, right in sides)


JOBS = pytest.mark.parametrize(
    "jobs", [pytest.param(of_github, id="github"), pytest.param(of_gitlab, id="gitlab")]
)


@JOBS
@pytest.mark.parametrize(
    ("event", "name", "command"),
    [
        ("change", "preview", "pulumi preview --diff --stack {}"),
        ("merge", "up", "pulumi up --yes --stack {}"),
        ("night", "drift", "pulumi preview --refresh --expect-no-changes --diff --stack {}"),
    ],
)
@pytest.mark.parametrize("stack", STACKS)
def test_each_event_has_its_job(
    jobs: Jobs, event: str, name: str, command: str, stack: str
) -> None:
    """An event runs one job for a stack, with the key of that stack's environment."""
    elsewhere = {"PULUMI_BACKEND_URL": "file://."}
    keys = keys_of({one: f"sk-or-mgmt-{one}" for one in STACKS})
    [job] = jobs(event, stack, Forge(elsewhere, {"PULUMI_CONFIG_PASSPHRASE": ""}, keys))
    assert job.name == name
    assert job.variables["OPENROUTER_MANAGEMENT_KEY"] == f"sk-or-mgmt-{stack}"
    last = job.commands[-1].replace("$STACK", job.variables.get("STACK", ""))
    assert (job.commands[0], last) == (
        "pip install -r requirements.txt",
        command.format(stack),
    )


def keys_of(stacks: Mapping[str, str]) -> dict[str, str]:
    """Return the key of each environment: that of its stack, also for GitHub's nightly job."""
    return {**stacks, **{f"{stack}-drift": key for stack, key in stacks.items()}}


@pytest.mark.parametrize("event", ["change", "merge", "night"])
@pytest.mark.parametrize("stack", STACKS)
def test_reviewers_of_an_environment_do_not_stop_the_night(event: str, stack: str) -> None:
    """GitHub's nightly job has an environment of its own; the others are in that of the stack."""
    forge = Forge(
        {"PULUMI_BACKEND_URL": "file://."},
        {"PULUMI_CONFIG_PASSPHRASE": ""},
        keys_of(dict.fromkeys(STACKS, "sk-or-mgmt")),
    )
    [job] = of_github(event, stack, forge)
    assert job.environment == (f"{stack}-drift" if event == "night" else stack)


def test_only_the_main_branch_is_deployed() -> None:
    """GitHub starts at no push to another branch, and two merges deploy one after the other."""
    workflow = document(".github/workflows/openrouter.yml")
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert workflow["jobs"]["up"]["concurrency"] == "openrouter-${{ matrix.stack }}"
    assert workflow["permissions"] == {"contents": "read"}
    elsewhere = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "wip"}
    pipeline = document(".gitlab-ci.yml")
    for name in ("preview", "up", "drift"):
        [rule] = pipeline[name]["rules"]
        assert not holds(rule["if"], {**elsewhere, "CI_DEFAULT_BRANCH": "main"})


@pytest.fixture
def organizations() -> Iterator[dict[str, Sandbox]]:
    """Run an organization for each stack, each with a key of its own."""
    with Sandbox(key="sk-or-mgmt-dev") as dev, Sandbox(key="sk-or-mgmt-prod") as prod:
        yield {"dev": dev, "prod": prod}


@on_the_cli
@JOBS
def test_a_change_goes_from_review_to_deployment(
    jobs: Jobs, tmp_path: Path, organizations: dict[str, Sandbox]
) -> None:
    """A preview makes nothing, a merge deploys each stack, and the night finds what drifted."""
    folder = copied("12-ci", tmp_path / "repository")
    backend = cli_variables(tmp_path)
    forge = Forge(
        {"PULUMI_BACKEND_URL": backend["PULUMI_BACKEND_URL"]},
        {"PULUMI_CONFIG_PASSPHRASE": ""},
        keys_of({stack: sandbox.key for stack, sandbox in organizations.items()}),
    )

    def shell(command: str, stack: str, own: Mapping[str, str]) -> tuple[int, str]:
        provided = {
            "HOME": str(tmp_path),
            "OPENROUTER_BASE_URL": organizations[stack].url,
            "PULUMI_HOME": backend["PULUMI_HOME"],
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PIP_NO_INDEX": "1",
        }
        done = subprocess.run(
            ["bash", "-e", "-c", command],  # noqa: S607 - the shell of both forges
            cwd=folder,
            env=variables({**provided, **own}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def by_hand(command: str, stack: str) -> None:
        key = {"OPENROUTER_MANAGEMENT_KEY": forge.keys[stack]}
        code, printed = shell(command, stack, {**backend, **key})
        assert code == 0, printed

    def happens(event: str, stack: str) -> tuple[int, str]:
        [job] = jobs(event, stack, forge)
        return shell("\n".join(job.commands), stack, job.variables)

    for stack in STACKS:
        by_hand(f"pulumi stack init {stack}", stack)
    code, printed = happens("change", "prod")
    assert (code, "3 to create" in printed) == (0, True), printed
    assert slugs(organizations["prod"]) == ["default"]
    for stack in STACKS:
        code, printed = happens("merge", stack)
        assert code == 0, printed
        assert slugs(organizations[stack]) == [f"chat-{stack}", "default"]
    code, printed = happens("night", "prod")
    assert code == 0, printed
    with Somebody(organizations["prod"]) as somebody:
        somebody.sets("chat-prod", monthly=9000)
    code, printed = happens("night", "prod")
    assert code != 0
    assert "monthly_usd: 9000 => 5000" in printed
    assert live_budgets(organizations["prod"], "chat-prod")["monthly"] == 9000
    by_hand("pulumi up --yes --refresh --stack prod", "prod")
    assert live_budgets(organizations["prod"], "chat-prod")["monthly"] == 5000
