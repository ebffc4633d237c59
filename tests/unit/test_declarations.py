"""What a resource's class writes out, against its declaration: nothing is said in two ways."""

import ast
import inspect
import pydoc
import re
import textwrap
import typing
from typing import Any

import pytest

import pulumi_openrouter as openrouter
from pulumi_openrouter.lifecycle import rules
from pulumi_openrouter.lifecycle.budget_plan import INTERVALS
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
        accepts = f"pulumi.Input[ListOf[pulumi.Input[{item.__name__}]]]"
    elif one.rule is rules.provider_sort:
        accepts = "pulumi.Input[ProviderSort]"
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


def annotations(args: type) -> dict[str, str]:
    """Return the annotations of a TypedDict, inherited ones included, as they are written."""
    return {name: one.__forward_arg__ for name, one in inspect.get_annotations(args).items()}


def optional(resource: type[OpenRouterResource]) -> dict[str, str]:
    """Return the annotations of all inputs but the workspace."""
    inputs = declaration_of(resource).inputs
    return {one.name: accepted(one) for one in inputs if one.name != "workspace"}


@pytest.mark.parametrize("resource", [openrouter.Workspace, openrouter.WorkspaceBudget])
def test_the_dict_of_inputs_has_what_is_declared(resource: type[OpenRouterResource]) -> None:
    """All inputs but the workspace stand in the TypedDict, in the same order and types."""
    args = getattr(openrouter, f"{resource.__name__}Args")
    assert [*annotations(args).items()] == [*optional(resource).items()]
    assert args.__required_keys__ == frozenset()


LISTS: dict[str, Any] = {
    "user_ids": openrouter.WorkspaceMembershipByUserIdsArgs,
    "emails": openrouter.WorkspaceMembershipByEmailsArgs,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_dict_of_a_membership_has_one_of_the_lists(name: str) -> None:
    """Each of the two dicts has all inputs but the workspace and the other list, and needs its."""
    declared = optional(openrouter.WorkspaceMembership)
    declared[name] = declared[name].removesuffix(" | None")
    [other] = LISTS.keys() - {name}
    del declared[other]
    assert annotations(LISTS[name]) == declared
    assert LISTS[name].__required_keys__ == {name}


def test_an_overload_has_one_of_the_lists() -> None:
    """Each overload of the constructor has its arguments, one list required and the other none."""
    source = textwrap.dedent(inspect.getsource(openrouter.WorkspaceMembership))
    *overloads, constructor = (
        {one.arg: ast.unparse(one.annotation) for one in node.args.kwonlyargs if one.annotation}
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    expected = []
    for name in LISTS:
        [other] = LISTS.keys() - {name}
        needed = constructor[name].removesuffix(" | None")
        expected.append({**constructor, name: needed, other: "None"})
    assert overloads == expected


def test_the_literals_have_what_the_rules_accept() -> None:
    """Sorts and intervals are written out for type checkers, as the rules have them."""
    assert typing.get_args(openrouter.ProviderSort) == rules.PROVIDER_SORTS
    assert {f"{one}_usd" for one in typing.get_args(openrouter.Interval)} == {*INTERVALS}


@by_resource
def test_help_shows_our_documentation(resource: type[OpenRouterResource]) -> None:
    """`help()` of a resource has the text of the class and what each input means."""
    shown = pydoc.plain(pydoc.render_doc(resource))
    text = " ".join(re.sub(r"^ \|", "", shown, flags=re.MULTILINE).split())
    assert " ".join((inspect.getdoc(resource) or "").split()) in text
    assert all(one.doc in text for one in declaration_of(resource).inputs)


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
