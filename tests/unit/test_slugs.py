"""Slugs: what is made of a name and a stack always is one that the API takes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_openrouter.slugs import SLUG, SLUG_LENGTH, is_uuid, slugify

# The pattern of the API document.
PATTERN = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


@pytest.mark.parametrize(
    ("name", "stack", "slug"),
    [
        pytest.param("acme", "dev", "acme-dev", id="plain"),
        pytest.param("Acme Production", "eu_1", "acme-production-eu-1", id="blanks-and-case"),
        pytest.param("Zürich café", "dev", "zurich-cafe-dev", id="accents"),
        pytest.param("Größe", "dev", "grosse-dev", id="sharp-s"),
        pytest.param("GRÖẞE", "dev", "grosse-dev", id="capital-sharp-s"),
        pytest.param("Smørrebrød & Łódź", "dev", "smorrebrod-lodz-dev", id="crossed-letters"),
        pytest.param(
            "Œuvre æther þorn", "dev", "oeuvre-aether-thorn-dev", id="two-letters-for-one"
        ),
        pytest.param(
            "İstanbul \u0131l\u0131k", "dev", "istanbul-ilik-dev", id="dotted-and-dotless-i"
        ),
        pytest.param("Acme™", "dev", "acmetm-dev", id="symbol-of-letters"),
        pytest.param("--a--b--", "dev", "a-b-dev", id="hyphens-at-the-ends-and-doubled"),
        pytest.param("../etc/%2f?#", "dev", "etc-2f-dev", id="path-characters"),
        pytest.param("x" * 60, "dev", "x" * 46 + "-dev", id="too-long-a-name"),
        pytest.param("x" * 45 + "-y", "dev", "x" * 45 + "-dev", id="cut-at-a-hyphen"),
        pytest.param("acme", "s" * 60, "", id="too-long-a-stack"),
        pytest.param("日本", "dev", "", id="nothing-of-the-name-left"),
        pytest.param("acme", "", "acme", id="no-stack"),
    ],
)
def test_a_slug_is_made_of_name_and_stack(name: str, stack: str, slug: str) -> None:
    """The nearest slug, with the stack as its last part."""
    assert slugify(name, stack) == slug


@settings(deadline=None)
@given(name=st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_only_lowered_and_hyphenated(name: str) -> None:
    """Of ASCII, letters and digits stay as they are in lower case, and runs of others join them."""
    assert slugify(name, "") == "-".join(re.findall("[a-z0-9]+", name.lower()))[:50].rstrip("-")


@settings(deadline=None)
@given(name=st.text(), stack=st.text())
def test_whatever_comes_out_is_a_slug(name: str, stack: str) -> None:
    """Of any text: nothing, or what the API's pattern and length allow."""
    slug = slugify(name, stack)
    assert slug == "" or (PATTERN.match(slug) and len(slug) <= SLUG_LENGTH)


@settings(deadline=None)
@given(name=st.text(), stack=st.from_regex(SLUG, fullmatch=True))
def test_the_stack_is_never_cut(name: str, stack: str) -> None:
    """However long the name, the stack stands in the slug as a whole: two stacks never collide."""
    slug = slugify(name, stack)
    assert slug == "" or slug.endswith(f"-{stack}")


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001", True),
        ("6B9D5F54-96E1-4F6E-9C0F-1D1F4F1F0001", True),
        ("6b9d5f5496e14f6e9c0f1d1f4f1f0001", False),
        ("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001\n", False),
        ("acme-dev", False),
    ],
    ids=["id", "upper-case", "without-hyphens", "with-a-newline", "slug"],
)
def test_an_id_is_told_from_a_slug(text: str, is_id: bool) -> None:
    """What has the form of a UUID is an id."""
    assert is_uuid(text) is is_id
