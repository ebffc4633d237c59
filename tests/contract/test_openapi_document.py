"""Every answer of the sandbox against the published API document, where that is at hand.

Once by hand for each operation and status, once by schemathesis with whatever it can think of.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from pulumi_openrouter.sandbox import Sandbox

DOCUMENT = Path(__file__).parents[3] / "shared" / "api" / "workspaces.openapi.yaml"

pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason="the API document is not beside this repository"
)

BODY = {"name": "Acme", "slug": "acme", "io_logging_api_key_ids": [1]}
SOMEONE = {"user_ids": ["jane"]}
STRANGER = {"user_ids": ["user_stranger"]}

# Method, path in the document, path asked for, body, status: in this order on one sandbox.
CALLS: list[tuple[str, str, str, dict[str, Any] | None, int]] = [
    ("GET", "/organization/members", "/organization/members", None, 200),
    ("POST", "/workspaces", "/workspaces", BODY, 201),
    ("POST", "/workspaces", "/workspaces", BODY, 400),
    ("GET", "/workspaces", "/workspaces", None, 200),
    ("GET", "/workspaces/{id}", "/workspaces/acme", None, 200),
    ("GET", "/workspaces/{id}", "/workspaces/nobody", None, 404),
    ("PATCH", "/workspaces/{id}", "/workspaces/acme", {"description": "x"}, 200),
    ("PATCH", "/workspaces/{id}", "/workspaces/acme", {"name": ""}, 400),
    ("PATCH", "/workspaces/{id}", "/workspaces/nobody", {}, 404),
    ("GET", "/workspaces/{id}/budgets", "/workspaces/acme/budgets", None, 200),
    (
        "PUT",
        "/workspaces/{id}/budgets/{interval}",
        "/workspaces/acme/budgets/lifetime",
        {"limit_usd": 9, "include_byok_in_budgets": True},
        200,
    ),
    (
        "PUT",
        "/workspaces/{id}/budgets/{interval}",
        "/workspaces/acme/budgets/daily",
        {"limit_usd": 10},
        400,
    ),
    (
        "GET",
        "/workspaces/{id}/budgets/{interval}",
        "/workspaces/acme/budgets/lifetime",
        None,
        200,
    ),
    ("GET", "/workspaces/{id}/budgets/{interval}", "/workspaces/acme/budgets/daily", None, 404),
    ("GET", "/workspaces/{id}/budgets/{interval}", "/workspaces/acme/budgets/never", None, 400),
    ("GET", "/workspaces/{id}/budgets", "/workspaces/acme/budgets", None, 200),
    (
        "DELETE",
        "/workspaces/{id}/budgets/{interval}",
        "/workspaces/acme/budgets/lifetime",
        None,
        200,
    ),
    ("POST", "/workspaces/{id}/members/add", "/workspaces/acme/members/add", SOMEONE, 200),
    ("POST", "/workspaces/{id}/members/add", "/workspaces/acme/members/add", STRANGER, 400),
    ("POST", "/workspaces/{id}/members/add", "/workspaces/default/members/add", SOMEONE, 403),
    ("GET", "/workspaces/{id}/members", "/workspaces/acme/members", None, 200),
    ("GET", "/workspaces/{id}/members", "/workspaces/default/members", None, 200),
    ("POST", "/workspaces/{id}/members/remove", "/workspaces/acme/members/remove", SOMEONE, 200),
    ("POST", "/workspaces/{id}/members/remove", "/workspaces/nobody/members/remove", SOMEONE, 404),
    ("DELETE", "/workspaces/{id}", "/workspaces/default", None, 403),
    ("DELETE", "/workspaces/{id}", "/workspaces/acme", None, 200),
    ("DELETE", "/workspaces/{id}", "/workspaces/acme", None, 404),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Read the API document."""
    content: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def small_sandbox() -> Iterator[Sandbox]:
    """Run a sandbox whose one person has the id `jane`."""
    person = {"email": "jane.doe@example.com", "id": "jane", "role": "org:admin"}
    with Sandbox(seed={"organization_members": [person]}) as sandbox:
        yield sandbox


def test_answers_match_the_document(document: dict[str, Any], small_sandbox: Sandbox) -> None:
    """Each operation's successes and refusals have a documented status and validate."""
    headers = {"Authorization": f"Bearer {small_sandbox.key}"}
    with httpx.Client(base_url=small_sandbox.url, headers=headers) as http:
        for method, template, path, body, status in CALLS:
            answer = http.request(method, path, json=body)
            assert answer.status_code == status, (method, path, answer.text)
            responses = document["paths"][template][method.lower()]["responses"]
            schema = responses[str(status)]["content"]["application/json"]["schema"]
            # The schema of one answer, with the components that it refers to.
            schema = {**schema, "components": document["components"]}
            Draft202012Validator(schema, format_checker=FormatChecker()).validate(answer.json())


def test_every_documented_operation_is_answered(document: dict[str, Any]) -> None:
    """No operation of the document is left out above."""
    documented = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert {(method, template) for method, template, *_ in CALLS} == documented


def test_schemathesis_finds_nothing(
    document: dict[str, Any], small_sandbox: Sandbox, tmp_path: Path
) -> None:
    """Generated requests, good, bad and in sequences, get only documented and valid answers."""
    # The document leaves out that a listing refuses an offset or limit out of range.
    refused = document["paths"]["/workspaces"]["post"]["responses"]["400"]
    for operations in document["paths"].values():
        operations.get("get", {"responses": {}})["responses"].setdefault("400", refused)
    amended = tmp_path / "document.yaml"
    amended.write_text(yaml.safe_dump(document), encoding="utf-8")
    # `positive_data_acceptance` cannot hold: the document does not say which slugs are free,
    # who is in the organization, or the bounds that it gives in words.
    options = f"--url={small_sandbox.url} --exclude-checks=positive_data_acceptance --no-color"
    bounds = "--seed=1 --max-examples=20 --generation-database=none"
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(amended)]
    command += [*options.split(), *bounds.split()]
    command += ["--header", f"Authorization: Bearer {small_sandbox.key}"]
    run = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Tested: 13" in run.stdout
