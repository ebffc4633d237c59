"""What a program may get wrong in a constructor: each is one line, none a traceback or a hang."""

from __future__ import annotations

import pytest

from harness import Failure, Project

HEAD = """
    class Box(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("acme:boxes:Box", "box")
    nothing = pulumi.Output.from_input(None)
    w = openrouter.Workspace("w", slug="w")
    o = pulumi.ResourceOptions
    """

WRONG = {
    'openrouter.Workspace("x", "My name")': "argument is pulumi.ResourceOptions, not str",
    'openrouter.Workspace("x", o(import_="id"))': "import_ does not work for dynamic resources",
    'openrouter.Workspace("x", name=5)': "must be a string, not a number",
    'openrouter.Workspace("x", description=w)': "description must not be a resource",
    'openrouter.Workspace("x", description=object())': "type object, which no input can have",
    'openrouter.Workspace("x", slug=nothing)': "a value is required",
    "openrouter.Workspace(None)": "the first argument is the name of the resource",
    "openrouter.Workspace(5)": "the first argument is the name of the resource",
    'openrouter.Workspace("x", description="\\ud800")': "half of a surrogate pair",
    'openrouter.WorkspaceBudget("x", workspace=w, daily_usd=10**400)': "too large for a number",
    'openrouter.Workspace.get("x", nothing)': "the id or slug of a workspace is required",
    'openrouter.Workspace.get("x", None)': "the id or slug of a workspace is required",
    'openrouter.Workspace.get("x", 5)': "the id or slug of a workspace is required",
    'openrouter.WorkspaceBudget("x", workspace=None, daily_usd=1)': "workspace must be a Workspace",
    'openrouter.WorkspaceBudget("x", workspace=5, daily_usd=1)': "workspace must be a Workspace",
    'openrouter.WorkspaceBudget("x", workspace=Box(), daily_usd=1)': "must be a Workspace",
    'openrouter.WorkspaceBudget("x", workspace=nothing, daily_usd=1)': "a value is required",
    'openrouter.WorkspaceBudget("x", workspace=w, daily_usd="5")': "must be a number, not a string",
    'openrouter.WorkspaceBudget.get("x", nothing)': "the id or slug of a workspace is required",
    'openrouter.WorkspaceMembership("x", workspace=w, emails=[None])': "must be a string, not None",
    'openrouter.WorkspaceMembership("x", workspace=w, emails="a@b")': "a list, not a string",
    'openrouter.WorkspaceMembership("x", workspace=w, emails=nothing)': "either user_ids or emails",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_input_is_one_line(project: Project, line: str) -> None:
    """It names the input and what it should be."""
    project.program(f"{HEAD}\n    {line}\n")
    with pytest.raises(Failure, match=WRONG[line]) as failure:
        project.preview()
    assert not failure.value.shows_our_code
    assert "Traceback" not in str(failure.value)


def test_any_collection_and_decimals_are_taken(project: Project) -> None:
    """Sets, tuples, generators and Decimals are what a program has at hand."""
    project.program(
        """
        from decimal import Decimal
        w = openrouter.Workspace("w", slug="w", disabled_server_tools={"openrouter:web_search"},
            io_logging_api_key_ids=(n for n in (3, 1)))
        openrouter.WorkspaceBudget("w", workspace=w, monthly_usd=Decimal("5.50"))
        openrouter.WorkspaceMembership("w", workspace=w,
            emails=(e for e in [pulumi.Output.from_input("jane.doe@example.com")]))
        """
    )
    project.up()
    project.settle()
