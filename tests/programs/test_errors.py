"""What a user sees of a failure: one line that says all, and a traceback only on request."""

import pytest

from harness import Failure, Project
from pulumi_openrouter.sandbox import Sandbox

PROGRAM = """
acme = openrouter.Workspace("acme")
openrouter.WorkspaceBudget("acme", workspace=acme, daily_usd=1)
"""


@pytest.fixture
def impatient(project: Project) -> Project:
    """A project that tries everything once."""
    project.set_config("openrouter:maxRetries", "0")
    project.program(PROGRAM)
    return project


def test_an_api_error_is_told_in_one_line(impatient: Project, sandbox: Sandbox) -> None:
    """What was being done, method and path, status, the API's words, the next step."""
    sandbox.add_fault(method="POST", status=403, message="Only management keys can do this")
    with pytest.raises(Failure) as failure:
        impatient.up()
    line = (
        'ForbiddenError: creating workspace "acme-dev": POST /workspaces answered 403: Only '
        "management keys can do this. Check that the key is a management key of the right "
        "organization, and that the organization's IP allowlist, if it has one, admits this "
        "machine."
    )
    assert [one for one in failure.value.errors if "ForbiddenError" in one]
    assert str(failure.value).count("403") <= 4, "the error is told again and again"
    told = [one for one in str(failure.value).splitlines() if "ForbiddenError" in one]
    assert all(one.endswith(line) for one in told)
    assert not failure.value.shows_our_code


def test_with_debug_the_traceback_is_there(impatient: Project, sandbox: Sandbox) -> None:
    """OPENROUTER_DEBUG=1 shows where in the code it was."""
    impatient.environment["OPENROUTER_DEBUG"] = "1"
    impatient.reopen()
    impatient.set_config("openrouter:maxRetries", "0")
    sandbox.add_fault(method="POST", status=403)
    with pytest.raises(Failure, match="ForbiddenError") as failure:
        impatient.up()
    assert failure.value.shows_our_code


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("OPENROUTER_MANAGEMENT_KEY", "", "No OpenRouter management key"),
        ("OPENROUTER_BASE_URL", "http://example.com/api/v1", "plain http would send the key"),
    ],
    ids=["no-key", "plain-http"],
)
def test_a_wrong_setting_is_told_in_one_line(
    project: Project, sandbox: Sandbox, variable: str, value: str, says: str
) -> None:
    """A preview names what is missing or wrong, without a traceback of ours."""
    project.environment[variable] = value
    project.program(PROGRAM)
    with pytest.raises(Failure, match=says) as failure:
        project.preview()
    assert not failure.value.shows_our_code
    assert sandbox.requests() == []


def test_an_unknown_setting_is_told_in_one_line(project: Project, sandbox: Sandbox) -> None:
    """A preview names the setting that a mistyped key of the stack config most likely means."""
    project.set_config("openrouter:managmentKey", "sk-or-mgmt-mistyped", secret=True)
    project.program(PROGRAM)
    with pytest.raises(Failure, match="did you mean openrouter:managementKey") as failure:
        project.preview()
    assert "mistyped" not in str(failure.value)
    assert not failure.value.shows_our_code
    assert sandbox.requests() == []


def test_a_missing_value_in_a_lookup_is_told_in_one_line(project: Project) -> None:
    """A lookup by an output that turns out to be None names its argument, without a traceback."""
    project.program("""
openrouter.get_workspace_output(pulumi.Output.from_input(None))
""")
    with pytest.raises(Failure, match="must be the id or slug of a workspace, not None") as failure:
        project.preview()
    assert not failure.value.shows_our_code


def test_a_refused_key_is_explained_once(impatient: Project, sandbox: Sandbox) -> None:
    """A refresh of several resources with a wrong key sends one request and explains it once."""
    impatient.program("""
for number in range(6):
    openrouter.Workspace(f"acme-{number}")
""")
    impatient.up()
    impatient.environment["OPENROUTER_MANAGEMENT_KEY"] = "sk-or-mgmt-wrong"
    impatient.reopen()
    impatient.set_config("openrouter:maxRetries", "0")
    sandbox.clear_requests()
    with pytest.raises(Failure) as failure:
        impatient.refresh()
    told = [one for one in failure.value.errors if "AuthenticationError" in one]
    assert sum("set it to a valid management key" in one for one in told) == 1
    assert sum("same cause as the first error" in one for one in told) == len(told) - 1
    assert len(sandbox.requests()) == 1
