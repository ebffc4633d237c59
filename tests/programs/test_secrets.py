"""The management key: in no file that an engine writes, and in nothing that it prints."""

import pytest

from harness import Engine, Failure, Project
from pulumi_openrouter.sandbox import Sandbox

PROGRAM = """
acme = openrouter.Workspace("acme", description="{description}")
openrouter.WorkspaceBudget("acme", workspace=acme, daily_usd=1)
openrouter.WorkspaceMembership("acme", workspace=acme, emails=["jane.doe@example.com"])
{end}
"""
CRASH = "import os; acme.id.apply(lambda _: os.kill(os.getpid(), 9))"


def _runs(project: Project, sandbox: Sandbox) -> str:
    """Run a program to its end, into failures of every kind and into a crash; give what it says."""
    project.program(PROGRAM.format(description="one", end=""))
    said = [project.up().stdout, project.refresh().stdout]
    project.program(PROGRAM.format(description="two", end=""))
    # An API that repeats what it got: nothing else could know the key.
    words = f"Authorization: Bearer {sandbox.key} is not welcome"
    for debug in ("0", "1"):
        project.environment["OPENROUTER_DEBUG"] = debug
        project.reopen()
        sandbox.add_fault(method="PATCH", status=401, message=words)
        with pytest.raises(Failure, match="answered 401: Authorization: Bearer ") as failure:
            project.up()
        said.append(str(failure.value))
    project.program(PROGRAM.format(description="one", end=CRASH))
    with pytest.raises(Failure) as crash:
        project.up()
    return "\n".join([*said, str(crash.value)])


def test_a_key_of_the_environment_is_nowhere(project: Project, sandbox: Sandbox) -> None:
    """Neither in what was printed nor in what was written, after success, failure and crash."""
    said = _runs(project, sandbox)
    assert sandbox.key not in said
    assert "[redacted]" in said
    assert project.files_with(sandbox.key) == []
    assert project.files_with("openrouter:WorkspaceBudget") != [], "the state was not looked at"


def test_a_key_of_the_config_is_nowhere(project: Project, sandbox: Sandbox) -> None:
    """As a secret of the stack it is encrypted wherever the engine keeps it, or not kept at all."""
    del project.environment["OPENROUTER_MANAGEMENT_KEY"]
    project.set_config("openrouter:managementKey", sandbox.key, secret=True)
    if project.engine is Engine.OFFLINE:
        # Its secrets come from the environment and last as long as the object that has them.
        variable = "PULUMI_OFFLINE_CONFIG_OPENROUTER_MANAGEMENTKEY"
        project.environment[variable] = sandbox.key
        stack_file = project.folder / "Pulumi.dev.yaml"
        stack_file.write_text("config:\n  openrouter:managementKey:\n    secure: v1:ciphertext\n")
    said = _runs(project, sandbox)
    assert sandbox.key not in said
    assert project.files_with(sandbox.key) == []


def test_a_plain_key_in_the_config_is_refused(project: Project, sandbox: Sandbox) -> None:
    """Before anything runs, by its name and with the way out; so it gets into no state."""
    project.set_config("openrouter:managementKey", sandbox.key)
    for program in (
        PROGRAM.format(description="one", end=""),
        'openrouter.Workspace.get("theirs", "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001")',
    ):
        project.program(program)
        with pytest.raises(Failure) as failure:
            project.up()
        said = str(failure.value)
        assert "openrouter:managementKey is in the stack config as plain text" in said
        assert "pulumi config set --secret openrouter:managementKey" in said
        assert sandbox.key not in said
        assert not failure.value.shows_our_code
    assert sandbox.requests() == []
    # The Pulumi CLI notes the config of each run in its history, failed or not.
    found = [f for f in project.files_with(sandbox.key) if not f.endswith(".history.json")]
    assert set(found) <= {"Pulumi.dev.yaml"}
