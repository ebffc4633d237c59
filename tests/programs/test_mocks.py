"""Unit tests of a user's program with Pulumi's mocks, run by pytest as the user would."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

TESTS = textwrap.dedent(
    """
    import pulumi
    import pytest
    import pulumi_openrouter as openrouter

    REGISTERED = {}

    class Mocks(pulumi.runtime.Mocks):
        def new_resource(self, args):
            REGISTERED[args.typ.rpartition(":")[2]] = args.inputs
            return f"{args.name}-id", args.inputs
        def call(self, args):
            return {}

    class Team(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("acme:teams:Team", name)
            below = pulumi.ResourceOptions(parent=self)
            self.workspace = openrouter.Workspace(name, below, slug=name)
            openrouter.WorkspaceBudget(name, below, workspace=self.workspace, monthly_usd=5)
            openrouter.WorkspaceMembership(name, below, workspace=self.workspace,
                emails=["jane.doe@example.com"])

    @pytest.fixture(params=["first", "second"])
    def team(request):
        pulumi.runtime.set_mocks(Mocks())
        return Team("red")

    @pulumi.runtime.test
    def test_slug(team):
        return team.workspace.slug.apply(lambda slug: check(slug == "red"))

    def check(holds):
        assert holds

    def test_what_was_registered():
        budget = REGISTERED["WorkspaceBudget"]
        owner = "acme:teams:Team$WorkspaceBudget::red"
        assert budget["workspace"] == "red-id"
        assert budget["monthly_usd"] == 5
        hints = budget["__hints"]
        assert hints["owner"] == owner
        assert hints["workspace"] == owner.replace("WorkspaceBudget", "Workspace")
    """
)


def test_a_component_can_be_built_in_each_test(tmp_path: Path) -> None:
    """Nothing of one test is left in the next, and the owners name the component's type."""
    (tmp_path / "test_team.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_team.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
