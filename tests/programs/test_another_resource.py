"""A resource that is no part of a workspace, and has a secret output, on both engines."""

import shutil

import pytest

from harness import Failure, Project, token_resource

PROGRAM = """
    import token_resource
    token = token_resource.Token("ci", label="{label}", size={size})
    pulumi.export("value", token.value)
    pulumi.export("id", token.id)
"""


@pytest.fixture
def token_project(project: Project) -> Project:
    """Offer a project whose program can import the resource."""
    shutil.copy(token_resource.__file__, project.folder)
    return project


def test_its_secret_is_kept_and_shown_to_nobody(token_project: Project) -> None:
    """The value survives an update and a refresh, and is encrypted in the state."""
    token_project.program(PROGRAM.format(label="a", size=16))
    first = token_project.up()
    value, id_ = first.outputs["value"], first.outputs["id"]
    assert len(bytes.fromhex(value)) == 16
    token_project.program(PROGRAM.format(label="b", size=16))
    second = token_project.up()
    assert not second.is_empty
    assert (second.outputs["value"], second.outputs["id"]) == (value, id_)
    assert token_project.refresh().is_empty
    assert token_project.files_with(value) == []
    assert value not in first.stdout + second.stdout
    token_project.settle()


def test_it_is_replaced_where_its_declaration_says_so(token_project: Project) -> None:
    """A new size makes another token; one that breaks the rule is refused in the preview."""
    token_project.program(PROGRAM.format(label="a", size=16))
    before = token_project.up().outputs["id"]
    token_project.program(PROGRAM.format(label="a", size=4))
    with pytest.raises(Failure, match="a token has at least 8 bytes, not 4"):
        token_project.preview()
    token_project.program(PROGRAM.format(label="a", size=32))
    assert token_project.up().outputs["id"] != before
    token_project.settle()
