"""What the offline engine does not do, it refuses by name, before anything is done."""

from pathlib import Path

import pytest

from pulumi_openrouter.offline import OperationError, create_or_select_stack

PREFACE = """
import pulumi
from pulumi import ResourceOptions
from toy import Thing
"""
ASKED = {
    "transforms of functions": (
        "pulumi.runtime.register_invoke_transform(lambda args: None)\nThing('a')",
        "transforms (register_invoke_transform)",
    ),
    "replacement with another": (
        "a = pulumi.ComponentResource('toy:index:Empty', 'empty')\n"
        "Thing('b', ResourceOptions(replace_with=[a]))",
        "replace_with, on pulumi-python:dynamic/toy:Thing 'b'",
    ),
    "resources of plugins": (
        "pulumi.CustomResource('random:index/randomPet:RandomPet', 'pet')",
        "random:index/randomPet:RandomPet 'pet', which needs a plugin",
    ),
    "invokes": (
        "pulumi.runtime.invoke('aws:index/getRegion:getRegion', {})",
        "the function aws:index/getRegion:getRegion: it needs a plugin",
    ),
    "existence": (
        "from pulumi.runtime.resource import exists_resource\n"
        "exists_resource(None, 'pulumi-python:dynamic/toy:Thing', 'a-1', {}, ResourceOptions())",
        "asking whether a resource exists (pulumi-python:dynamic/toy:Thing)",
    ),
    "versions": (
        "pulumi.runtime.require_pulumi_version('>=3.0.0')",
        "require_pulumi_version",
    ),
    "assets": (
        "Thing('a', detail={'file': pulumi.StringAsset('text')})",
        "an Asset, in property detail of 'a'",
    ),
    "remote components": (
        "pulumi.ComponentResource('pkg:index:Far', 'far', {}, None, remote=True)",
        "remote components, on pkg:index:Far 'far'",
    ),
}


@pytest.mark.parametrize(("program", "what"), ASKED.values(), ids=ASKED)
def test_what_is_not_supported_is_refused_by_name(tmp_path: Path, program: str, what: str) -> None:
    """The one error names what was asked for, where, and the Pulumi CLI as the way out."""
    message = refusal_of(tmp_path, program)
    assert message.startswith(f"the offline engine does not support {what}")
    assert message.endswith("; use the Pulumi CLI for it")


def test_an_import_is_refused_without_sending_anybody_to_the_cli(tmp_path: Path) -> None:
    """No engine can import a dynamic resource by an option, and the error says so."""
    message = refusal_of(tmp_path, "Thing('a', ResourceOptions(import_='a-1'))")
    assert message == (
        "the offline engine does not support import_, on pulumi-python:dynamic/toy:Thing 'a'; the "
        "Pulumi CLI does not either, for a dynamic resource: leave the option out, and use what "
        "the resource itself offers for taking over something that exists"
    )


def refusal_of(tmp_path: Path, program: str) -> str:
    """Bring up a program that is refused; return the one error that there is."""
    toy = Path(__file__).with_name("programs") / "toy"
    for name in ("toy.py", "Pulumi.yaml"):
        (tmp_path / name).write_text((toy / name).read_text())
    (tmp_path / "__main__.py").write_text(PREFACE + program)
    stack = create_or_select_stack("dev", tmp_path)
    stack.set_config("folder", str(tmp_path))
    with pytest.raises(OperationError) as refusal:
        stack.up()
    (error,) = [one for one in refusal.value.diagnostics if one.severity == "error"]
    assert not list(tmp_path.glob("*.json"))
    return error.message
