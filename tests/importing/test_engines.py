"""From an organization to a stack that manages it, on the real engine and on the offline one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness import Engine, Failure, Project
from harness.organization import Somebody, live_budgets
from harness.project import pulumi_on_path
from pulumi_openrouter.offline import OperationError
from pulumi_openrouter.sandbox.seed import user_id

from .conftest import Importing, Starting
from .odd import organization

JANE = "jane.doe@example.com"
CHAT = {"slug": "chat", "budgets": {"daily": 1, "monthly": 50}, "members": [JANE]}


class Stack(Project):
    """A project made of what an import has written."""

    def __init__(self, importing: Importing, engine: Engine) -> None:
        self._file = importing.folder / "Pulumi.yaml"
        self._file.write_text(
            f"name: org\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
        )
        super().__init__(
            importing.folder, engine, importing.sandbox.environment, name="org", stack="prod"
        )

    def take_over(self) -> Mapping[str, int]:
        """Import the file, as the printed command does, and return how many resources there are."""
        if self.engine is Engine.CLI:
            self.pulumi("import", "--file", "import.json", "--generate-code=false", "--yes")
        else:
            self.offline("import", "--file", "import.json")
        kinds = [one["type"].rpartition(":")[2] for one in self.resources()]
        return {kind: kinds.count(kind) for kind in kinds}

    def offline(self, *arguments: str) -> str:
        """Run a command of the offline engine on this stack and return what it prints."""
        command = "from pulumi_openrouter.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", command, "offline", *arguments, "--stack", self.stack_name],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    @property
    def are_protected(self) -> set[bool]:
        """Whether resources are protected."""
        return {one.get("protect", False) for one in self.resources()}


def test_the_oddest_organization_is_taken_over_without_a_change(
    importing_from: Starting, engine: Engine
) -> None:
    """Import, preview with a refresh, two ups and a refresh find nothing to do."""
    importing = importing_from(**organization())
    report = importing.report()
    stack = Stack(importing, engine)
    importing.sandbox.clear_requests()
    assert stack.take_over() == report["counts"]
    assert importing.sandbox.counts()["total"] == 0
    assert stack.are_protected == {True}
    assert stack.preview(refresh=True, expect_no_changes=True).is_empty
    assert stack.up().is_empty
    assert stack.are_protected == {False}
    assert stack.up().is_empty
    assert stack.refresh(expect_no_changes=True).is_empty
    assert importing.sandbox.counts()["writes"] == 0


def test_what_was_imported_is_managed(importing_from: Starting, engine: Engine) -> None:
    """A changed limit is one update, and a destroy leaves the default workspace alone."""
    importing = importing_from(CHAT)
    importing()
    stack = Stack(importing, engine)
    stack.take_over()
    if engine is Engine.CLI:
        with pytest.raises(Failure, match="it is protected"):
            stack.destroy(preview_only=True)
    else:
        with pytest.raises(OperationError, match="it is protected"):
            stack.stack.preview_destroy()
    program = importing.program.replace("monthly_usd=50", "monthly_usd=60")
    (importing.folder / "__main__.py").write_text(program)
    assert stack.up().changes["update"] == 1
    assert live_budgets(importing.sandbox, "chat") == {"daily": 1, "monthly": 60, "byok": False}
    stack.destroy()
    assert [one["slug"] for one in importing.sandbox.state()["workspaces"]] == ["default"]


def test_a_second_import_adds_what_is_new(importing_from: Starting, engine: Engine) -> None:
    """What the stack manages by then stays as it is, although the file has it again."""
    importing = importing_from(CHAT)
    importing()
    stack = Stack(importing, engine)
    stack.take_over()
    stack.up()
    with Somebody(importing.sandbox) as somebody:
        somebody.creates("new")
        somebody.adds("new", user_id(JANE))
    importing("--force")
    assert stack.take_over() == {"Workspace": 3, "WorkspaceBudget": 1, "WorkspaceMembership": 2}
    assert sorted(
        one["urn"].rpartition("::")[2] for one in stack.resources() if one.get("protect")
    ) == ["new", "new"]
    assert stack.up().is_empty
    assert importing.sandbox.counts()["writes"] == 2


def test_a_state_tells_what_is_managed(
    importing_from: Starting, engine: Engine, tmp_path: Path
) -> None:
    """With the state of the first import, a later one has exactly what was added since."""
    importing = importing_from(CHAT)
    importing()
    stack = Stack(importing, engine)
    stack.take_over()
    stack.up()
    with Somebody(importing.sandbox) as somebody:
        somebody.creates("shadow")
    state = tmp_path / "state.json"
    state.write_text(_exported(stack))
    rest = Importing(tmp_path / "rest", importing.sandbox)
    found = rest.report("--except-state", str(state))["resources"]
    assert [(one["type"], one["name"]) for one in found] == [("Workspace", "shadow")]


def _exported(stack: Stack) -> str:
    if stack.engine is Engine.CLI:
        return stack.pulumi("stack", "export")
    return stack.offline("export")


@pytest.mark.cli
@pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH")
def test_an_import_without_import_files(importing_from: Starting, tmp_path: Path) -> None:
    """A CLI that is too old for them takes the state that the offline engine has made of one."""
    importing = importing_from(CHAT)
    importing()
    offline = Stack(importing, Engine.OFFLINE)
    offline.take_over()
    state = tmp_path / "state.json"
    state.write_text(offline.offline("export"))
    stack = Stack(importing, Engine.CLI)
    stack.pulumi("stack", "import", "--file", str(state))
    assert stack.preview(refresh=True, expect_no_changes=True).is_empty
    assert stack.up().is_empty
    assert importing.sandbox.counts()["writes"] == 0
