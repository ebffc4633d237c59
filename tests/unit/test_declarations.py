"""What a resource's class writes out, against its declaration: nothing is said in two ways."""

import inspect
import re
import typing

import pytest

import pulumi_openrouter as openrouter
from pulumi_openrouter.lifecycle.declaration import Input, LeftOut
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import OpenRouterResource

by_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.__name__)

OTHERS = {"self", "resource_name", "opts"}


def arguments(resource: type[OpenRouterResource]) -> dict[str, str]:
    """Return what the docstring says of each argument, without line breaks."""
    text = inspect.getdoc(resource.__init__) or ""
    [section] = re.findall(r"^Args:\n((?:    .*\n)+)", text, re.MULTILINE)
    found = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", section, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", words) for name, words in found}


def accepted(one: Input) -> str:
    """Return the annotation that the constructor has for an input."""
    if one.name == "workspace":
        return "Workspace | pulumi.Input[str]"
    if typing.get_origin(one.type) is list:
        [item] = typing.get_args(one.type)
        accepts = f"pulumi.Input[Sequence[pulumi.Input[{item.__name__}]]]"
    else:
        accepts = f"pulumi.Input[{one.type.__name__}]"
    return accepts if one.left_out is LeftOut.REQUIRED else f"{accepts} | None"


@by_resource
def test_the_constructor_takes_what_is_declared(resource: type[OpenRouterResource]) -> None:
    """Names, order and types of the arguments are those of the inputs."""
    parameters = inspect.signature(resource.__init__).parameters
    given = {name: p.annotation for name, p in parameters.items() if name not in OTHERS}
    declared = {one.name: accepted(one) for one in declaration_of(resource).inputs}
    assert [*given.items()] == [*declared.items()]


@by_resource
def test_the_docstring_says_what_is_declared(resource: type[OpenRouterResource]) -> None:
    """Editors show the words that the reference has."""
    documented = {n: words for n, words in arguments(resource).items() if n not in OTHERS}
    assert documented == {one.name: one.doc for one in declaration_of(resource).inputs}


@by_resource
def test_the_outputs_are_those_declared(resource: type[OpenRouterResource]) -> None:
    """Each output is an attribute with the type and the words of the declaration."""
    found = {
        name: member
        for base in resource.__mro__[:3]
        for name, member in vars(base).items()
        if isinstance(member, property) and not name.startswith("_")
    }
    declared = {one.name: one for one in declaration_of(resource).outputs}
    assert found.keys() == declared.keys()
    for name, member in found.items():
        annotation = inspect.get_annotations(member.fget)["return"]  # type: ignore[arg-type]
        assert annotation == f"pulumi.Output[{declared[name].type}]"
        words = re.sub(r"\s+", " ", inspect.getdoc(member) or "")
        assert words.startswith(declared[name].doc)


@by_resource
def test_the_package_exports_the_resource(resource: type[OpenRouterResource]) -> None:
    """A program finds the class, and a state finds the provider, under the package's name."""
    provider = resource._provider_type
    assert {resource.__name__, provider.__name__} <= {*openrouter.__all__}
    assert getattr(openrouter, resource.__name__) is resource
    assert provider.__name__ == f"{resource.__name__}Provider"
    assert declaration_of(resource).name == resource.__name__
