"""A stack of a user's program, as tests that use the plugin see it."""

from __future__ import annotations

import resource
import sys
import textwrap
from pathlib import Path

import pytest

from harness.project import pulumi_on_path

PROGRAM = """\
import pulumi
import pulumi_openrouter as openrouter

limit = pulumi.Config().get_float("limit") or 500
chat = openrouter.Workspace("chat", description="Production traffic")
openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=limit)
openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
pulumi.export("slug", chat.slug)
"""

FIRST_TEST = """\
def test_the_program(openrouter_stack):
    stack = openrouter_stack()
    up = stack.up()
    assert up.created == ["Workspace chat", "WorkspaceBudget chat", "WorkspaceMembership chat"]
    assert "PUT /workspaces/chat-test/budgets/monthly" in up.writes
    chat = stack.workspaces["chat-test"]
    assert chat.fields["description"] == "Production traffic"
    assert chat.budgets == {"monthly": 500}
    assert chat.members == ["jane.doe@example.com"]
"""

FUNCTION = """
import pulumi
import pulumi_openrouter as openrouter
import pytest
from pulumi_openrouter.testing import OperationFailed, ProgramError

def program():
    limit = pulumi.Config().get_float("limit")
    chat = openrouter.Workspace("chat")
    openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=limit)
    pulumi.export("slug", chat.slug)

def renamed():
    openrouter.Workspace("chat", name="Chat")

def wrong():
    openrouter.Workspace("chat", description="x" * 501)

def needy(limit):
    pass
"""


@pytest.mark.usefixtures("without_pulumi")
def test_a_first_test_is_short_and_fast(pytester: pytest.Pytester) -> None:
    """Ten lines of program and ten lines of test pass without a CLI, in less than three seconds.

    The time is that of the processor, which does not depend on what else the machine does.
    """
    assert max(len(text.splitlines()) for text in (PROGRAM, FIRST_TEST)) <= 10
    pytester.makefile(".yaml", Pulumi="name: acme\nruntime: python")
    pytester.makepyfile(__main__=PROGRAM, test_program=FIRST_TEST)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def run(
    pytester: pytest.Pytester, test: str, *options: str, head: str = FUNCTION
) -> pytest.RunResult:
    """Run a test of a user, below what its file begins with."""
    pytester.makepyfile(test_program=head + textwrap.dedent(test))
    return pytester.runpytest_subprocess(*options)


def test_operations_requests_and_what_is_there(pytester: pytest.Pytester) -> None:
    """Each operation says which resources it touched and what it sent, for a whole life."""
    test = """
    def test_life(openrouter_stack):
        stack = openrouter_stack(program, config={"limit": 500})
        preview = stack.preview()
        assert preview.created == ["Workspace chat", "WorkspaceBudget chat"]
        assert not preview.is_empty
        assert preview.writes == []
        up = stack.up()
        assert up.created == preview.created
        assert up.outputs == stack.outputs == {"slug": "chat-test"}
        stack.set_config("limit", "600")
        up = stack.up()
        assert (up.created, up.updated) == ([], ["WorkspaceBudget chat"])
        assert up.writes == ["PUT /workspaces/chat-test/budgets/monthly"]
        assert stack.workspaces["chat-test"].budgets == {"monthly": 600}
        stack.change_program(renamed)
        up = stack.up()
        assert (up.updated, up.deleted) == (["Workspace chat"], ["WorkspaceBudget chat"])
        assert stack.up().is_empty
        down = stack.destroy()
        assert down.deleted == ["Workspace chat"]
        assert down.writes == ["DELETE /workspaces/chat-test"]
        assert [*stack.workspaces] == ["default"]
    """
    run(pytester, test).assert_outcomes(passed=1)


def test_a_refresh_and_a_replacement_are_seen(pytester: pytest.Pytester) -> None:
    """A refresh says what has changed at the API, and an `up` with `refresh` what it put back."""
    test = """
    def test_drift(openrouter_stack, openrouter_sandbox):
        stack = openrouter_stack(program, config={"limit": 500})
        stack.up()
        openrouter_sandbox.reset()
        assert stack.up().is_empty
        up = stack.up(refresh=True)
        assert up.created == ["Workspace chat", "WorkspaceBudget chat"]
        openrouter_sandbox.reset()
        refresh = stack.refresh()
        assert refresh.deleted == ["Workspace chat", "WorkspaceBudget chat"]
        assert refresh.writes == [] != refresh.requests
    """
    run(pytester, test).assert_outcomes(passed=1)


def test_a_failure_says_what_happened(pytester: pytest.Pytester) -> None:
    """A failed operation raises an error with its errors and with what was done before."""
    test = """
    def test_wrong_value(openrouter_stack):
        with pytest.raises(OperationFailed, match="at most 500") as caught:
            openrouter_stack(wrong).preview()
        assert len(caught.value.errors) == 1

    def test_fault(openrouter_stack, openrouter_sandbox):
        openrouter_sandbox.add_fault(method="PUT", status=403)
        with pytest.raises(OperationFailed) as caught:
            openrouter_stack(program, config={"limit": 5}).up()
        assert caught.value.result.created == ["Workspace chat"]
        assert "answered 403" in caught.value.errors[0]
    """
    run(pytester, test).assert_outcomes(passed=2)


def test_a_failure_is_shown_at_the_line_of_the_test(pytester: pytest.Pytester) -> None:
    """What the plugin does inside is no part of the report."""
    test = """
    def test_wrong_value(openrouter_stack):
        openrouter_stack(wrong).preview()

    def test_no_program(openrouter_stack):
        openrouter_stack("nowhere")
    """
    result = run(pytester, test)
    result.assert_outcomes(failed=2)
    shown = result.stdout.str()
    assert "at most 500" in shown
    assert "nowhere is no program" in shown
    assert "pulumi_openrouter/testing" not in shown


def test_a_function_that_no_process_can_import_is_refused(pytester: pytest.Pytester) -> None:
    """A lambda, a function inside of another and one with arguments are refused, with a way out."""
    test = """
    def inner():
        def program():
            pass
        return program

    @pytest.mark.parametrize(
        ("program", "why"),
        [(lambda: None, "a lambda"), (inner(), "inside of another"), (needy, "takes arguments")],
    )
    def test_refused(openrouter_stack, program, why):
        with pytest.raises(ProgramError, match=why):
            openrouter_stack(program)
    """
    run(pytester, test).assert_outcomes(passed=3)


BOTH_WAYS = """
import asyncio
import sys

async def waits():
    openrouter.Workspace("before")
    await asyncio.sleep(0)
    chat = openrouter.Workspace("after")
    pulumi.export("slug", chat.slug)

async def fails():
    await asyncio.sleep(0)
    raise ZeroDivisionError("of the program")

def leaves():
    openrouter.Workspace("chat")
    sys.exit(0)

async def leaves_late():
    await asyncio.sleep(0)
    leaves()

def exits():
    sys.exit(3)

def yields():
    yield openrouter.Workspace("chat")

async def yields_late():
    yield openrouter.Workspace("chat")
"""


ON_THE_CLI = (
    pytest.mark.cli,
    pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH"),
)


@pytest.mark.parametrize("engine", ["offline", pytest.param("pulumi", marks=ON_THE_CLI)])
def test_mocks_and_stacks_run_a_function_in_the_same_way(
    pytester: pytest.Pytester, engine: str
) -> None:
    """An async program runs to its end, an exit code counts, and a generator is refused."""
    test = f"""
    pytestmark = pytest.mark.openrouter_engine("{engine}")

    def test_async(openrouter_stack, openrouter_mocks):
        declared = openrouter_mocks(waits)
        assert [*declared.resources] == ["Workspace before", "Workspace after"]
        assert declared.outputs == {{"slug": "after-test"}}
        up = openrouter_stack(waits).up()
        assert up.created == ["Workspace after", "Workspace before"]
        assert up.outputs == {{"slug": "after-test"}}

    def test_async_that_fails(openrouter_stack, openrouter_mocks):
        with pytest.raises(ZeroDivisionError, match="of the program"):
            openrouter_mocks(fails)
        with pytest.raises(OperationFailed, match="ZeroDivisionError: of the program"):
            openrouter_stack(fails).preview()

    @pytest.mark.parametrize("program", [leaves, leaves_late])
    def test_exit(openrouter_stack, openrouter_mocks, program):
        assert "Workspace chat" in openrouter_mocks(program)
        assert openrouter_stack(program).up().created == ["Workspace chat"]

    def test_exit_code(openrouter_stack, openrouter_mocks):
        with pytest.raises(ProgramError, match="the program ended with exit code 3"):
            openrouter_mocks(exits)
        with pytest.raises(OperationFailed, match="exit code"):
            openrouter_stack(exits).preview()

    @pytest.mark.parametrize("program", [yields, yields_late])
    def test_generator(openrouter_stack, openrouter_mocks, program):
        for run in (openrouter_mocks, openrouter_stack):
            with pytest.raises(ProgramError, match=f"the program {{program.__name__}} is a gener"):
                run(program)

    def test_config(openrouter_stack, openrouter_mocks):
        for run in (openrouter_mocks, openrouter_stack):
            with pytest.raises(TypeError, match="config is a list, and it must be a mapping"):
                run(program, config=["x"])
    """
    run(pytester, test, head=FUNCTION + BOTH_WAYS).assert_outcomes(passed=8)


def test_a_function_may_import_beside_itself_in_importlib_mode(pytester: pytest.Pytester) -> None:
    """Relative imports work where no folder of the tests is on the path, in packages and not."""
    for package in ("tests", "tests/deep"):
        pytester.mkpydir(package)
    for folder, dots in (("tests", "."), ("tests/deep", ".."), ("tests/plain", "..")):
        pytester.path.joinpath(folder).mkdir(exist_ok=True)
        pytester.path.joinpath(folder, "test_p.py").write_text(
            "import pulumi_openrouter as openrouter\n"
            f"from {dots}helper import NAME\n\n"
            "def program():\n    openrouter.Workspace(NAME)\n\n"
            "def test_function(openrouter_stack):\n"
            "    assert openrouter_stack(program).preview().created == ['Workspace red']\n"
        )
    pytester.path.joinpath("tests/helper.py").write_text("NAME = 'red'\n")
    # Unlike `python -m pytest`, this does not put the current folder on the path.
    command = Path(sys.executable).with_name("pytest")
    ran = pytester.run(command, "--import-mode=importlib", "tests")
    ran.assert_outcomes(passed=3)


def test_a_folder_is_left_as_it_is(pytester: pytest.Pytester) -> None:
    """A project is run as a copy: nothing is written beside it, and its own key goes nowhere."""
    project = pytester.mkdir("teams")
    files = {
        "Pulumi.yaml": "name: teams\nruntime: {name: python, options: {virtualenv: nowhere}}\n"
        "main: src\nconfig: {openrouter:baseUrl: 'https://openrouter.example'}\n",
        "Pulumi.prod.yaml": "encryptionsalt: v1:abc\nconfig:\n  openrouter:managementKey:\n"
        "    secure: abc\n  openrouter:baseUrl: https://openrouter.example\n  teams:limit: '70'\n"
        "  teams:token:\n    secure: abc\n",
        "Pulumi.dev.yaml": 'config:\n  openrouter:managementKey: "hush-hush\n',
        "src/__main__.py": PROGRAM + "from beside import LIMIT\npulumi.export('beside', LIMIT)\n",
        "src/beside.py": "LIMIT = 1\n",
        ".venv/pyvenv.cfg": "",
    }
    for name, text in files.items():
        file = project / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    test = """
    import pytest
    from pulumi_openrouter.testing import ProgramError

    def test_prod(openrouter_stack):
        with pytest.raises(ProgramError, match="teams:token is encrypted"):
            openrouter_stack("teams", stack="prod")
        stack = openrouter_stack("teams", stack="prod", config={"token": "a"})
        assert stack.up().outputs == {"slug": "chat-prod", "beside": 1}
        assert stack.workspaces["chat-prod"].budgets == {"monthly": 70}
        with pytest.raises(ProgramError, match="is no program"):
            openrouter_stack("..")

    def test_dev(openrouter_stack):
        with pytest.raises(ProgramError, match="Pulumi.dev.yaml is not YAML: line 3") as caught:
            openrouter_stack("teams", stack="dev")
        assert "hush" not in str(caught.value)
    """
    run(pytester, test, head="").assert_outcomes(passed=2)
    left = {str(file.relative_to(project)) for file in project.rglob("*") if file.is_file()}
    assert left == files.keys()
    assert all((project / name).read_text() == text for name, text in files.items())


def test_a_test_below_the_project_finds_it(pytester: pytest.Pytester) -> None:
    """A test in a folder of tests, with a module of its own beside it, needs no path."""
    pytester.makefile(".yaml", Pulumi="name: acme\nruntime: python")
    pytester.makefile(".py", __main__=PROGRAM)
    folder = pytester.mkpydir("checks")
    (folder / "names.py").write_text("NAME = 'red'\n")
    (folder / "test_below.py").write_text(
        "import pulumi_openrouter as openrouter\n"
        "from .names import NAME\n\n"
        "def program():\n    openrouter.Workspace(NAME)\n\n"
        "def test_project(openrouter_stack):\n"
        "    assert len(openrouter_stack().preview().created) == 3\n\n"
        "def test_function(openrouter_stack):\n"
        "    assert openrouter_stack(program).preview().created == ['Workspace red']\n"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    pytester.runpytest_subprocess("--import-mode=importlib", "checks").assert_outcomes(passed=2)


def test_a_folder_whose_name_is_a_number_is_a_project(pytester: pytest.Pytester) -> None:
    """A program without a Pulumi.yaml gets the name of its folder, as text."""
    folder = pytester.mkdir("2024")
    (folder / "__main__.py").write_text(PROGRAM)
    test = """
    def test_folder(openrouter_stack):
        assert openrouter_stack("2024", config={"limit": 7}).up().outputs["slug"]
    """
    run(pytester, test, head="").assert_outcomes(passed=1)


@pytest.mark.cli
def test_both_engines_do_the_same(pytester: pytest.Pytester) -> None:
    """With `--openrouter-engine=both`, one test passes on the offline engine and on the CLI."""
    test = """
    def test_life(openrouter_stack, openrouter_sandbox):
        stack = openrouter_stack(program, config={"limit": 500})
        preview = stack.preview()
        assert (preview.created, preview.writes) == (["Workspace chat", "WorkspaceBudget chat"], [])
        up = stack.up()
        assert (up.created, up.outputs) == (preview.created, {"slug": "chat-test"})
        stack.set_config("limit", 600)
        assert stack.up().updated == ["WorkspaceBudget chat"]
        stack.change_program(wrong)
        with pytest.raises(OperationFailed, match="at most 500"):
            stack.up()
        stack.change_program(program)
        openrouter_sandbox.reset()
        assert stack.refresh().deleted == preview.created
        assert stack.up().created == preview.created
        assert stack.destroy().deleted == preview.created
    """
    run(pytester, test, "--openrouter-engine=both").assert_outcomes(passed=2)
