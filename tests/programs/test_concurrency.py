"""How many requests a run has in flight: as many as `--parallel` lets it, and as the limit says."""

from concurrent.futures import ThreadPoolExecutor, wait

from harness import Project
from pulumi_openrouter.sandbox import Sandbox

WORKSPACES = 48
PROGRAM = f"""
for number in range({WORKSPACES}):
    openrouter.Workspace(f"team-{{number}}")
"""
# A run that never gets there is let go after so many looks at it, to fail the assertion.
LOOKS, SECONDS_BETWEEN = 600, 0.1


def _most_in_flight(project: Project, sandbox: Sandbox, expected: int) -> int:
    """Bring the program up while no create is answered before `expected` of them wait for it."""
    project.set_config("openrouter:timeoutSeconds", "200")
    project.program(PROGRAM)
    sandbox.set_latency(0.05)
    sandbox.add_fault(method="POST", path="/workspaces", times=None, hold=True)
    with ThreadPoolExecutor(1) as background:
        run = background.submit(project.up, parallel=32)
        for _ in range(LOOKS):
            wait([run], SECONDS_BETWEEN)
            if run.done() or sandbox.counts()["max_in_flight"] >= expected:
                break
        sandbox.clear_faults()
        sandbox.release()
        run.result()
    counts = sandbox.counts()
    assert counts["by_operation"] == {"createWorkspace": WORKSPACES}
    return int(counts["max_in_flight"])


def test_a_parallel_run_has_32_requests_in_flight(project: Project, sandbox: Sandbox) -> None:
    """`--parallel 32` is not held up by the four threads of Pulumi's server."""
    assert 28 <= _most_in_flight(project, sandbox, 28) <= 32


def test_max_concurrency_is_never_exceeded(project: Project, sandbox: Sandbox) -> None:
    """With `openrouter:maxConcurrency` 5 there are five requests in flight, and never a sixth."""
    project.set_config("openrouter:maxConcurrency", "5")
    assert _most_in_flight(project, sandbox, 5) == 5
