"""Text of others: keys are taken out, and a message stays on one line."""

from __future__ import annotations

from pulumi_openrouter.text import fold, redact


def test_redaction_knows_keys_of_any_form() -> None:
    """A configured key is replaced whatever it looks like; an empty one replaces nothing."""
    assert redact("the key s3cret", "s3cret", "") == "the key [redacted]"
    assert redact("sk-or-v1-ab_c, sk-or-x") == "[redacted], [redacted]"


def test_folding_cuts_only_at_the_limit() -> None:
    """Without a limit, a text of any length stays whole."""
    assert fold(" a  b ") == "a b"
    assert fold("x" * 1000) == "x" * 1000
