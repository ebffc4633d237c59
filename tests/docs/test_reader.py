"""The reader that follows the pages, against pages that are wrong."""

from pathlib import Path

import pytest

from harness import Engine
from harness.pages import Reader, blocks_of, uses_pulumi
from pulumi_openrouter.sandbox import Sandbox


@pytest.fixture
def reader(tmp_path: Path, sandbox: Sandbox) -> Reader:
    """Offer a reader without the Pulumi CLI."""
    return Reader(tmp_path / "acme", Engine.OFFLINE, sandbox)


def console(command: str, output: str) -> str:
    """Return a page with one command and its output."""
    return f"```console\n$ {command}\n{output}\n```\n"


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (console("echo one", "two"), r"not printed: \['two'\]"),
        (console("printf 'one\\ntwo\\n'", "one"), r"not shown: \['two'\]"),
        (console("echo one; false", "one"), "echo one; false"),
        ("```shell\nfalse\n```\n", "line 1:"),
        ("```shell\npulumi-openrouter offline upp\n```\n", "No such command"),
        ("```python\nraise SystemExit(1)\n```\n", "SystemExit"),
        ("```python\ndef test_it():\n    assert False\n```\n", "1 failed"),
        ("```yaml\nkey: [\n```\n", "line 1:"),
        ("Text.\n\n<!-- test: assert sandbox.state() == {} -->\n", "line 3:"),
        ("```cobol\nSTOP RUN.\n```\n", "nothing is known of cobol"),
    ],
)
def test_a_page_that_is_wrong_fails(reader: Reader, page: str, complaint: str) -> None:
    """What a page gets wrong is named, with the line of its block."""
    with pytest.raises(pytest.fail.Exception, match=complaint):
        reader.follow(page)


@pytest.mark.parametrize("output", ["one\ntwo", "two\none", "one\n...", "t...o\n..."])
def test_output_may_be_elided_and_in_any_order(reader: Reader, output: str) -> None:
    """Steps end in any order, and a page may leave out what does not matter."""
    reader.follow(console("printf 'one\\ntwo\\n'", output))


def test_variables_and_folders_last(reader: Reader) -> None:
    """A later command of a page sees the variables and the folder of an earlier one."""
    reader.follow("```shell\nmkdir inner\ncd inner\nexport WORD=kept\n```\n")
    reader.follow(console('echo "$WORD in $(basename "$PWD")"', "kept in inner"))


def test_a_skipped_block_is_not_followed() -> None:
    """A block behind the comment is passed over, and the next one is not."""
    page = "<!-- test: skip it would fail -->\n```shell\nfalse\n```\n\n```shell\ntrue\n```\n"
    assert [block.text for block in blocks_of(page)] == ["true\n"]


def test_commands_of_the_pulumi_cli_are_seen() -> None:
    """Only pages that have such commands are followed on the Pulumi CLI as well."""
    assert uses_pulumi("```shell\nOPENROUTER_DEBUG=1 pulumi up\n```\n")
    assert not uses_pulumi(console("pulumi-openrouter offline up", "..."))
