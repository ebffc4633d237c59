"""What messages call a workspace."""

from __future__ import annotations

import pytest

from harness.process import ProviderProcess
from pulumi_openrouter.errors import ForbiddenError
from pulumi_openrouter.sandbox import Sandbox


@pytest.mark.parametrize(
    ("secrets", "named"), [([], '"acme"'), (["slug"], '"{id}"')], ids=["plain", "secret"]
)
def test_a_workspace_of_the_program_is_named_by_its_slug(
    process: ProviderProcess, sandbox: Sandbox, secrets: list[str], named: str
) -> None:
    """A request about a workspace of the same program names its slug, unless that is secret."""
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/*", status=403)
    with process.one_run():
        acme = process.resource("Workspace")
        acme.up(name="Acme", slug="acme", __secrets=secrets)
        budget = process.resource("WorkspaceBudget")
        with pytest.raises(ForbiddenError) as failure:
            budget.up(workspace=acme.id, monthly_usd=5)
    words = f"setting the monthly budget of workspace {named.format(id=acme.id)}: "
    assert str(failure.value).startswith(words)
