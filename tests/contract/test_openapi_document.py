"""Every answer of the sandbox against the API document beside this file.

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
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator, FormatChecker

from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.gateway import API_PREFIX
from pulumi_openrouter.sandbox.routes import router
from pulumi_openrouter.sandbox.schemas import CreateWorkspace

DOCUMENT = Path(__file__).with_name("openapi.yaml")
METHODS = ("get", "put", "post", "patch", "delete")

BODY = {"name": "Acme", "slug": "acme", "io_logging_api_key_ids": [1]}
SOMEONE = {"user_ids": ["jane"]}
STRANGER = {"user_ids": ["user_stranger"]}

# Method, path in the document, path asked for, body, status: in this order on one sandbox.
CALLS: list[tuple[str, str, str, dict[str, Any] | None, int]] = [
    ("GET", "/keys", "/keys", None, 200),
    ("GET", "/keys", "/keys?include_disabled=true&offset=1", None, 200),
    ("GET", "/keys", "/keys?workspace_id=default", None, 400),
    ("GET", "/keys", "/keys?workspace_id=00000000-0000-0000-0000-000000000007", None, 404),
    ("GET", "/organization/members", "/organization/members?limit=0", None, 400),
    ("GET", "/organization/members", "/organization/members", None, 200),
    ("POST", "/workspaces", "/workspaces", BODY, 201),
    ("POST", "/workspaces", "/workspaces", BODY, 400),
    ("GET", "/workspaces", "/workspaces?offset=-1", None, 400),
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
    ("DELETE", "/workspaces/{id}", "/workspaces/default", None, 400),
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
    """Run a sandbox with two keys, and one person, whose id is `jane`."""
    person = {"email": "jane.doe@example.com", "id": "jane", "role": "org:admin"}
    with Sandbox(seed={"organization_members": [person]}) as sandbox:
        sandbox.disable_key(sandbox.add_key("default", creator_user_id="jane"))
        sandbox.add_key("default")
        yield sandbox


def answer_schema(document: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    """Return the schema of one answer, with the components that it refers to."""
    response = document["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    return {**schema, "components": document["components"]}


def test_answers_match_the_document(document: dict[str, Any], small_sandbox: Sandbox) -> None:
    """Each operation's successes and refusals have a documented status and validate."""
    headers = {"Authorization": f"Bearer {small_sandbox.key}"}
    with httpx.Client(base_url=small_sandbox.url, headers=headers) as http:
        for method, template, path, body, status in CALLS:
            answer = http.request(method, path, json=body)
            assert answer.status_code == status, (method, path, answer.text)
            schema = answer_schema(document, template, method, status)
            Draft202012Validator(schema, format_checker=FormatChecker()).validate(answer.json())


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the documented operations, by method and path."""
    return {
        (method.upper(), path): item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def test_every_documented_operation_is_answered(document: dict[str, Any]) -> None:
    """No operation of the document is left out above."""
    assert {(method, template) for method, template, *_ in CALLS} == set(operations(document))


def test_every_operation_of_the_sandbox_is_documented(document: dict[str, Any]) -> None:
    """The sandbox serves the document's operations under their names, and no others."""
    documented = {
        (method, path): operation["operationId"]
        for (method, path), operation in operations(document).items()
    }
    served = {
        (method, route.path.removeprefix(API_PREFIX)): route.operation_id
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert served == documented


def test_the_sandbox_takes_the_documented_fields(document: dict[str, Any]) -> None:
    """A field of a workspace that only one of the two knows would be checked by nothing."""
    documented = document["components"]["schemas"]["WorkspaceFields"]["properties"]
    assert {*CreateWorkspace.model_fields} == {*documented}


def test_every_operation_may_be_forbidden(document: dict[str, Any]) -> None:
    """Each operation documents what a client has to expect at any time, a 403 included."""
    for operation in operations(document).values():
        assert {"401", "403", "429", "500"} <= set(operation["responses"])


def test_every_documented_server_tool_can_be_disabled(
    document: dict[str, Any], small_sandbox: Sandbox
) -> None:
    """The sandbox takes each of the twelve tools that the document names."""
    tools = document["components"]["schemas"]["ServerTool"]["enum"]
    headers = {"Authorization": f"Bearer {small_sandbox.key}"}
    with httpx.Client(base_url=small_sandbox.url, headers=headers) as http:
        answer = http.patch("/workspaces/default", json={"disabled_server_tools": tools})
    assert answer.json()["data"]["disabled_server_tools"] == tools
    assert len(tools) == 12


def test_schemathesis_finds_nothing(small_sandbox: Sandbox, tmp_path: Path) -> None:
    """Generated requests, good, bad and in sequences, get only documented and valid answers."""
    # `positive_data_acceptance` cannot hold, because no document can say which slugs are free, who
    # is in the organization, or which limits the other budgets leave.
    options = f"--url={small_sandbox.url} --exclude-checks=positive_data_acceptance --no-color"
    bounds = "--seed=1 --max-examples=20 --generation-database=none"
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(DOCUMENT)]
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
    assert "Tested: 14" in run.stdout
