"""The command `doctor`, in a process of its own, against a sandbox with each kind of fault."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_openrouter.sandbox import Sandbox

COMMAND = "from pulumi_openrouter.cli import main; main()"


@dataclass(frozen=True)
class Report:
    """What the command has said: its exit code and its findings by name."""

    code: int
    findings: Mapping[str, dict[str, Any]]

    def __post_init__(self) -> None:
        """Each finding that is not well says what to do next."""
        assert all(one["next"] for one in self.findings.values() if one["status"] != "ok")

    def status(self, name: str) -> str:
        """Return the status of a finding."""
        return str(self.findings[name]["status"])

    def said(self, name: str) -> str:
        """Return what a finding says, with what to do next."""
        return f"{self.findings[name]['found']} {self.findings[name]['next']}"


Run = Callable[..., "subprocess.CompletedProcess[str]"]
Examine = Callable[..., Report]


@pytest.fixture
def run(tmp_path: Path, sandbox: Sandbox) -> Run:
    """Run the command in an empty folder against the sandbox; its output never holds a key."""

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **sandbox.environment, **changes}
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "doctor", *arguments],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        for key in (sandbox.key, environment["OPENROUTER_MANAGEMENT_KEY"]):
            assert not key or key[-8:] not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def examine(run: Run, sandbox: Sandbox) -> Examine:
    """Run the command for its data, and see that it has changed nothing."""

    def examine(*arguments: str, **changes: str) -> Report:
        done = run("--json", *arguments, **changes)
        document = json.loads(done.stdout)
        assert document["ok"] == (done.returncode == 0)
        assert sandbox.requests(writes_only=True) == []
        return Report(done.returncode, {one["name"]: one for one in document["findings"]})

    return examine


@pytest.fixture
def cli(tmp_path: Path) -> Callable[[str], str]:
    """Return a PATH on which `pulumi` is a script with this text."""

    def cli(script: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "pulumi").chmod(0o755)
        return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"

    return cli


def test_where_all_is_well_it_says_what_there_is(examine: Examine, sandbox: Sandbox) -> None:
    """Key, address, workspaces, people and budgets are named, with reads of three kinds only."""
    report = examine()
    assert report.code == 0
    assert {one["status"] for name, one in report.findings.items() if name != "pulumi CLI"} == {
        "ok"
    }
    assert report.said("management key") == "from the environment: OPENROUTER_MANAGEMENT_KEY "
    assert sandbox.url in report.said("base URL")
    assert "1 workspace" in report.said("API")
    assert "6 people at example.com, and the workspace default" in report.said("organization")
    assert report.findings["budgets"]["facts"] == {"available": True}
    assert [request["path"].split("/")[1] for request in sandbox.requests()] == [
        "workspaces",
        "organization",
        "workspaces",
    ]


def test_lines_are_plain_in_a_pipe_and_colored_on_a_terminal(run: Run) -> None:
    """In a pipe, each finding is a line without colors; on a terminal there are marks."""
    plain = run()
    assert plain.returncode == 0
    assert "\x1b" not in plain.stdout
    assert "ok       API             the key works, and reads 1 workspace\n" in plain.stdout
    terminal = run(FORCE_COLOR="1", COLUMNS="200")
    assert "\x1b[32m✓\x1b[0m" in terminal.stdout


@pytest.mark.parametrize("key", ["sk-or-mgmt-not-this-one", "an/other=key+of-the-user"])
def test_a_wrong_key_is_an_error(examine: Examine, key: str) -> None:
    """A key that the API does not accept is named by where it came from."""
    report = examine(OPENROUTER_MANAGEMENT_KEY=key)
    assert report.code == 1
    assert report.findings["API"]["facts"] == {"status": 401}
    assert "The key came from OPENROUTER_MANAGEMENT_KEY" in report.said("API")
    assert "budgets" not in report.findings


def test_no_key_is_an_error(examine: Examine) -> None:
    """Without a key, the error names the places where one could be."""
    report = examine(OPENROUTER_MANAGEMENT_KEY="")
    assert report.code == 1
    assert "OPENROUTER_API_KEY are all unset" in report.said("settings")


def test_an_api_that_is_down_is_an_error(examine: Examine) -> None:
    """Where nobody answers, the error says what to check."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    report = examine(OPENROUTER_BASE_URL=f"http://127.0.0.1:{port}/api/v1")
    assert report.code == 1
    assert "Check the network" in report.said("API")


def test_a_key_that_may_not_read_is_an_error(examine: Examine, sandbox: Sandbox) -> None:
    """An ordinary key, or an IP allowlist, answers 403 to everything."""
    sandbox.add_fault(status=403, times=None)
    report = examine()
    assert report.code == 1
    assert "answered 403" in report.said("API")
    assert "IP allowlist" in report.said("API")


def test_people_who_cannot_be_read_are_a_warning(examine: Examine, sandbox: Sandbox) -> None:
    """Programs run without the list of people, as long as they use user ids."""
    sandbox.add_fault(path="/organization/members", status=403, times=None)
    report = examine()
    assert report.code == 0
    assert report.status("organization") == "warning"
    assert "`user_ids`" in report.said("organization")


@pytest.mark.parametrize(
    ("fault", "available", "words"),
    [
        pytest.param({"status": 403}, False, "Enterprise plan", id="forbidden"),
        pytest.param({"status": 404}, None, "Enterprise plan", id="not-found"),
        pytest.param({"status": 500}, None, "answered 500", id="failing"),
    ],
)
def test_budgets_that_cannot_be_read_are_a_warning(
    examine: Examine, sandbox: Sandbox, fault: dict[str, Any], available: bool | None, words: str
) -> None:
    """Budgets are optional: their absence is said, and programs run."""
    sandbox.add_fault(path="/workspaces/*/budgets", times=None, **fault)
    report = examine()
    assert report.code == 0
    assert report.status("budgets") == "warning"
    assert report.findings["budgets"]["facts"] == {"available": available}
    assert words in report.said("budgets")


def test_an_organization_without_the_plan_is_a_warning(examine: Examine, sandbox: Sandbox) -> None:
    """Without the Enterprise plan, the API shows no budgets."""
    sandbox.set_options(plan="standard")
    report = examine()
    assert (report.code, report.status("budgets")) == (0, "warning")


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        ("echo v3.274.1", "ok", "pulumi 3.274.1"),
        ("echo v3.271.0-alpha.1", "ok", "pulumi 3.271.0"),
        ("echo v3.260.0", "warning", "Before 3.271"),
        ("echo v3.253.9", "warning", "Before 3.254"),
        ("echo v2.300.0", "warning", "Before 3.254"),
        ("echo hello", "warning", "printed 'hello'"),
        ("echo boom >&2; exit 3", "warning", "boom"),
    ],
)
def test_the_version_of_the_cli_is_judged(
    examine: Examine, cli: Callable[[str], str], script: str, status: str, words: str
) -> None:
    """A CLI that is old or broken is a warning that says what it lacks; programs run anyhow."""
    report = examine(PATH=cli(script))
    assert report.code == 0
    assert report.status("pulumi CLI") == status
    assert words in report.said("pulumi CLI")


def test_a_missing_cli_is_a_warning(examine: Examine, tmp_path: Path) -> None:
    """Without a CLI, programs run on the offline engine."""
    report = examine(PATH=str(tmp_path))
    assert report.code == 0
    assert report.status("pulumi CLI") == "warning"
    assert "offline engine" in report.said("pulumi CLI")


def project(folder: Path, config: str, stack: str = "prod") -> None:
    """Write a project with the config of a stack."""
    (folder / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
    (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n{config}\n")


def test_the_stack_config_comes_first(
    examine: Examine, tmp_path: Path, sandbox: Sandbox, cli: Callable[[str], str]
) -> None:
    """An encrypted key of the only stack is decrypted by the CLI, and then used."""
    project(
        tmp_path,
        "  openrouter:managementKey:\n    secure: abc\n  acme:token:\n    secure: abc\n"
        f"  openrouter:baseUrl: {sandbox.url}",
    )
    script = f'[ "$1" = version ] && echo v3.274.1 || echo {sandbox.key}'
    environment = {"OPENROUTER_MANAGEMENT_KEY": "sk-or-mgmt-of-nobody", "OPENROUTER_BASE_URL": ""}
    report = examine(PATH=cli(script), **environment)
    assert report.code == 0
    assert "stack prod of project acme" in report.said("stack config")
    assert report.findings["management key"]["facts"] == {"source": "openrouter:managementKey"}
    assert sandbox.url in report.said("base URL")


def test_a_key_that_cannot_be_decrypted_is_an_error(
    examine: Examine, tmp_path: Path, cli: Callable[[str], str]
) -> None:
    """Where the CLI cannot decrypt the key, or is missing, the reason is said."""
    project(tmp_path, "  openrouter:managementKey:\n    secure: abc")
    broken = '[ "$1" = version ] && echo v3.274.1 || { echo "incorrect passphrase" >&2; exit 1; }'
    report = examine(PATH=cli(broken))
    assert report.code == 1
    assert "incorrect passphrase" in report.said("stack config")
    assert "not on PATH" in examine(PATH=str(tmp_path)).said("stack config")


@pytest.mark.parametrize(
    ("config", "name", "words"),
    [
        ("  openrouter:managementKey: sk-or-mgmt-of-somebody", "management key", "plain text"),
        ("  openrouter:manegementKey: x", "settings", "did you mean openrouter:managementKey?"),
        ("  openrouter:baseUrl: http://openrouter.example", "settings", "use https"),
        ("  - no mapping", "stack config", "must be a mapping"),
    ],
)
def test_a_config_that_programs_refuse_is_an_error(
    examine: Examine, tmp_path: Path, config: str, name: str, words: str
) -> None:
    """What would end a program is found here first."""
    project(tmp_path, config)
    report = examine()
    assert report.code == 1
    assert words in report.said(name)


def test_the_python_of_the_project_needs_the_package(examine: Examine, tmp_path: Path) -> None:
    """A virtual environment that the project names is looked into."""
    python = tmp_path / "env/bin/python"
    python.parent.mkdir(parents=True)
    runtime = "runtime: {name: python, options: {virtualenv: env}}\n"
    (tmp_path / "Pulumi.yaml").write_text(f"name: acme\n{runtime}")
    assert "there is no interpreter" in examine().said("stack config")
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    report = examine("--stack", "dev")
    assert report.code == 1
    assert f"`{python} -m pip install pulumi-openrouter`" in report.said("project's Python")
    python.write_text("#!/bin/sh\necho 0.1.0\n")
    report = examine("--stack", "dev")
    assert (report.code, report.status("project's Python")) == (0, "ok")


def test_several_stacks_have_to_be_told_apart(examine: Examine, tmp_path: Path) -> None:
    """Of several stacks, none is read until one is named."""
    project(tmp_path, "  openrouter:maxRetries: 3", "dev")
    project(tmp_path, "  openrouter:maxRetries: many", "prod")
    report = examine()
    assert (report.code, report.status("stack config")) == (0, "warning")
    assert "dev, prod" in report.said("stack config")
    assert examine("--stack", "dev").code == 0
    assert "many" in examine("--stack", "prod").said("settings")


def test_a_stack_without_a_file_may_be_a_typo(examine: Examine, tmp_path: Path) -> None:
    """Where other stacks have a file and the named one has none, the names are listed."""
    project(tmp_path, "  openrouter:maxRetries: 3", "prod")
    report = examine("--stack", "pord")
    assert (report.code, report.status("stack config")) == (0, "warning")
    assert "no Pulumi.pord.yaml" in report.said("stack config")
    assert "have a file: prod" in report.said("stack config")


@pytest.mark.parametrize("name", ["../../etc", "my dev", "/etc", "a/b/c/prod"])
def test_a_name_that_no_stack_has_is_an_error(examine: Examine, tmp_path: Path, name: str) -> None:
    """What the engines refuse as a name is refused here too, and nothing is read in its place."""
    project(tmp_path, "  openrouter:maxRetries: 3", "prod")
    report = examine("--stack", name)
    assert (report.code, report.status("stack config")) == (1, "error")
    assert repr(name) in report.said("stack config")


@pytest.mark.parametrize("name", ["acme/prod", "acme/teams/prod", "organization/prod"])
def test_a_stack_may_be_named_with_its_organization(
    examine: Examine, tmp_path: Path, name: str
) -> None:
    """The name that a stack has in Pulumi Cloud leads to its file."""
    project(tmp_path, "  openrouter:maxRetries: 3", "prod")
    report = examine("--stack", name)
    assert (report.code, report.status("stack config")) == (0, "ok")
    assert "openrouter:maxRetries" in report.said("stack config")


def test_a_base_url_with_a_query_is_not_shown(run: Run) -> None:
    """A query may hold a key, so neither form of the report shows any of the URL."""
    for form in ((), ("--json",)):
        done = run(*form, OPENROUTER_BASE_URL="http://127.0.0.1:1/api/v1?api_key=geheim")
        assert done.returncode == 1
        assert "OPENROUTER_BASE_URL is not shown here, but it must" in done.stdout
        assert "geheim" not in done.stdout + done.stderr


def test_proxies_are_shown_without_their_passwords(examine: Examine) -> None:
    """What the environment says of proxies is shown, and which way requests go."""
    report = examine(
        HTTP_PROXY="http://jane:geheim@proxy.example:3128", NO_PROXY="127.0.0.1,localhost"
    )
    assert report.code == 0
    assert report.said("HTTP_PROXY") == "http://proxy.example:3128 "
    assert "geheim" not in str(report)
    assert "jane" not in str(report)
    assert report.said("base URL").strip().endswith("reached directly")
    wrong_way = examine(HTTP_PROXY="http://jane:geheim@127.0.0.1:1")
    assert wrong_way.code == 1
    assert "reached by http://127.0.0.1:1" in wrong_way.said("base URL")
    assert "geheim" not in str(wrong_way)


def test_certificates_that_are_not_there_are_an_error(examine: Examine, tmp_path: Path) -> None:
    """A file of certificates that does not exist fails every program with an https address."""
    missing = str(tmp_path / "missing.pem")
    report = examine(SSL_CERT_FILE=missing)
    assert report.code == 1
    assert "no such file" in report.said("SSL_CERT_FILE")
