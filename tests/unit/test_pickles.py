"""What stands in every user's state: a provider's pickle, which names a class and holds nothing."""

import base64
import pickletools

import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_openrouter as openrouter
from pulumi_openrouter.lifecycle.base import Lifecycle

PROVIDERS = [
    openrouter.WorkspaceProvider,
    openrouter.WorkspaceBudgetProvider,
    openrouter.WorkspaceMembershipProvider,
]
by_name = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.__name__)


@by_name
def test_a_pickle_names_the_class_in_the_package_and_holds_nothing(
    provider: type[Lifecycle],
) -> None:
    """Files may move, names may not: an older state's pickle has to load with a newer package."""
    pickled = base64.b64decode(serialize_provider(provider()))
    texts = [arg for _, arg, _ in pickletools.genops(pickled) if isinstance(arg, str)]
    assert texts == ["pulumi_openrouter", provider.__name__]


@by_name
def test_a_provider_holds_nothing_before_it_is_configured(provider: type[Lifecycle]) -> None:
    """Neither a key nor a setting is there that could be pickled."""
    assert vars(provider()) == {}


@by_name
def test_a_provider_is_not_kept_as_a_secret(provider: type[Lifecycle]) -> None:
    """It captures nothing secret, and a secret one would hide every diff."""
    assert provider().serialize_as_secret_always is False
