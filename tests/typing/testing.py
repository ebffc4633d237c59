"""The fixtures of the pytest plugin as type checkers see them: never run."""

from __future__ import annotations

from typing_extensions import assert_type

from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing import (
    LiveWorkspace,
    MockRunner,
    Program,
    Result,
    Stack,
    StackFactory,
)


def program() -> None:
    """Declare nothing."""


def check(openrouter_stack: StackFactory, openrouter_sandbox: Sandbox) -> None:
    """Use a stack as a test does."""
    stack = openrouter_stack(program, config={"limit": 500, "teams": ["red"]})
    assert_type(stack, Stack)
    assert_type(stack.up(), Result)
    assert_type(stack.up().created, list[str])
    assert_type(stack.workspaces, dict[str, LiveWorkspace])
    assert_type(stack.workspaces["chat-test"].budgets["monthly"], float)
    assert_type(openrouter_sandbox.url, str)
    openrouter_stack(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def check_mocks(openrouter_mocks: MockRunner) -> None:
    """Use mocks as a test does."""
    assert_type(openrouter_mocks(program, stack="prod"), Program)
    assert_type(openrouter_mocks()["Workspace chat"].name, str)
