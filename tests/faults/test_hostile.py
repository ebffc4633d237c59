"""Hostile and wrong input: each either works exactly, or is refused before anything is sent.

What is accepted stands at the API character by character, and a second run finds no difference.
What is refused names the property and says the rule.
"""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from faults.conftest import Record
from faults.declared import Declared, budget, membership, workspace
from faults.driver import CheckError, Stack
from faults.results import Case, Section
from faults.world import judge, world
from harness.organization import Somebody, people
from pulumi_openrouter.sandbox import Sandbox

TEXTS = {
    "combining-marks": "e\u0301 n\u0303 \u0e33",
    "right-to-left": "\u0645\u0631\u062d\u0628\u0627 \u202eabc\u202c",
    "beyond-the-first-plane": "\U0001f469\u200d\U0001f4bb \U00020000",
    "a-byte-order-mark": "\ufeffname",
    "path-characters": "../..//x?y=1#z%2f%00\\",
    "markup": "<script>alert('x')</script> ${pulumi} {{x}} %s",
    "quotes": "\"'`\u2019",
    "line-separators": "a\u2028b\u2029c",
    "edge-blanks": " a ",
    "not-characters": "\ufffe\uffff",
}
REFUSED_TEXTS = {
    "a-nul": "a\0b",
    "an-escape": "a\x1b[31mb",
    "a-delete": "a\x7fb",
    "a-next-line": "a\x85b",
}


def settles(sandbox: Sandbox, stack: Stack, program: list[Declared]) -> dict[str, Any]:
    """Run the program, see that a second run does nothing; return the workspace `prod`."""
    stack.up(program)
    assert stack.up(program) == {"same": len(program)}
    assert stack.refresh() == []
    assert stack.up(program) == {"same": len(program)}
    [prod] = [one for one in world(sandbox) if one["slug"] == "prod"]
    return prod


def refused(sandbox: Sandbox, stack: Stack, program: list[Declared]) -> str:
    """See that the preview refuses the program and nothing is sent; return what it says."""
    sandbox.clear_requests()
    with pytest.raises(CheckError) as raised:
        stack.preview(program)
    with pytest.raises(CheckError):
        stack.up(program)
    assert sandbox.requests() == []
    assert stack.resources == {}
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def take(record: Record, sandbox: Sandbox, expected: Any, fault: str, how: str, runs: int) -> None:
    """Record a case of one hostile input."""
    verdict = judge(expected, world(sandbox))
    record(Case.of(verdict, Section.HOSTILE, fault, how, injected=1, runs=runs))
    assert verdict.differences == ()


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_kept_exactly(
    sandbox: Sandbox, stack: Stack, record: Record, text: str
) -> None:
    """Names and descriptions of any characters reach the API unchanged and settle."""
    prod = settles(
        sandbox, stack, [workspace("prod", name=TEXTS[text], description=TEXTS[text] * 2)]
    )
    assert (prod["name"], prod["description"]) == (TEXTS[text], TEXTS[text] * 2)
    take(record, sandbox, world(sandbox), "text of any characters", "name and description", 5)


@pytest.mark.parametrize("name", ["name", "description"])
@pytest.mark.parametrize("text", REFUSED_TEXTS)
def test_control_characters_are_refused(
    sandbox: Sandbox, stack: Stack, record: Record, text: str, name: str
) -> None:
    """Control characters are refused in preview, by their code point."""
    before = world(sandbox)
    said = refused(sandbox, stack, [workspace("prod", **{name: REFUSED_TEXTS[text]})])
    assert said.startswith(f"{name}: U+")
    take(record, sandbox, before, "control characters", "refused in preview", 2)


@pytest.mark.parametrize(
    ("name", "length"), [("description", 500), ("name", 100), ("name", 1), ("slug", 50)]
)
def test_lengths_up_to_the_limit_work(
    sandbox: Sandbox, stack: Stack, name: str, length: int, record: Record
) -> None:
    """The longest and shortest text that the API takes works; it counts characters, not bytes."""
    character = "p" if name == "slug" else "\u00fc"
    program = [workspace("prod", **{name: character * length})]
    stack.up(program)
    assert stack.up(program) == {"same": 1}
    assert character * length in [one[name] for one in world(sandbox)]
    take(record, sandbox, world(sandbox), "texts at the limit", "name, description, slug", 2)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ([workspace("prod", description="x" * 501)], "description: .*at most 500.*it has 501"),
        ([workspace("prod", name="x" * 101)], "name: .*1 to 100.*it has 101"),
        ([workspace("prod", name="")], "name: .*1 to 100"),
        ([workspace("prod", name=" \u3000 ")], "name: .*not all blank"),
        ([workspace("prod", slug="p" * 51)], "slug: a slug is 1 to 50"),
        *[
            ([workspace("prod", slug=slug)], "slug: a slug is 1 to 50")
            for slug in ("", "../x", "a%2fb", "a?b", "a#b", "a\nb", "a\0b", "Prod", "a--b", "-a")
        ],
        *[
            ([budget("b", workspace=place, daily_usd=1)], "workspace: .*UUID.*or its slug")
            for place in ("", "..", "../default", "de%66ault", "default/", "default?x", "0" * 51)
        ],
        *[
            ([budget("b", workspace="default", daily_usd=limit)], "daily_usd: ")
            for limit in (0, -1, math.nan, math.inf, -math.inf, "5", True)
        ],
        (
            [budget("b", workspace="default", daily_usd=9, weekly_usd=9)],
            r"daily_usd: .*daily_usd \(9\) is not less than weekly_usd \(9\)",
        ),
        ([budget("b", workspace="default")], "monthly_usd: .*at least one limit"),
        ([workspace("prod", io_logging_sampling_rate=0)], "io_logging_sampling_rate: .*0.0001"),
        ([workspace("prod", io_logging_sampling_rate=1.5)], "io_logging_sampling_rate: "),
        ([workspace("prod", io_logging_api_key_ids=[1.5])], "io_logging_api_key_ids: "),
        (
            [workspace("prod", io_logging_api_key_ids=[7, 7.0])],
            "io_logging_api_key_ids: 7 is in the list more",
        ),
        ([workspace("prod", default_provider_sort="best")], "default_provider_sort: .*exacto"),
        ([membership("m", workspace="default", user_ids=[])], "user_ids: the list is empty"),
        (
            [membership("m", workspace="default", user_ids=["a", "a"])],
            "user_ids: a is in the list more",
        ),
        ([membership("m", workspace="default", user_ids=["../x y"])], "user_ids: "),
        ([membership("m", workspace="default", user_ids=["a@b.c"])], "user_ids: .*emails="),
        (
            [membership("m", workspace="default", emails=["A@b.c", "a@B.C"])],
            "emails: a@b.c is in the list more",
        ),
        (
            [membership("m", workspace="default", emails=["nobody"])],
            "emails: .*not an email address",
        ),
        ([membership("m", workspace="default")], "user_ids: .*either user_ids or emails"),
    ],
)
def test_what_can_never_work_is_refused_in_preview(
    sandbox: Sandbox, stack: Stack, record: Record, program: list[Declared], words: str
) -> None:
    """Input that the API would refuse or misread is refused in preview, naming the property."""
    before = world(sandbox)
    said = refused(sandbox, stack, program)
    assert re.search(words, said), said
    take(record, sandbox, before, "input that can never work", "refused in preview", 2)


@pytest.mark.parametrize("limit", [1e-9, 0.1 + 0.2, 7, 1e15, 123456789.123456789, 5e-324])
def test_any_limit_is_kept_exactly(
    sandbox: Sandbox, stack: Stack, record: Record, limit: float
) -> None:
    """Limits from the smallest float to 1e15 USD reach the API to the last digit."""
    program = [workspace("prod"), budget("b", of="prod", daily_usd=limit)]
    assert settles(sandbox, stack, program)["budgets"] == {"daily": limit}
    take(record, sandbox, world(sandbox), "limits of any size", "a daily budget", 4)


def test_whole_numbers_may_be_floats(sandbox: Sandbox, stack: Stack, record: Record) -> None:
    """Whole numbers, which Pulumi carries as floats, arrive as whole numbers."""
    program = [workspace("prod", io_logging_api_key_ids=[9.0, 2**53 - 1, 7], name="1")]
    prod = settles(sandbox, stack, program)
    assert sorted(prod["io_logging_api_key_ids"]) == [7, 9, 2**53 - 1]
    assert all(isinstance(key_id, int) for key_id in prod["io_logging_api_key_ids"])
    take(record, sandbox, world(sandbox), "whole numbers as floats", "key ids", 4)


def test_emails_in_mixed_case(
    sandbox: Sandbox, stack: Stack, somebody: Somebody, record: Record
) -> None:
    """The case of an email address does not matter, neither here nor in the organization."""
    [made] = sandbox.add_organization_members([{"email": "Grace.Hopper@Example.COM"}])
    first = people(sandbox)[0]
    somebody.creates("prod", name="prod")
    program = [
        membership(
            "m", workspace="prod", emails=["GRACE.hopper@example.com", "Jane.Doe@EXAMPLE.com"]
        )
    ]
    assert settles(sandbox, stack, program)["members"] == sorted([made["id"], first])
    take(record, sandbox, world(sandbox), "emails in mixed case", "a membership", 4)


@pytest.mark.parametrize("count", [1, 100, 101])
def test_memberships_around_a_batch(
    sandbox: Sandbox, stack: Stack, record: Record, count: int
) -> None:
    """One person, exactly one batch and one more than that all work."""
    ids = [person["id"] for person in sandbox.add_organization_members(count)]
    program = [workspace("prod"), membership("m", of="prod", user_ids=ids)]
    assert settles(sandbox, stack, program)["members"] == sorted(ids)
    stack.up([workspace("prod"), membership("m", of="prod", user_ids=ids[:1])])
    [prod] = [one for one in world(sandbox) if one["slug"] == "prod"]
    assert prod["members"] == ids[:1]
    take(record, sandbox, world(sandbox), "1, 100 and 101 members", "a membership", 5)


def test_nobody_at_all(sandbox: Sandbox, stack: Stack, record: Record) -> None:
    """An exclusive membership of nobody empties the workspace and settles."""
    ids = people(sandbox)
    stack.up([workspace("prod"), membership("m", of="prod", user_ids=ids[:3])])
    program = [workspace("prod"), membership("m", of="prod", user_ids=[], exclusive=True)]
    assert settles(sandbox, stack, program)["members"] == []
    take(record, sandbox, world(sandbox), "0 members, exclusive", "a membership", 5)
