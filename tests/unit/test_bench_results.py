"""The bench's results file: one chapter can be measured anew without the others."""

from bench.results import updated

ORDER = ["Requests", "Growth", "Start-up"]
TEXT = """# Results

The machine: a fast one.

## Requests

As many as needed.

## Start-up

Quick.
"""


def test_a_chapter_is_replaced_and_the_others_stay() -> None:
    """A chapter measured by itself changes neither the head nor any other chapter."""
    assert updated(TEXT, None, {"Start-up": "Slow."}, ORDER) == TEXT.replace("Quick.", "Slow.")


def test_a_new_chapter_takes_its_place() -> None:
    """A chapter that the file has not had yet is put where the order says."""
    text = updated(TEXT, None, {"Growth": "None."}, ORDER)
    expected = "As many as needed.\n\n## Growth\n\nNone.\n\n## Start-up\n\nQuick."
    assert expected in text


def test_a_whole_run_writes_a_new_head_and_keeps_what_it_did_not_measure() -> None:
    """Without the Pulumi CLI its chapter stays; one that the bench no longer has goes."""
    text = updated(TEXT + "\n## Gone\n\nOld.\n", "# New", {"Requests": "None."}, ORDER)
    assert text == "# New\n\n## Requests\n\nNone.\n\n## Start-up\n\nQuick.\n"


def test_the_first_run_needs_no_file_with_chapters() -> None:
    """From an empty text the result is the head and what was measured."""
    assert updated("", "# New", {"Growth": "None."}, ORDER) == "# New\n\n## Growth\n\nNone.\n"
