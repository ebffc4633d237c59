"""The demo, as `make demo` runs it."""

import sys

import pytest

from demo.__main__ import main
from harness import Engine


# Some thirty runs of an engine.
@pytest.mark.timeout(300)
def test_the_demo_holds(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step of the demo holds, on either engine, and the last line says on which."""
    name = "pulumi" if engine is Engine.CLI else "offline"
    monkeypatch.setattr(sys, "argv", ["demo", "--engine", name])
    assert main() == 0
    last = capsys.readouterr().out.splitlines()[-1]
    ran = "Pulumi" if engine is Engine.CLI else "the offline engine"
    assert last == f"Everything held, on {ran}."
