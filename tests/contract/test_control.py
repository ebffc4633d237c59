"""The control endpoints: what a test can ask of the sandbox and tell it."""

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.errors import SandboxError


def test_state_is_complete(sandbox: Sandbox, http: httpx.Client, people: list[str]) -> None:
    """The state shows each workspace with its budgets and members, the default one flagged."""
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"})
    http.put("/workspaces/acme/budgets/daily", json={"limit_usd": 5})
    http.put("/workspaces/acme/budgets/weekly", json={"limit_usd": 7.5})
    http.post("/workspaces/acme/members/add", json={"user_ids": people[:2]})
    state = sandbox.state()
    default, acme = state["workspaces"]
    assert (default["slug"], default["is_default"], default["members"]) == ("default", True, people)
    assert (acme["is_default"], acme["members"]) == (False, people[:2])
    assert acme["budgets"] == {"daily": 5, "weekly": 7.5}
    shown = http.get("/workspaces/acme").json()["data"]
    assert {key: acme[key] for key in shown} == shown
    assert state["organization_members"] == http.get("/organization/members").json()["data"]


def test_reset_goes_back_to_the_seed(sandbox: Sandbox, http: httpx.Client) -> None:
    """A reset undoes changes, marks, options, faults and latency, and clears the log."""
    before = sandbox.state()
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"})
    http.patch("/workspaces/default", json={"name": "Mine"})
    sandbox.add_organization_members(3)
    sandbox.set_options(plan="standard", fresh_budgets_404=True)
    sandbox.mark_workspace("default", active_keys=True)
    sandbox.set_latency(0.01)
    sandbox.add_fault(status=500, times=None)
    sandbox.reset()
    after = sandbox.state()
    for state in (before, after):
        for workspace in state["workspaces"]:
            del workspace["created_at"]
    assert after == before
    assert (sandbox.requests(), sandbox.faults(), sandbox.counts()["total"]) == ([], [], 0)
    assert http.get("/workspaces/default/budgets").status_code == 200
    assert http.put("/workspaces/default/budgets/daily", json={"limit_usd": 1}).status_code == 200


def test_log_shows_requests_without_the_key(sandbox: Sandbox, http: httpx.Client) -> None:
    """The log has each request in order, its body parsed, and the key nowhere."""
    http.get("/workspaces?limit=5&offset=1")
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"})
    http.patch("/workspaces/acme%2Fb", content=b"{NaN")
    requests = sandbox.requests()
    assert requests == [
        {
            "number": 1,
            "method": "GET",
            "path": "/workspaces",
            "query": "limit=5&offset=1",
            "body": None,
            "status": 200,
            "fault": None,
        },
        {
            "number": 2,
            "method": "POST",
            "path": "/workspaces",
            "query": "",
            "body": {"name": "Acme", "slug": "acme"},
            "status": 201,
            "fault": None,
        },
        {
            "number": 3,
            "method": "PATCH",
            "path": "/workspaces/acme%2Fb",
            "query": "",
            "body": None,
            "status": 400,
            "fault": None,
        },
    ]
    assert sandbox.requests(writes_only=True) == requests[1:]
    assert sandbox.key not in str(requests)


@pytest.mark.parametrize("body", [b'{"name": NaN}', b'{"name": 1e999}', b'{"name": "\\ud800"}'])
def test_log_survives_any_body(sandbox: Sandbox, http: httpx.Client, body: bytes) -> None:
    """A body that JSON cannot carry on is in the log as None or as it was."""
    headers = {"Content-Type": "application/json"}
    assert http.post("/workspaces", content=body, headers=headers).status_code == 400
    (request,) = sandbox.requests()
    assert request["body"] in (None, {"name": "\ud800"})


def test_counts_name_the_operations(sandbox: Sandbox, http: httpx.Client) -> None:
    """Requests are counted by the API's operation names until they are cleared."""
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"})
    http.get("/workspaces")
    for path in ("/workspaces/acme", "/workspaces/acme/budgets", "/workspaces/acme/budgets/daily"):
        http.get(path)
    http.delete("/workspaces/acme")
    http.get("/no/such/path")
    assert sandbox.counts() == {
        "total": 7,
        "writes": 2,
        "by_operation": {
            "createWorkspace": 1,
            "deleteWorkspace": 1,
            "getWorkspace": 1,
            "getWorkspaceBudget": 1,
            "listWorkspaceBudgets": 1,
            "listWorkspaces": 1,
            "unknown": 1,
        },
        "max_in_flight": 1,
    }
    sandbox.clear_requests()
    assert sandbox.counts() == {"total": 0, "writes": 0, "by_operation": {}, "max_in_flight": 0}


def test_large_organization_pages_to_its_end(sandbox: Sandbox, http: httpx.Client) -> None:
    """10,000 generated people are listed in 101 pages, each once and in one order."""
    added = sandbox.add_organization_members(10_000)
    seen = []
    offset = 0
    while page := http.get(f"/organization/members?limit=100&offset={offset}").json()["data"]:
        seen += page
        offset += 100
    assert len(seen) == 10_006
    assert seen[6:] == added
    assert len({person["email"] for person in seen}) == len({person["id"] for person in seen})
    assert http.get(f"/organization/members?offset={10**30}").json()["data"] == []
    assert http.get("/organization/members?offset=null&limit=1").json()["data"] == seen[:1]


def test_named_people_are_added(sandbox: Sandbox, http: httpx.Client) -> None:
    """People are added with what is given of them; who is there already is refused."""
    (person,) = sandbox.add_organization_members(
        [{"email": "New@example.com", "role": "org:admin"}]
    )
    assert http.get("/organization/members").json()["data"][-1] == person
    assert person["id"].startswith("user_")
    words = r"has a member with email or id \['new@example.com'\] already"
    with pytest.raises(SandboxError, match=words):
        sandbox.add_organization_members([{"email": "new@example.com"}])


def test_marks_and_options_that_name_nothing_are_refused(sandbox: Sandbox) -> None:
    """A mark on nobody, and an option that does not exist, say so."""
    with pytest.raises(SandboxError, match="no member with id user_nobody"):
        sandbox.mark_member("user_nobody", scim_managed=True)
    with pytest.raises(SandboxError, match="Resource not found"):
        sandbox.mark_workspace("nobody", active_keys=True)
    with pytest.raises(SandboxError, match="colour: Extra inputs are not permitted"):
        sandbox.set_options(colour="red")


def test_options_are_set_one_at_a_time(sandbox: Sandbox) -> None:
    """Setting an option leaves the others as they are."""
    sandbox.set_options(plan="standard")
    assert sandbox.set_options(fresh_budgets_404=True) == {
        "plan": "standard",
        "fresh_budgets_404": True,
        "default_workspace_deletion": False,
    }


def test_control_needs_no_key_and_is_not_counted(sandbox: Sandbox) -> None:
    """Any client on the machine can steer the sandbox, as with curl, and leaves no trace."""
    url = sandbox.url.replace("/api/v1", "/_sandbox/counts")
    assert httpx.get(url, trust_env=False).json()["total"] == 0


def test_answers_carry_the_date(http: httpx.Client) -> None:
    """Each answer has the Date header that clients measure Retry-After and clocks against."""
    assert http.get("/workspaces").headers["Date"].endswith("GMT")
