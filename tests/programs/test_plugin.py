"""The CLI takes every distribution named pulumi-* for a plugin to download; this one is none."""

import json
import select
import socket
from collections.abc import Iterator
from importlib.resources import files

import pytest

from harness import Project


@pytest.fixture
def proxy() -> Iterator[socket.socket]:
    """Listen as the only way to the internet, and answer nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_the_package_says_that_it_is_no_plugin() -> None:
    """That file is what the CLI looks for before it asks the internet."""
    plugin = files("pulumi_openrouter").joinpath("pulumi-plugin.json").read_text()
    assert json.loads(plugin) == {"resource": False}


def test_a_preview_asks_the_internet_for_nothing(project: Project, proxy: socket.socket) -> None:
    """With the package installed and a proxy set, no connection to it is ever opened."""
    address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
    # Pulumi's own processes talk to each other on loopback, past the proxy.
    project.environment |= {"HTTPS_PROXY": address, "NO_PROXY": "127.0.0.1,localhost"}
    project.program('openrouter.Workspace("acme")')
    assert project.preview().changes == {"create": 2}
    connections, _, _ = select.select([proxy], [], [], 0)
    assert connections == []
