"""What stands in every user's state: a provider's pickle, which names a class and holds nothing."""

import base64
import pickletools

import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_openrouter as openrouter
from harness.providers import PROVIDER_TYPES
from pulumi_openrouter.resources.provider import DynamicProvider


@pytest.mark.parametrize("provider", PROVIDER_TYPES.values(), ids=PROVIDER_TYPES)
def test_a_pickle_names_the_class_in_the_package_and_holds_nothing(
    provider: type[DynamicProvider],
) -> None:
    """Files may move, names may not: an older state's pickle has to load with a newer package."""
    pickled = base64.b64decode(serialize_provider(provider()))
    texts = [arg for _, arg, _ in pickletools.genops(pickled) if isinstance(arg, str)]
    assert texts == ["pulumi_openrouter", provider.__name__]
    assert getattr(openrouter, provider.__name__) is provider
