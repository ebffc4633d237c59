"""What a program and a provider process load before they do anything: as little as they need."""

import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.settings import Settings

CLIENT = {"httpx", "pulumi_openrouter.api.client"}
VALIDATION = {"pydantic", "pulumi_openrouter.lifecycle.validation"}
COMMAND_LINE = {"click", "rich"}
SERVER = {"fastapi", "uvicorn"}

CONFIGURED = """
from pulumi import dynamic
from pulumi.dynamic.config import Config
from pulumi_openrouter import WorkspaceProvider

provider = WorkspaceProvider()
config = Config({"openrouter:managementKey": "sk-or-mgmt-key"}, "acme")
provider.configure(dynamic.ConfigureRequest(config))
"""
CHECKED = (
    CONFIGURED
    + """
inputs = provider.check({}, {"name": "Acme", "slug": "acme"}).inputs
provider.diff("an-id", {"name": "Acme", "slug": "acme-old", "managed_inputs": []}, inputs)
"""
)


@pytest.mark.parametrize(
    ("statements", "loaded", "not_loaded"),
    [
        pytest.param(
            "import pulumi_openrouter",
            {"pulumi"},
            CLIENT | VALIDATION | COMMAND_LINE | SERVER,
            id="a-program-loads-no-client-and-no-validation",
        ),
        pytest.param(
            CHECKED,
            VALIDATION,
            CLIENT | COMMAND_LINE | SERVER,
            id="a-preview-without-requests-loads-no-client",
        ),
        pytest.param(
            CONFIGURED + "provider.lifecycle.session.client",
            CLIENT,
            COMMAND_LINE | SERVER,
            id="the-client-loads-no-command-line",
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(
    statements: str, loaded: set[str], not_loaded: set[str]
) -> None:
    """Each stage of a run imports what it uses, and none of what a later one may use."""
    program = f"{statements}\nimport sys\nprint(*(n for n, m in sys.modules.items() if m))"
    command = [sys.executable, "-c", program]
    modules = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert loaded <= {*modules}
    assert not_loaded.isdisjoint(modules)


def test_plain_http_loads_no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A client for this machine is made even where the certificates could not be loaded."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    Client(Settings(management_key="sk-or-mgmt-key", base_url="http://127.0.0.1:1/api/v1")).close()
