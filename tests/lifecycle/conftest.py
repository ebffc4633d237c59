"""What the lifecycle tests share: provider processes, and the sandbox seen from their side."""

import sys
from collections.abc import Callable, Iterator

import pytest

from harness.process import ProviderProcess
from pulumi_openrouter.sandbox import Sandbox

NewProcess = Callable[..., ProviderProcess]


@pytest.fixture
def start(sandbox: Sandbox) -> Iterator[NewProcess]:
    """Start provider processes, with settings of the stack config as arguments."""
    started: list[ProviderProcess] = []
    limit = getattr(sys, "tracebacklimit", None)

    def new(**config: str) -> ProviderProcess:
        started.append(ProviderProcess(sandbox.environment, **config))
        # A provider that is configured hides tracebacks, which here are pytest's.
        sys.tracebacklimit = 1000 if limit is None else limit
        return started[-1]

    yield new
    for process in started:
        process.close()
    if limit is None:
        del sys.tracebacklimit


@pytest.fixture
def process(start: NewProcess) -> ProviderProcess:
    """Start one provider process."""
    return start()
