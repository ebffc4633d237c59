"""Models: what a newer API may answer without breaking a release of this package."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from pulumi_openrouter.api.models import (
    Answer,
    Deleted,
    OrganizationMember,
    Page,
    Workspace,
    WorkspaceBudget,
    WorkspaceBudgets,
    WorkspaceMember,
)


def test_unknown_fields_and_values_pass() -> None:
    """New fields are ignored; a sort, a role and an interval that are new stay as they are."""
    workspace = Workspace.model_validate_json(
        '{"id": "ws-1", "default_provider_sort": "greenest", "colour": {"hue": 1}}'
    )
    member = WorkspaceMember.model_validate_json('{"user_id": "user_a", "role": "auditor"}')
    person = OrganizationMember.model_validate_json('{"id": "user_a", "role": "org:auditor"}')
    assert workspace.default_provider_sort == "greenest"
    assert "colour" not in workspace.model_dump()
    assert (member.role, person.role) == ("auditor", "org:auditor")


def test_null_survives_everywhere_but_in_an_id() -> None:
    """Any field may be null or absent; an object without its id is no object."""
    fields = dict.fromkeys(Workspace.model_fields)
    workspace = Workspace.model_validate({**fields, "id": "ws-1"})
    assert set(workspace.model_dump(exclude={"id"}).values()) == {None}
    for missing in ({"id": None}, {"id": ""}, {}):
        with pytest.raises(ValidationError):
            Workspace.model_validate(missing)


def test_whole_numbers_may_come_as_floats() -> None:
    """Integers are integers again however they were written."""
    workspace = Workspace.model_validate_json('{"id": "w", "io_logging_api_key_ids": [1.0, 2]}')
    page = Page[Workspace].model_validate_json('{"data": [], "total_count": 3.0}')
    assert workspace.io_logging_api_key_ids == (1, 2)
    assert page.total_count == 3


def test_budgets_are_found_by_interval() -> None:
    """A null interval is the lifetime budget; an unknown one is there and disturbs nobody."""
    body = {
        "data": [
            {"id": "b1", "limit_usd": 100, "reset_interval": "monthly"},
            {"id": "b2", "limit_usd": 900.5, "reset_interval": None},
            {"id": "b3", "limit_usd": 1, "reset_interval": "hourly"},
        ],
        "include_byok_in_budgets": False,
    }
    budgets = WorkspaceBudgets.model_validate_json(json.dumps(body))
    assert budgets.limits == {"monthly": 100.0, "lifetime": 900.5, "hourly": 1.0}
    assert budgets.include_byok_in_budgets is False


def test_budgets_of_an_unknown_shape_are_refused() -> None:
    """What is no list of budgets is not taken for "no budgets"."""
    for data in (None, "none", [{"limit_usd": "much"}]):
        with pytest.raises(ValidationError):
            WorkspaceBudgets.model_validate({"data": data})


def test_a_limit_that_is_not_a_number_is_refused() -> None:
    """NaN and infinity are no limits."""
    for limit in ("NaN", "Infinity"):
        with pytest.raises(ValidationError):
            WorkspaceBudget.model_validate_json(f'{{"limit_usd": {limit}}}')


def test_a_deletion_that_did_not_happen_is_no_success() -> None:
    """`deleted: false` is refused; an empty object counts as a confirmation."""
    assert Deleted.model_validate({}).deleted is True
    with pytest.raises(ValidationError):
        Deleted.model_validate({"deleted": False})


def test_answers_cannot_be_changed() -> None:
    """Objects shared between threads are immutable."""
    answer = Answer[Workspace](data=Workspace(id="ws-1"))
    with pytest.raises(ValidationError):
        answer.data.name = "other"  # type: ignore[misc] # that is the point
