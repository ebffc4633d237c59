"""The sandbox as type checkers see it: read by mypy and pyright in strict mode, never run."""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

from pulumi_openrouter.sandbox import Sandbox

with Sandbox(seed={"default_workspace": False}) as sandbox:
    assert_type(sandbox.url, str)
    assert_type(sandbox.environment, dict[str, str])
    assert_type(sandbox.state(), dict[str, Any])
    assert_type(sandbox.requests(writes_only=True), list[dict[str, Any]])
    assert_type(sandbox.add_fault(path="/workspaces", times=None, lose="answer"), str)
    assert_type(sandbox.wait_until_held(5), list[dict[str, Any]])
    assert_type(sandbox.release(), int)
    assert_type(sandbox.add_organization_members(3), list[dict[str, Any]])
    assert_type(sandbox.add_person("lee@example.com", role="org:admin"), str)
    assert_type(sandbox.change_person("user_lee", email="lee.ng@example.com"), None)
    assert_type(sandbox.add_key("default", name="CI", creator_user_id="user_lee"), str)
    assert_type(sandbox.mark_member("user_lee", scim_managed=True), None)
    sandbox.set_latency("soon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sandbox.add_key()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
