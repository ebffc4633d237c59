"""The control endpoints: what a test can ask of the sandbox and tell it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox, SandboxError

from .conftest import refuses


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
    assert state["keys"] == []


def test_reset_goes_back_to_the_seed(sandbox: Sandbox, http: httpx.Client) -> None:
    """A reset undoes changes, marks, options, faults and latency, and clears the log."""
    before = sandbox.state()
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"})
    http.patch("/workspaces/default", json={"name": "Mine"})
    sandbox.add_organization_members(3)
    sandbox.set_options(plan="standard", fresh_budgets_404=True)
    sandbox.mark_workspace("default", active_keys=True)
    sandbox.add_key("acme")
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
    before = sandbox.state()
    for people in ([{"email": "new@example.com"}], [{"email": "x@y"}, {"email": "X@Y"}]):
        with pytest.raises(SandboxError, match=r"or the id of (new@example\.com|X@Y) already"):
            sandbox.add_organization_members(people)
    assert sandbox.state() == before


def test_a_person_joins_and_leaves_the_organization_and_every_workspace(
    sandbox: Sandbox, http: httpx.Client
) -> None:
    """A person who is taken out is in no workspace any more, and can join again."""
    who = sandbox.add_person("lee@example.com", role="org:admin", first_name="Lee")
    person = {"id": who, "email": "lee@example.com", "role": "org:admin", "first_name": "Lee"}
    assert sandbox.state()["organization_members"][-1] == {**person, "last_name": None}
    for slug in ("acme", "labs"):
        http.post("/workspaces", json={"name": slug, "slug": slug}).raise_for_status()
        http.post(f"/workspaces/{slug}/members/add", json={"user_ids": [who]}).raise_for_status()
    sandbox.remove_person(who)
    for path in ("/organization", "/workspaces/default", "/workspaces/acme", "/workspaces/labs"):
        assert who not in http.get(f"{path}/members").text
    refused = http.post("/workspaces/acme/members/add", json={"user_ids": [who]})
    refuses(refused, 400, "Some users are not members of the organization")
    answer = http.post("/workspaces/acme/members/remove", json={"user_ids": [who]})
    assert answer.json() == {"removed_count": 0}
    assert sandbox.add_person("Lee@example.com") == who
    with pytest.raises(SandboxError, match="no member with id user_nobody"):
        sandbox.remove_person("user_nobody")


def test_email_and_role_of_a_person_change(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """Email and role change alone or together, and the person stays in the workspaces."""
    jane, ravi, *_ = people
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"}).raise_for_status()
    http.post("/workspaces/acme/members/add", json={"user_ids": people[:2]}).raise_for_status()
    sandbox.change_person(jane, email="jane.roe@example.com")
    sandbox.change_person(ravi, role="org:admin")
    sandbox.change_person(jane, email="Jane.Roe@example.com", role="org:member")
    found = http.get("/organization/members?limit=2").json()["data"]
    assert [(person["id"], person["email"], person["role"]) for person in found] == [
        (jane, "Jane.Roe@example.com", "org:member"),
        (ravi, "ravi.patel@example.com", "org:admin"),
    ]
    members = http.get("/workspaces/acme/members").json()["data"]
    assert [(member["user_id"], member["role"]) for member in members] == [
        (jane, "member"),
        (ravi, "admin"),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"email": "RAVI.patel@example.com"},
            "the email or the id of RAVI.patel@example.com already",
        ),
        ({"email": "nobody"}, "email: String should match pattern"),
        ({"role": "admin"}, "role: Input should be 'org:admin' or 'org:member'"),
    ],
    ids=["taken email", "no email", "unknown role"],
)
@pytest.mark.usefixtures("unchanged")
def test_change_of_a_person_that_cannot_be_is_refused(
    sandbox: Sandbox, people: list[str], changes: dict[str, Any], words: str
) -> None:
    """An email that somebody else has, in any case, or that is none, changes nothing."""
    with pytest.raises(SandboxError, match=words):
        sandbox.change_person(people[0], **changes)


HALF = "half \ud800"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda sandbox: sandbox.add_person(HALF), "members.0.email: Input should"),
        (lambda sandbox: sandbox.add_person("a@b", user_id=HALF), "members.0.id: Input should"),
        (lambda sandbox: sandbox.add_person("a@b", last_name=HALF), "members.0.last_name: Value"),
        (lambda sandbox: sandbox.add_key(HALF), "workspace: Value error"),
        (lambda sandbox: sandbox.add_key("acme", name=HALF), "name: Input should"),
        (lambda sandbox: sandbox.add_key("acme", label=HALF), "label: Value error"),
        (lambda sandbox: sandbox.add_key("acme", creator_user_id=HALF), "creator_user_id: Value"),
        (
            lambda sandbox: sandbox.mark_member("user_x", active_key_in=[HALF]),
            "active_key_in.0: Value error",
        ),
        (lambda sandbox: sandbox.add_fault(body=HALF), "body: Value error"),
        (
            lambda sandbox: sandbox.set_options(**{HALF: True}),
            "body: Input should be a valid string",
        ),
    ],
    ids=[
        *("email", "user id", "last name", "workspace", "name of a key", "label", "creator"),
        *("key holder", "fault", "option"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_control_refuses_half_of_a_surrogate_pair(
    sandbox: Sandbox, call: Callable[[Sandbox], object], words: str
) -> None:
    """Text that UTF-8 cannot encode is refused with the name of its field."""
    with pytest.raises(SandboxError, match=words):
        call(sandbox)


@pytest.mark.parametrize(
    ("taken", "same"), [("straße@example.com", "STRASSE@example.com"), ("é@b", "É@B")]
)
def test_emails_are_compared_without_case_beyond_ascii(
    sandbox: Sandbox, taken: str, same: str
) -> None:
    """Two spellings of one email are one person, whatever their letters are."""
    sandbox.add_person(taken)
    with pytest.raises(SandboxError, match="already"):
        sandbox.add_person(same, user_id="user_other")


def test_keys_are_created_disabled_and_deleted(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """A key has a name, a label, a workspace and a creator, and lives as long as its workspace."""
    acme = http.post("/workspaces", json={"name": "Acme", "slug": "acme"}).json()["data"]["id"]
    first = sandbox.add_key("acme", name="CI", label="ci", creator_user_id=people[0])
    second = sandbox.add_key(acme)
    third = sandbox.add_key("default", disabled=True)
    keys = {key["hash"]: key for key in sandbox.state()["keys"]}
    assert list(keys) == [first, second, third]
    shown = ("name", "label", "workspace_id", "creator_user_id", "disabled")
    assert [keys[first][name] for name in shown] == ["CI", "ci", acme, people[0], False]
    assert (keys[second]["creator_user_id"], keys[third]["disabled"]) == (None, True)
    sandbox.disable_key(first)
    assert http.delete("/workspaces/acme").status_code == 400
    sandbox.delete_key(second)
    assert http.delete("/workspaces/acme").json() == {"deleted": True}
    assert [key["hash"] for key in sandbox.state()["keys"]] == [third]


@pytest.mark.usefixtures("unchanged")
def test_key_of_nothing_is_refused(sandbox: Sandbox) -> None:
    """A key needs a workspace, and a creator from the organization if it has one."""
    with pytest.raises(SandboxError, match="Workspace not found"):
        sandbox.add_key("nobody")
    with pytest.raises(SandboxError, match="no member with id user_nobody"):
        sandbox.add_key("acme", creator_user_id="user_nobody")
    for call in (sandbox.disable_key, sandbox.delete_key):
        with pytest.raises(SandboxError, match="no API key with hash 0123"):
            call("0123")


def test_keys_outlive_their_creator(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """A key belongs to its workspace and stays active when its creator leaves."""
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"}).raise_for_status()
    hash = sandbox.add_key("acme", creator_user_id=people[1])
    sandbox.remove_person(people[1])
    [key] = sandbox.state()["keys"]
    assert (key["hash"], key["creator_user_id"]) == (hash, people[1])
    assert http.delete("/workspaces/acme").status_code == 400


def test_marks_are_keys(sandbox: Sandbox, http: httpx.Client, people: list[str]) -> None:
    """A mark for active keys makes real keys, and taking it back deletes just those."""
    http.post("/workspaces", json={"name": "Acme", "slug": "acme"}).raise_for_status()
    other = sandbox.add_key("default", creator_user_id=people[1])
    sandbox.mark_member(people[0], active_key_in=["acme", "default"])
    sandbox.mark_workspace("acme", active_keys=True)
    keys = sandbox.state()["keys"]
    assert [key["creator_user_id"] for key in keys] == [people[1], people[0], people[0], None]
    sandbox.mark_member(people[0], active_key_in=[])
    sandbox.mark_workspace("acme", active_keys=False)
    assert [key["hash"] for key in sandbox.state()["keys"]] == [other]


def test_marks_and_options_that_name_nothing_are_refused(sandbox: Sandbox) -> None:
    """A mark on nobody, and an option that does not exist, say so."""
    with pytest.raises(SandboxError, match="no member with id user_nobody"):
        sandbox.mark_member("user_nobody", scim_managed=True)
    with pytest.raises(SandboxError, match="Workspace not found"):
        sandbox.mark_workspace("nobody", active_keys=True)
    with pytest.raises(SandboxError, match="colour: Extra inputs are not permitted"):
        sandbox.set_options(colour="red")


@pytest.mark.parametrize("method", ["FROB", "put", ""])
def test_a_fault_of_no_method_is_refused(sandbox: Sandbox, method: str) -> None:
    """A fault that could never match a request says which methods there are."""
    body = {"method": method, "status": 500}
    answer = httpx.post(f"{sandbox.control_url}/faults", json=body, trust_env=False)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(
        f"must be one of *, GET, POST, PUT, PATCH, DELETE, not {method!r}"
    )
    assert sandbox.faults() == []


def test_options_are_set_one_at_a_time(sandbox: Sandbox) -> None:
    """Setting an option leaves the others as they are."""
    sandbox.set_options(plan="standard")
    assert sandbox.set_options(fresh_budgets_404=True) == {
        "plan": "standard",
        "fresh_budgets_404": True,
        "default_workspace_deletion": True,
    }


def test_control_needs_no_key_and_is_not_counted(sandbox: Sandbox) -> None:
    """Any client on the machine can steer the sandbox, as with curl, and leaves no trace."""
    url = sandbox.url.replace("/api/v1", "/_sandbox/counts")
    assert httpx.get(url, trust_env=False).json()["total"] == 0


# Of each answer only the fields that are named here are compared; ... stands for any value.
OVER_HTTP: list[tuple[str, str, dict[str, Any] | None, int, Any]] = [
    ("PUT", "/latency", {"seconds": 0}, 200, {}),
    ("POST", "/faults", {"status": 500, "path": "/keys"}, 201, {"id": ...}),
    ("GET", "/faults", None, 200, [{"path": "/keys", "status": 500, "matched": 0, "injected": 0}]),
    ("DELETE", "/faults", None, 200, {}),
    ("GET", "/held", None, 200, []),
    ("GET", "/held?timeout=0.01", None, 200, []),
    ("POST", "/release", None, 200, {"released": 0}),
    ("POST", "/organization-members", {"count": 1}, 201, [{"email": "person-00007@example.com"}]),
    (
        "POST",
        "/organization-members",
        {"members": [{"email": "lee@example.com", "id": "user_lee"}]},
        201,
        [{"email": "lee@example.com", "id": "user_lee", "role": "org:member"}],
    ),
    (
        "PATCH",
        "/organization-members/user_lee",
        {"role": "org:admin", "scim_managed": True, "active_key_in": ["default"]},
        200,
        {},
    ),
    ("DELETE", "/organization-members/user_lee", None, 200, {}),
    ("POST", "/keys", {"workspace": "default", "name": "CI"}, 201, {"hash": ..., "name": "CI"}),
    ("PATCH", "/keys/{hash}", {"disabled": True}, 200, {}),
    ("PATCH", "/keys/{hash}", {}, 400, {"error": {"code": 400}}),
    ("DELETE", "/keys/{hash}", None, 200, {}),
    ("DELETE", "/keys/{hash}", None, 404, {"error": {"code": 404}}),
    ("PATCH", "/workspaces/default", {"active_keys": True}, 200, {}),
    ("PATCH", "/options", {"plan": "standard"}, 200, {"plan": "standard"}),
    ("PATCH", "/options", {"colour": "red"}, 400, {"error": {"code": 400}}),
    ("GET", "/state", None, 200, {"workspaces": ..., "organization_members": ..., "keys": ...}),
    ("GET", "/requests", None, 200, []),
    ("GET", "/requests?writes_only=true", None, 200, []),
    ("DELETE", "/requests", None, 200, {}),
    ("GET", "/counts", None, 200, {"total": 0, "writes": 0, "by_operation": {}}),
    ("POST", "/reset", None, 200, {}),
    ("GET", "/options", None, 405, {"error": {"code": 405}}),
]


def shown(answer: Any, expected: Any) -> Any:
    """Return an answer without the fields and values that are not compared."""
    if expected is ...:
        return ...
    if isinstance(expected, dict) and expected:
        return {name: shown(answer[name], value) for name, value in expected.items()}
    if isinstance(expected, list) and expected:
        assert len(answer) == len(expected)
        return [shown(one, value) for one, value in zip(answer, expected, strict=True)]
    return answer


def test_other_processes_control_it_over_http(sandbox: Sandbox) -> None:
    """Each endpoint takes and answers JSON, and says what is wrong in the API's shape."""
    hash = ""
    with httpx.Client(base_url=sandbox.control_url, trust_env=False) as http:
        for verb, path, body, status, expected in OVER_HTTP:
            answer = http.request(verb, path.format(hash=hash), json=body)
            assert (answer.status_code, answer.headers["Content-Type"]) == (
                status,
                "application/json",
            ), (verb, path, answer.text)
            assert shown(answer.json(), expected) == expected, (verb, path)
            hash = answer.json()["hash"] if path == "/keys" else hash


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "body: not JSON"),
        (b"[]", "body: Input should be a valid dictionary"),
        (b'{"seconds": "soon"}', "seconds: Input should be a valid number"),
        (b'{"seconds": NaN}', "seconds: Input should be a finite number"),
        (b"", "seconds: Missing required argument"),
        (b'{"seconds": 1, "self": 1}', "self: "),
    ],
    ids=["not JSON", "a list", "text", "NaN", "nothing", "another field"],
)
def test_bodies_that_are_wrong_are_refused(sandbox: Sandbox, content: bytes, words: str) -> None:
    """A body that is no JSON object with the right fields answers 400 and names what is wrong."""
    answer = httpx.put(f"{sandbox.control_url}/latency", content=content, trust_env=False)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message.startswith(f"Invalid request parameters: {words}")


def test_answers_carry_the_date(http: httpx.Client) -> None:
    """Each answer has the Date header that clients measure Retry-After and clocks against."""
    assert http.get("/workspaces").headers["Date"].endswith("GMT")
