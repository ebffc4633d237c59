"""Projects of a user whose tests use the plugin, run by pytest in a process of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def only_our_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the plugins of this project's own tests out of the user's."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_pulumi_openrouter")


@pytest.fixture
def without_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the Pulumi CLI off PATH."""
    folders = os.environ["PATH"].split(os.pathsep)
    kept = [one for one in folders if not Path(one, "pulumi").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), *kept]))
