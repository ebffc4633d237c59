"""What tests of whole programs share: somebody else, who changes things by hand through the API."""

from collections.abc import Iterator

import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings


@pytest.fixture
def somebody(sandbox: Sandbox) -> Iterator[Client]:
    """Offer a client of the API that no program knows of."""
    client = Client(Settings(management_key=sandbox.key, base_url=sandbox.url))
    yield client
    client.close()
