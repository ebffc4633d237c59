"""A workspace goes from one stack to another one with its limits and people."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Engine, Project
from harness.project import pulumi_on_path
from pulumi_openrouter.sandbox import Sandbox

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH"),
]

CHAT = """
    chat = openrouter.Workspace("chat", slug="chat")
    openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000)
    openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
"""


def test_state_move_hands_a_workspace_over(tmp_path: Path, sandbox: Sandbox) -> None:
    """After `pulumi state move`, both stacks have nothing to do, and nothing was sent."""
    giver = Project(tmp_path / "acme", Engine.CLI, sandbox.environment, stack="giver")
    taker = Project(tmp_path / "acme", Engine.CLI, sandbox.environment, stack="taker")
    giver.program(CHAT)
    giver.up()
    taker.program("")
    taker.up()
    urns = [one["urn"] for one in giver.resources()]
    sandbox.clear_requests()
    giver.pulumi("state", "move", "--yes", "--source", "giver", "--dest", "taker", *urns)
    assert giver.preview(expect_no_changes=True).is_empty
    taker.program(CHAT)
    assert taker.preview(expect_no_changes=True).is_empty
    assert taker.up().is_empty
    assert sandbox.counts()["total"] == 0
    assert len(taker.resources()) == 3
    assert giver.resources() == []
