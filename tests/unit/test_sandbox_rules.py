"""The refusals of the sandbox as pure functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_openrouter.sandbox.refusals import INTERVALS, Refusal, check_budget_order, dollars


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (500, "$500"),
        (500.0, "$500"),
        (0.5, "$0.5"),
        (1234.25, "$1234.25"),
        (1e15, "$1000000000000000"),
        (1e-9, "$0.000000001"),
        (100.0, "$100"),
    ],
)
def test_dollars_are_plain_decimals(amount: float, text: str) -> None:
    """An amount is written without an exponent and without zeros that say nothing."""
    assert dollars(amount) == text


limits = st.dictionaries(
    st.sampled_from(INTERVALS), st.floats(min_value=0.01, max_value=1e6), max_size=4
)


@given(limits)
def test_order_holds_exactly_when_limits_decrease(limits: dict[str, float]) -> None:
    """Limits are accepted exactly when each is greater than every narrower one."""
    ordered = [limits[interval] for interval in INTERVALS if interval in limits]
    decreasing = all(a > b for i, a in enumerate(ordered) for b in ordered[i + 1 :])
    if decreasing:
        check_budget_order(limits)
    else:
        with pytest.raises(Refusal, match="must be strictly decreasing") as refused:
            check_budget_order(limits)
        assert refused.value.status == 400
