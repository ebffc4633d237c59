"""Options of the engine's tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records the real engine's results anew."""
    parser.addoption(
        "--record",
        action="store_true",
        help="write what the real engine does in each scenario to tests/offline/recorded",
    )
