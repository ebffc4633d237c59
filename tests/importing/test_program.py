"""The program that an import writes: valid, readable, and stable under formatters."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_openrouter.importing.planning import Block, Resource
from pulumi_openrouter.importing.program import program_text, variable

from .conftest import Starting
from .odd import organization


def test_the_program_reads_as_if_a_person_had_written_it(importing_from: Starting) -> None:
    """There is a block for each workspace, with what differs from the defaults and nothing else."""
    importing = importing_from(
        {
            "slug": "chat-prod",
            "name": "Chat",
            "description": "Production traffic",
            "budgets": {"daily": 300.5, "monthly": 5000},
            "members": ["jane.doe@example.com"],
        },
        {"slug": "class"},
    )
    importing()
    assert (
        importing.program
        == '''\
"""The OpenRouter workspaces of the organization."""

import pulumi
import pulumi_openrouter as openrouter

chat_prod = openrouter.Workspace(
    "chat-prod",
    name="Chat",
    slug="chat-prod",
    description="Production traffic",
)
openrouter.WorkspaceBudget(
    "chat-prod",
    workspace=chat_prod,
    daily_usd=300.5,
    monthly_usd=5000,
)
openrouter.WorkspaceMembership(
    "chat-prod",
    workspace=chat_prod,
    emails=["jane.doe@example.com"],
)

openrouter.Workspace(
    "class",
    slug="class",
)

# Everybody in the organization is in the default workspace, which cannot be deleted:
# retain_on_delete keeps it when it is taken out of this program.
openrouter.Workspace(
    "default",
    name="Default Workspace",
    slug="default",
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)
'''
    )


@pytest.mark.parametrize("by", ["emails", "user-ids"])
def test_formatters_and_checkers_have_nothing_to_say(importing_from: Starting, by: str) -> None:
    """Of the oddest organization too, the program is formatted, free of findings, and typed."""
    importing = importing_from(**organization())
    importing("--by", by)
    program = str(importing.folder / "__main__.py")
    for tool in (
        ["ruff", "format", "--isolated", "--check", program],
        ["ruff", "check", "--isolated", program],
        ["mypy", "--strict", "--config-file", "", program],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *tool],
            cwd=importing.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_user_ids_have_the_email_addresses_behind_them(importing_from: Starting) -> None:
    """A list of user ids says whose they are."""
    importing = importing_from(
        {"slug": "chat", "members": ["jane.doe@example.com", "sam@example.com"]}
    )
    importing("--by", "user-ids")
    for email in ("jane.doe@example.com", "sam@example.com"):
        assert f'",  # {email}\n' in importing.program


texts = st.text(st.characters(exclude_categories=["Cs"]))
slugs = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@given(text=texts)
def test_every_text_survives(text: str) -> None:
    """What Python reads in the program is the text, whatever is in it."""
    chat = Resource("Workspace", "chat", "1", {"name": "Chat", "description": text}, {})
    module = ast.parse(program_text([Block("chat", False, chat, [], {})]))
    call = module.body[-1].value  # type: ignore[attr-defined]
    [description] = [one.value for one in call.keywords if one.arg == "description"]
    assert ast.literal_eval(description) == text


@given(one=slugs, other=slugs)
def test_variables_are_valid_and_different(one: str, other: str) -> None:
    """Each slug has a name of its own, which Python takes and which hides nothing."""
    assert (variable(one) == variable(other)) == (one == other)
    assert variable(one).isidentifier()
    scope: dict[str, object] = {}
    exec(f"{variable(one)} = 1", scope)  # noqa: S102 - a keyword would be a SyntaxError
    assert variable(one) not in {*dir(builtins), "pulumi", "openrouter"}
