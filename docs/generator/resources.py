"""A page for each resource, from its declaration, its class, and the rules of its inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import get_annotations, getdoc
from pathlib import Path
from typing import Any, get_args, get_origin

import pulumi_openrouter as openrouter
from generator.markdown import anchor, block, code, one_line, page, read_docstring, table
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut
from pulumi_openrouter.lifecycle.validation import validate
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import OpenRouterResource

DOCS = Path(__file__).parents[1]
PROGRAMS = Path(__file__).parent / "programs"
TROUBLESHOOTING = DOCS / "guides/troubleshooting.md"

CHANGES = {
    Change.UPDATE: "a change updates in place",
    Change.REPLACE: "a change replaces the resource",
    Change.NONE: "a change does nothing by itself",
}
LEFT_OUT = {
    LeftOut.REQUIRED: "required",
    LeftOut.DEFAULT: "default: the constructor chooses one",
    LeftOut.NULL: "default: null",
    LeftOut.UNCHANGED: "default: unchanged",
    LeftOut.UNMANAGED: "default: not managed",
    LeftOut.FALSE: "default: False",
}
MEANINGS = {
    LeftOut.NULL: (
        "**null** means that OpenRouter's value is set to null. A value set by hand is drift, and "
        "`pulumi up --refresh` reverts it."
    ),
    LeftOut.UNCHANGED: (
        "**unchanged** means that OpenRouter's value is left alone. The input is managed only "
        "while the program passes it."
    ),
    LeftOut.UNMANAGED: (
        "**not managed** means that the resource leaves it alone, and deletes it if it managed it "
        "before."
    ),
}
# Wrong values, as a program writes them. The first that the rule of an input refuses is shown. Each
# breaks one rule only, so that its reason is about what a reader sees is wrong with it.
WRONG: dict[Any, list[tuple[str, object]]] = {
    "emails": [('["sam"]', ["sam"])],
    "user_ids": [('["user_2dHF", "user_2dHF"]', ["user_2dHF", "user_2dHF"])],
    "disabled_server_tools": [('["openrouter:web_search"] * 2', ["openrouter:web_search"] * 2)],
    str: [('"my chat"', "my chat"), ('""', ""), ('"x" * 501', "x" * 501)],
    float: [("0", 0.0), ("2", 2.0)],
    list[int]: [("[7, 7]", [7, 7])],
}
# The type of the inputs as a dict, an example of it, and what else there is to know.
DICTS = {
    "Workspace": ("WorkspaceArgs", '{"default_provider_sort": "price"}', ""),
    "WorkspaceBudget": (
        "WorkspaceBudgetArgs",
        '{"monthly_usd": 5000}',
        "It leaves out the workspace.",
    ),
    "WorkspaceMembership": (
        "WorkspaceMembershipByEmailsArgs",
        '{"emails": ["jane.doe@example.com"]}',
        "It leaves out the workspace. `openrouter.WorkspaceMembershipByUserIdsArgs` has `user_ids` "
        "instead of `emails`. `openrouter.WorkspaceMembershipArgs` is either of the two: mypy "
        "accepts it behind `**`, but for pyright you have to name the one that it is.",
    ),
}


def resource_pages() -> dict[str, str]:
    """Return a page for each resource of the registry."""
    return {file_of(resource): resource_page(resource) for resource in RESOURCES}


def file_of(resource: type[OpenRouterResource]) -> str:
    """Return the name of a resource's page."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", resource.__name__).lower() + ".md"


def resource_page(resource: type[OpenRouterResource]) -> str:
    """Return the page of one resource."""
    declaration = declaration_of(resource)
    program = (PROGRAMS / file_of(resource)).with_suffix(".py").read_text(encoding="utf-8")
    # In this repository the package is not a third party, as it is to a reader.
    program = program.replace("import pulumi\n\nimport", "import pulumi\nimport")
    return page(
        declaration.name,
        intro_text(resource),
        f"## Example\n\n{block('python', program)}",
        f"## Inputs\n\n{inputs_text(resource, declaration)}",
        f"## Inputs as a dict\n\n{dict_text(declaration)}",
        f"## Outputs\n\n{outputs_text(declaration)}",
        f"## Look one up\n\n{get_text(resource)}",
        f"## Import\n\n{import_text(declaration)}",
        f"## Errors\n\n{errors_text(declaration)}",
    )


def intro_text(resource: type[OpenRouterResource]) -> str:
    """Return what the class says, less what the list of inputs says once more."""
    text = re.sub(
        r"^Omitting an input .*?\n\n", "", read_docstring(resource).text, flags=re.M | re.S
    )
    return re.sub(r"^API: (\S+)$", r"[OpenRouter's API reference](\1)", text, flags=re.MULTILINE)


def inputs_text(resource: type[OpenRouterResource], declaration: Declaration) -> str:
    """Return an entry for each input: its type, what leaving it out means, and its rule."""
    found = read_docstring(resource.__init__).sections["Args"]
    used = {
        one.left_out
        for one in declaration.inputs
        if one.left_out is not LeftOut.NULL or "null" in without_default(one)[1]
    }
    head = [
        "The constructor takes the resource name, Pulumi's `opts`, and these inputs by keyword. "
        "Each may be a plain value or a Pulumi output.",
        f"- `resource_name`: {found['resource_name']}\n- `opts`: {found['opts']}",
        *(words for meaning, words in MEANINGS.items() if meaning in used),
    ]
    return "\n\n".join([*head, *(input_text(declaration, one) for one in declaration.inputs)])


def input_text(declaration: Declaration, one: Input) -> str:
    """Return the entry of one input."""
    words, left_out = without_default(one)
    type_ = "Workspace | str" if one.name == "workspace" else type_name(one.type)
    facts = f"`{type_}` · {left_out} · {CHANGES[one.change]}"
    parts = [f"### `{one.name}`", facts, words]
    for written, reason in refused(declaration, one):
        why = re.sub(r"\b\w+=(\[\.{3}\]|\w+)", r"`\g<0>`", reason)
        parts.append(f"`{one.name}={written}` is refused: {why}.")
        break
    return "\n\n".join(parts)


def without_default(one: Input) -> tuple[str, str]:
    """Return the documentation of an input in two parts: what it means, and if it is omitted."""
    meaning, default, rest = re.fullmatch(
        r"(.*?)\s*(?:(Default(?:, and the same as an empty list)?): (.*))?", one.doc
    ).groups()  # type: ignore[union-attr]  # every part is optional, so this always matches
    if default is None:
        return meaning, LEFT_OUT[one.left_out]
    first, _, others = rest.partition(". ")
    also = ", and an empty list" if "empty list" in default else ""
    return f"{meaning} {others}".strip(), f"default{also}: {first.rstrip('.')}"


def refused(declaration: Declaration, one: Input) -> Iterator[tuple[str, str]]:
    """Yield wrong values of an input, as written, with the reason that the validation gives."""
    for written, value in WRONG.get(one.name, WRONG.get(one.type, ())):
        for name, reason in validate(declaration, {one.name: value})[1]:
            if name == one.name and reason != "a value is required":
                yield written, reason


def type_name(type_: Any) -> str:
    """Return a type as a program writes it."""
    if get_origin(type_) is list:
        return f"list[{get_args(type_)[0].__name__}]"
    return str(type_.__name__)


def dict_text(declaration: Declaration) -> str:
    """Return the type that the inputs have as a dict, with an example."""
    type_, values, rest = DICTS[declaration.name]
    words = (
        f"`openrouter.{type_}` is the type of a dict of these inputs, for a program that builds "
        f"them elsewhere, for example in a function or from a file. {rest}"
    )
    has_workspace = declaration.name != "Workspace"
    program = [
        "import pulumi_openrouter as openrouter\n",
        *(['chat = openrouter.Workspace("chat")'] if has_workspace else []),
        f"args: openrouter.{type_} = {values}",
        f'openrouter.{declaration.name}("chat", '
        f"{'workspace=chat, ' if has_workspace else ''}**args)",
    ]
    return f"{words.strip()}\n\n{block('python', chr(10).join(program))}"


def outputs_text(declaration: Declaration) -> str:
    """Return a table of the outputs, the Pulumi id first."""
    id_ = ("`id`", "`str`", "The Pulumi id, as described above.")
    rows = [(code(one.name), code(one.type), one.doc) for one in declaration.outputs]
    named = {name for one in declaration.outputs for name in re.findall(r"\w+", one.type)}
    classes = [getattr(openrouter, name) for name in openrouter.__all__ if name in named]
    return "\n\n".join(
        [table(["Output", "Type", "Meaning"], [id_, *rows]), *map(class_text, classes)]
    )


def class_text(class_: type) -> str:
    """Return a table of the attributes of a class that an output holds."""
    getters = {name: one.fget for name, one in vars(class_).items() if isinstance(one, property)}
    rows = [
        (code(name), code(get_annotations(get)["return"]), one_line(getdoc(get) or ""))
        for name, get in getters.items()
        if get is not None
    ]
    words = one_line(getdoc(class_) or "")
    head = ["Attribute", "Type", "Meaning"]
    return f"### `{class_.__name__}`\n\n{words}\n\n{table(head, rows)}"


def get_text(resource: type[OpenRouterResource]) -> str:
    """Return how a program reads what something else manages."""
    get: Any = vars(resource)["get"]
    documented = read_docstring(get)
    [reference] = [name for name in documented.sections["Args"] if name in {"id", "workspace"}]
    call = f'openrouter.{resource.__name__}.get("default", "default")'
    return "\n\n".join(
        [
            documented.text,
            block("python", f"import pulumi_openrouter as openrouter\n\nfound = {call}"),
            f"- `{reference}`: {documented.sections['Args'][reference]}",
            "The result has the outputs above. Deleting the stack leaves what was only read.",
        ]
    )


def import_text(declaration: Declaration) -> str:
    """Return the ways to manage what exists already."""
    ways = one_line(
        """To bring in many, run `pulumi-openrouter import`, which writes a program and an import
        file. `import_=` in the options does not work for dynamic resources and is refused."""
    )
    takes = {
        "Workspace": "To take over one, pass its `slug` and `adopt=True`, or run once with "
        "`OPENROUTER_ADOPT_EXISTING=1`.",
        "WorkspaceBudget": "To take over limits, declare them: a limit that exists is overwritten, "
        "and the preview names it.",
        "WorkspaceMembership": "To take over people, list them: who is a member already stays one.",
    }
    guide = "[Bring in what exists](../guides/bring-in.md) explains each way."
    return " ".join(part for part in (takes.get(declaration.name, ""), ways, guide) if part)


def errors_text(declaration: Declaration) -> str:
    """Return links to the messages that concern a resource."""
    text = TROUBLESHOOTING.read_text(encoding="utf-8")
    page_ = "../guides/troubleshooting.md"
    links = [
        f"- [{heading}]({page_}#{anchor(heading)})"
        for title, body in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
        if declaration.name in title.split()
        for heading in re.findall(r"^### (.+)$", body, re.MULTILINE)
    ]
    links.append(f"- [Messages that any resource may have]({page_}#any-resource)")
    rules = """Values that break a rule fail in the preview, in one line that names the property,
        the value, the rule and what to do. These messages have an explanation:"""
    return "\n\n".join([one_line(rules), "\n".join(links)])
