"""Options of the recorded states."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records this version's states anew."""
    parser.addoption(
        "--record-states",
        action="store_true",
        help="write the states that this version and these engines make to tests/states/recorded",
    )
