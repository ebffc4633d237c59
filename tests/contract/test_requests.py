"""What holds for every request: keys, paths, pages, and values that are kept exactly."""

import json
from uuid import uuid4

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox

from .conftest import ACME, refuses

pytestmark = pytest.mark.usefixtures("acme")

INVALID = "Invalid request parameters: "


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/budgets"),
        ("GET", "/budgets/daily"),
        ("PUT", "/budgets/daily"),
        ("DELETE", "/budgets/daily"),
        ("GET", "/members"),
        ("POST", "/members/add"),
        ("POST", "/members/remove"),
    ],
    ids=lambda value: value or "/",
)
@pytest.mark.parametrize(
    "ref",
    [str(uuid4()), "nobody", "acme%2Fbudgets", "..%2Facme", "ACME", "%00", "%F0%9F%98%80", "a%3Fb"],
    ids=["id", "slug", "slash", "dots", "capitals", "NUL", "emoji", "question mark"],
)
def test_unknown_workspace_is_not_found(
    http: httpx.Client, method: str, path: str, ref: str
) -> None:
    """Every operation on a workspace that does not exist answers 404."""
    body = {"user_ids": ["user_x"], "limit_usd": 1, "name": "x"}
    answer = http.request(method, f"/workspaces/{ref}{path}", json=body)
    refuses(answer, 404, "Workspace not found")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path", ["/workspaces", "/organization/members", "/workspaces/acme/members"]
)
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "limit: Input should be greater than or equal to 1"),
        ("limit=101", "limit: Input should be less than or equal to 100"),
        ("limit=ten", "limit: Value error, Input should be a whole number"),
        ("limit=1_0", "limit: Value error, Input should be a whole number"),
        ("limit=", "limit: Value error, Input should be a whole number"),
        ("offset=", "offset: Value error, Input should be a whole number"),
        ("offset=-1", "offset: Value error, Input should be a whole number"),
        ("offset=1.0", "offset: Value error, Input should be a whole number"),
    ],
)
def test_page_outside_its_bounds_is_refused(
    http: httpx.Client, path: str, query: str, words: str
) -> None:
    """Each listing refuses an offset or a limit that is out of range or no number."""
    refuses(http.get(f"{path}?{query}"), 400, INVALID + words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("header", "words"),
    [
        (None, "Missing Authentication header"),
        ("", "Missing Authentication header"),
        ("Bearer", "Missing Authentication header"),
        ("Basic dXNlcjpwYXNz", "Missing Authentication header"),
        ("Bearer sk-or-mgmt-other", "Invalid credentials"),
    ],
    ids=["no header", "empty", "no key", "other scheme", "other key"],
)
@pytest.mark.parametrize("path", ["/workspaces", "/workspaces/nobody", "/no/such/path"])
def test_key_is_asked_for_first(
    http: httpx.Client, header: str | None, words: str, path: str
) -> None:
    """Without the management key every path below /api/v1 answers 401."""
    request = http.build_request("GET", path)
    del request.headers["Authorization"]
    if header is not None:
        request.headers["Authorization"] = header
    refuses(http.send(request), 401, words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["", "/", "/models", "/workspaces/", "/workspaces/acme/keys"])
def test_unknown_path_is_not_found(http: httpx.Client, sandbox: Sandbox, path: str) -> None:
    """A path that is not of the API answers 404 in the API's shape."""
    answer = http.get(sandbox.url + path)
    refuses(answer, 404, f"No such endpoint: GET /api/v1{path}")


@pytest.mark.usefixtures("unchanged")
def test_unknown_method_is_not_allowed(http: httpx.Client) -> None:
    """A method that a path does not have answers 405 and which it has."""
    answer = http.put("/workspaces/acme", json=ACME)
    refuses(answer, 405, "Method not allowed: PUT /api/v1/workspaces/acme")
    assert answer.headers["Allow"]


def test_unknown_fields_are_ignored(http: httpx.Client) -> None:
    """A field that the API does not know changes nothing and is not shown."""
    answer = http.post("/workspaces", json={"name": "B", "slug": "b", "color": "red"})
    assert answer.status_code == 201
    assert "color" not in answer.json()["data"]


@pytest.mark.parametrize(
    "name",
    ["../..", "%2f", "a?b#c", "line\nbreak", "nul\0", "\U0001f600 é ﷺ", "'; DROP TABLE x; --"],
    ids=["dots", "percent", "query", "newline", "NUL", "unicode", "SQL"],
)
def test_any_text_is_kept_exactly(http: httpx.Client, name: str) -> None:
    """Names and descriptions come back as they were sent, whatever characters they hold."""
    body = {"name": name, "slug": "b", "description": name * 5}
    http.post("/workspaces", json=body).raise_for_status()
    data = http.get("/workspaces/b").json()["data"]
    assert (data["name"], data["description"]) == (name, name * 5)


HALF = "half \ud800"
NOT_UNICODE = "Value error, Input should be valid Unicode, without half of a surrogate pair"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PATCH", "", {"default_text_model": HALF}, f"default_text_model: {NOT_UNICODE}"),
        ("PATCH", "", {"default_image_model": HALF}, f"default_image_model: {NOT_UNICODE}"),
        ("PATCH", "", {"name": HALF}, "name: Input should be a valid string"),
        ("PATCH", "", {"description": HALF}, "description: Input should be a valid string"),
        ("PATCH", "", {"slug": HALF}, "slug: Input should be a valid string"),
        ("PATCH", "", {"default_provider_sort": HALF}, "default_provider_sort: Input should be"),
        ("PATCH", "", {"disabled_server_tools": [HALF]}, "disabled_server_tools.0: Input should"),
        ("POST", "/members/add", {"user_ids": [HALF]}, f"user_ids.0: {NOT_UNICODE}"),
        ("POST", "/members/remove", {"user_ids": [HALF]}, f"user_ids.0: {NOT_UNICODE}"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_half_of_a_surrogate_pair_is_refused(
    http: httpx.Client, method: str, path: str, body: dict[str, object], words: str
) -> None:
    """Text that UTF-8 cannot encode answers 400 in the API's shape, in every field that is text."""
    headers = {"Content-Type": "application/json"}
    content = json.dumps(body).encode()
    answer = http.request(method, f"/workspaces/acme{path}", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(INVALID + words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/keys"),
        ("GET", "/organization/members"),
        ("GET", "/workspaces"),
        ("POST", "/workspaces"),
        ("GET", "/workspaces/acme"),
        ("PATCH", "/workspaces/acme"),
        ("DELETE", "/workspaces/acme"),
        ("GET", "/workspaces/acme/budgets"),
        ("GET", "/workspaces/acme/budgets/weekly"),
        ("PUT", "/workspaces/acme/budgets/weekly"),
        ("DELETE", "/workspaces/acme/budgets/weekly"),
        ("GET", "/workspaces/acme/members"),
        ("POST", "/workspaces/acme/members/add"),
        ("POST", "/workspaces/acme/members/remove"),
    ],
)
def test_every_operation_can_be_forbidden(
    http: httpx.Client, sandbox: Sandbox, method: str, path: str
) -> None:
    """A planned 403, as an organization's IP allowlist answers, replaces any operation."""
    words = "Your IP address is not allowed to use this organization"
    sandbox.add_fault(status=403, message=words, times=None)
    answer = http.request(method, path, json={"limit_usd": 1, "user_ids": ["user_x"], "name": "x"})
    refuses(answer, 403, words)


def test_numbers_are_numbers(http: httpx.Client) -> None:
    """5.0 is a whole number, and amounts from 1e-9 to 1e15 come back exactly."""
    body = {"name": "B", "slug": "b", "io_logging_api_key_ids": [5.0, 10**20]}
    data = http.post("/workspaces", json=body).json()["data"]
    assert json.dumps(data["io_logging_api_key_ids"]) == f"[5, {10**20}]"
    assert json.dumps(data["io_logging_sampling_rate"]) == "1"
    for limit, text in ((1e15, "1000000000000000"), (1e-9, "1e-09"), (500.0, "500"), (0.1, "0.1")):
        answer = http.put("/workspaces/b/budgets/daily", json={"limit_usd": limit})
        assert json.dumps(answer.json()["data"]["limit_usd"]) == text
