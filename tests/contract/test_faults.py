"""Each way the sandbox can be told to misbehave, as a real HTTP client sees it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox, SandboxError

from .conftest import ACME


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Offer threads for requests that are held."""
    with ThreadPoolExecutor(8) as pool:
        yield pool


def slugs(sandbox: Sandbox) -> list[str]:
    """Return the slugs of all workspaces but the default one."""
    return [workspace["slug"] for workspace in sandbox.state()["workspaces"][1:]]


def only_request(sandbox: Sandbox) -> dict[str, Any]:
    """Return the one request that was made."""
    (request,) = sandbox.requests()
    return request


def something_is_held(sandbox: Sandbox) -> bool:
    """Return whether a request is held now."""
    try:
        return bool(sandbox.wait_until_held(0))
    except TimeoutError:
        return False


def create(http: httpx.Client) -> httpx.Response:
    """Create the workspace `acme`."""
    return http.post("/workspaces", json=ACME)


@pytest.mark.parametrize("status", [429, 500, 503, 520])
@pytest.mark.parametrize("retry_after", [None, "2", "Sun, 22 Nov 2026 11:00:00 GMT"])
def test_status_refuses_before_anything_is_done(
    sandbox: Sandbox, http: httpx.Client, status: int, retry_after: str | None
) -> None:
    """A status fault answers in the API's shape, with Retry-After as told, and changes nothing."""
    sandbox.add_fault(method="POST", status=status, retry_after=retry_after)
    answer = create(http)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
    assert answer.headers.get("Retry-After") == retry_after
    assert slugs(sandbox) == []
    assert only_request(sandbox)["fault"] == f"status {status}"
    assert create(http).status_code == 201


def test_status_can_carry_words_or_a_page(sandbox: Sandbox, http: httpx.Client) -> None:
    """A status fault has the words that it is given, or a proxy's page in place of JSON."""
    sandbox.add_fault(status=401, message="Key revoked")
    sandbox.add_fault(status=502, body="<h1>Bad gateway</h1>")
    assert create(http).json() == {"error": {"code": 401, "message": "Key revoked"}}
    page = create(http)
    assert (page.status_code, page.text) == (502, "<h1>Bad gateway</h1>")
    assert page.headers["Content-Type"] == "text/html"


def test_status_after_the_change(sandbox: Sandbox, http: httpx.Client) -> None:
    """With `handled` the change is made and the status answered, as by an impatient proxy."""
    sandbox.add_fault(status=504, handled=True)
    assert create(http).status_code == 504
    assert slugs(sandbox) == ["acme"]


def test_lost_request_changes_nothing(sandbox: Sandbox, http: httpx.Client) -> None:
    """A lost request ends the connection before the API saw it."""
    sandbox.add_fault(lose="request")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        create(http)
    assert slugs(sandbox) == []
    request = only_request(sandbox)
    assert (request["status"], request["fault"]) == (None, "lose request")


def test_lost_answer_leaves_the_change(sandbox: Sandbox, http: httpx.Client) -> None:
    """A lost answer ends the connection when the change is made."""
    sandbox.add_fault(lose="answer")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        create(http)
    assert slugs(sandbox) == ["acme"]
    request = only_request(sandbox)
    assert (request["status"], request["fault"]) == (None, "lose answer")


def test_truncated_answer_leaves_the_change(sandbox: Sandbox, http: httpx.Client) -> None:
    """A truncated answer announces the whole body and sends half of it."""
    sandbox.add_fault(truncate=True)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        create(http)
    assert slugs(sandbox) == ["acme"]
    assert only_request(sandbox)["status"] == 201


@pytest.mark.parametrize(("stall", "status"), [("answer", None), ("body", 201)])
def test_stalled_answer_leaves_the_change(
    sandbox: Sandbox, http: httpx.Client, stall: str, status: int | None
) -> None:
    """A stalled answer never ends: the client's read timeout does, and the change is made."""
    sandbox.add_fault(stall=stall)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/workspaces", json=ACME, timeout=0.2)
    assert slugs(sandbox) == ["acme"]
    assert only_request(sandbox)["status"] == status


@pytest.mark.parametrize("text", ["", "{}", "not JSON", "<html></html>"])
def test_body_replaces_the_answer(sandbox: Sandbox, http: httpx.Client, text: str) -> None:
    """A body fault makes the change and answers 200 with any text."""
    sandbox.add_fault(body=text)
    answer = create(http)
    assert (answer.status_code, answer.text) == (200, text)
    assert slugs(sandbox) == ["acme"]


def test_merge_makes_a_newer_api(sandbox: Sandbox, http: httpx.Client) -> None:
    """A merge adds and replaces fields in the answer, in each item of a list, and nowhere else."""
    sandbox.add_fault(times=2, merge={"data": {"slug": None, "new": {"a": 1}}})
    one = create(http).json()["data"]
    listed = http.get("/workspaces").json()
    assert (one["slug"], one["new"], one["name"]) == (None, {"a": 1}, "Acme")
    assert [(item["slug"], item["new"]) for item in listed["data"]] == [(None, {"a": 1})] * 2
    assert listed["total_count"] == 2
    assert slugs(sandbox) == ["acme"]


def test_merge_leaves_errors_alone(sandbox: Sandbox, http: httpx.Client) -> None:
    """A merge does not turn a refusal into something else."""
    sandbox.add_fault(merge={"data": {}})
    answer = http.get("/workspaces/nobody")
    assert answer.json() == {"error": {"code": 404, "message": "Workspace not found"}}
    assert answer.status_code == 404


def in_thread(pool: ThreadPoolExecutor, http: httpx.Client) -> "Future[httpx.Response]":
    """Create `acme` in another thread."""
    return pool.submit(create, http)


def test_held_request_is_handled_when_released(
    sandbox: Sandbox, http: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    """A held request has done nothing until it is released, and then succeeds."""
    sandbox.add_fault(hold=True)
    answer = in_thread(pool, http)
    (held,) = sandbox.wait_until_held()
    assert (held["method"], held["path"], held["body"]) == ("POST", "/workspaces", ACME)
    assert slugs(sandbox) == []
    assert sandbox.release() == 1
    assert answer.result().status_code == 201
    assert slugs(sandbox) == ["acme"]


def test_held_answer_is_sent_when_released(
    sandbox: Sandbox, http: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    """A held answer belongs to a change that is made already."""
    sandbox.add_fault(hold="answer")
    answer = in_thread(pool, http)
    sandbox.wait_until_held()
    assert slugs(sandbox) == ["acme"]
    sandbox.release()
    assert answer.result().status_code == 201


def test_client_that_goes_away_frees_its_hold(sandbox: Sandbox, http: httpx.Client) -> None:
    """A held request whose client is gone is never handled, and nothing stays held."""
    sandbox.add_fault(hold=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/workspaces", json=ACME, timeout=0.2)
    while something_is_held(sandbox):
        pass
    assert (sandbox.release(), slugs(sandbox)) == (0, [])
    assert only_request(sandbox)["status"] is None


def test_waiting_for_a_hold_ends(sandbox: Sandbox) -> None:
    """Waiting for a request that is never held is a TimeoutError that says how long."""
    with pytest.raises(TimeoutError, match=r"no request was held within 0\.1 s"):
        sandbox.wait_until_held(0.1)


def test_reset_drops_what_is_held(
    sandbox: Sandbox, http: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    """A reset ends held requests without handling them."""
    sandbox.add_fault(hold=True)
    answer = in_thread(pool, http)
    sandbox.wait_until_held()
    sandbox.reset()
    with pytest.raises(httpx.RemoteProtocolError):
        answer.result()
    assert slugs(sandbox) == []


def test_skip_and_times_choose_the_request(sandbox: Sandbox, http: httpx.Client) -> None:
    """A fault lets `skip` matching requests through, acts `times` times and is then spent."""
    sandbox.add_fault(method="GET", path="/workspaces/*", skip=1, times=2, status=500)
    http.get("/workspaces")
    answers = [http.get("/workspaces/default").status_code for _ in range(5)]
    assert answers == [200, 500, 500, 200, 200]
    (fault,) = sandbox.faults()
    assert (fault["matched"], fault["injected"]) == (5, 2)


def test_first_matching_fault_acts(sandbox: Sandbox, http: httpx.Client) -> None:
    """Faults act in the order of adding, and one without an end until it is cleared."""
    sandbox.add_fault(status=500)
    sandbox.add_fault(status=503, times=None)
    answers = [http.get("/workspaces").status_code for _ in range(4)]
    sandbox.clear_faults()
    assert [*answers, http.get("/workspaces").status_code] == [500, 503, 503, 503, 200]


def test_counting_is_exact_under_concurrency(
    sandbox: Sandbox, http: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    """Of many requests at once exactly `times` meet the fault."""
    sandbox.add_fault(skip=10, times=7, status=503)
    answers = list(pool.map(lambda _: http.get("/workspaces").status_code, range(64)))
    assert (answers.count(503), answers.count(200)) == (7, 57)


def test_key_is_checked_behind_a_fault(sandbox: Sandbox, http: httpx.Client) -> None:
    """A request with a wrong key changes nothing, also when its answer is lost."""
    sandbox.add_fault(lose="answer")
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/workspaces", json=ACME, headers={"Authorization": "Bearer wrong"})
    assert slugs(sandbox) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({}, "give exactly one of status, lose, truncate, stall, merge, hold or a body, not none"),
        ({"lose": "answer", "truncate": True}, r"not \['lose', 'truncate'\]"),
        ({"lose": "everything"}, "lose: Input should be 'request' or 'answer'"),
        ({"status": 200}, "status: Input should be greater than or equal to 400"),
        ({"status": 500, "path": "workspaces"}, "path: Value error, must begin with /"),
        ({"status": 500, "times": 0}, "times: Input should be greater than or equal to 1"),
        ({"explode": True}, "explode: Extra inputs are not permitted"),
    ],
    ids=["no action", "two actions", "bad value", "success", "bad path", "never", "unknown"],
)
def test_fault_that_makes_no_sense_is_refused(
    sandbox: Sandbox, fault: dict[str, Any], words: str
) -> None:
    """Planning a fault with no action, two, or a wrong value says what is wrong."""
    with pytest.raises(SandboxError, match=words):
        sandbox.add_fault(**fault)
    assert sandbox.faults() == []


@pytest.mark.parametrize("fault", [{"hold": True}, {"stall": "answer"}, {"stall": "body"}])
def test_server_stops_in_spite_of_a_fault(fault: dict[str, Any], pool: ThreadPoolExecutor) -> None:
    """A sandbox that stops ends what is held or stalled."""
    with Sandbox() as sandbox:
        sandbox.add_fault(**fault)
        key = {"Authorization": f"Bearer {sandbox.key}"}
        answer = pool.submit(httpx.get, f"{sandbox.url}/workspaces", headers=key)
        while sandbox.counts()["total"] == 0:
            pass
    with pytest.raises(httpx.RemoteProtocolError):
        answer.result()


def test_latency_delays_answers_side_by_side(
    sandbox: Sandbox, http: httpx.Client, pool: ThreadPoolExecutor
) -> None:
    """Delayed requests wait together: all are in flight at once."""
    sandbox.set_latency(0.2)
    list(pool.map(lambda _: http.get("/workspaces").raise_for_status(), range(8)))
    assert sandbox.counts()["max_in_flight"] == 8
