"""Tells the demo's story, step by step: `python -m demo [--engine pulumi|offline]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

from demo.engine import DemoError, Engine, PropertyDiff, choose_engine, updates
from harness.organization import Somebody, emails_of, live
from pulumi_openrouter.sandbox import Sandbox

STACKS = ("dev", "staging", "prod")
WIDER_BUDGETS = {"daily_usd": 6000, "weekly_usd": 20000, "monthly_usd": 50000}


class Demo:
    """The steps, in their order; each raises DemoError where something does not hold."""

    def __init__(self, engine: Engine, sandbox: Sandbox, somebody: Somebody) -> None:
        self._engine = engine
        self._sandbox = sandbox
        self._somebody = somebody
        self._initial = sandbox.state()

    def run(self) -> None:
        """Take all steps."""
        steps: list[Callable[[], None]] = [
            self.bring_up,
            self.bring_up_again,
            self.drift,
            self.preview_drift,
            self.repair,
            self.change_budgets,
            self.destroy,
            self.bring_in,
        ]
        for number, step in enumerate(steps, 1):
            say(f"\n=== {number}. {step.__doc__}")
            self._sandbox.clear_requests()
            step()

    def bring_up(self) -> None:
        """Bring up dev, staging and prod: a workspace each, with budgets and people."""
        for stack in STACKS:
            self._engine.up(stack)
            self._check_stack(stack)

    def bring_up_again(self) -> None:
        """Bring them up again: nothing to change, and not one request."""
        for stack in STACKS:
            self._engine.up(stack, "--expect-no-changes")
        check("3 stacks without a change", self._sandbox.counts()["total"], 0)

    def drift(self) -> None:
        """Somebody else edits prod through the API: a description, a budget, a member."""
        user_ids = {p["email"]: p["id"] for p in self._initial["organization_members"]}
        for method, path, body in (
            ("PATCH", "/workspaces/acme-prod", {"description": "Edited by hand"}),
            ("PUT", "/workspaces/acme-prod/budgets/monthly", {"limit_usd": 9000}),
            (
                "POST",
                "/workspaces/acme-prod/members/remove",
                {"user_ids": [user_ids["omar.haddad@example.com"]]},
            ),
        ):
            check("the API agrees", self._by_hand(method, path, body).is_success, True)

    def preview_drift(self) -> None:
        """Preview with a refresh: just these three, as property diffs."""
        seen = updates(self._engine.preview("prod", "--refresh"))
        expected = {
            PropertyDiff("Workspace", "description"),
            PropertyDiff("WorkspaceBudget", "monthly_usd"),
            PropertyDiff("WorkspaceMembership", "emails"),
        }
        check("3 properties differ", seen, expected)
        check("a preview writes nothing", self._sandbox.counts()["writes"], 0)

    def repair(self) -> None:
        """Bring prod up with a refresh: all three are put back, in one request each."""
        self._engine.up("prod", "--refresh")
        self._check_stack("prod")
        check("3 requests that write", self._sandbox.counts()["writes"], 3)

    def change_budgets(self) -> None:
        """Raise all budgets of prod at once, where the API minds the order."""
        path = "/workspaces/acme-prod/budgets/daily"
        naive = self._by_hand("PUT", path, {"limit_usd": WIDER_BUDGETS["daily_usd"]})
        check("the API refuses to begin with the daily limit", naive.status_code, 400)
        config = self._config("prod")
        config["budgets"] = WIDER_BUDGETS
        self._write_config("prod", config)
        self._sandbox.clear_requests()
        self._engine.up("prod")
        self._check_stack("prod")
        order = [request["path"] for request in self._sandbox.requests(writes_only=True)]
        broadest_first = ["monthly", "weekly", "daily"]
        check("broadest first", [part.rpartition("/")[2] for part in order], broadest_first)

    def destroy(self) -> None:
        """Destroy all three: first what is in them, and the organization is as it was."""
        for stack in STACKS:
            self._engine.destroy(stack)
        limits = [name for stack in STACKS for name in self._limits(stack)]
        # One for each limit, one for the people of a workspace and one for the workspace itself.
        expected = len(limits) + 2 * len(STACKS)
        check(f"{expected} requests that write", self._sandbox.counts()["writes"], expected)
        check("the organization is as before", self._sandbox.state(), self._initial)

    def bring_in(self) -> None:
        """Bring in what exists already: import it as it is, then change one limit of it."""
        self._somebody.settles_in()
        imported = self._engine.import_organization()
        self._sandbox.clear_requests()
        imported.up("prod", "--expect-no-changes")
        check("nothing was written", self._sandbox.counts()["writes"], 0)
        program = imported.folder / "__main__.py"
        text = program.read_text(encoding="utf-8")
        program.write_text(text.replace("monthly_usd=70", "monthly_usd=80"), encoding="utf-8")
        seen = updates(imported.preview("prod"))
        check("1 property differs", seen, {PropertyDiff("WorkspaceBudget", "monthly_usd")})
        imported.up("prod")
        check("the limit is raised", live(self._sandbox, "theirs")["budgets"], {"monthly": 80})

    def _by_hand(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send a request as somebody else, and show it with the answer."""
        answer = self._somebody.sends(method, path, body)
        said = "" if answer.is_success else f": {answer.json()['error']['message']}"
        say(f"{method} {path} {json.dumps(body)} -> {answer.status_code}{said}")
        return answer

    def _check_stack(self, stack: str) -> None:
        config, limits = self._config(stack), self._limits(stack)
        wanted = {
            **config["settings"],
            "budgets": {name.removesuffix("_usd"): usd for name, usd in limits.items()},
            "members": sorted(config["members"]),
        }
        found = live(self._sandbox, f"acme-{stack}")
        found["members"] = sorted(emails_of(self._sandbox, found["members"]))
        check(
            f"acme-{stack} is as its config says",
            {name: found.get(name) for name in wanted},
            wanted,
        )

    def _limits(self, stack: str) -> dict[str, float]:
        budgets = self._config(stack)["budgets"]
        return {name: usd for name, usd in budgets.items() if name.endswith("_usd")}

    def _config(self, stack: str) -> dict[str, Any]:
        document = yaml.safe_load(self._config_file(stack).read_text(encoding="utf-8"))
        return {key.partition(":")[2]: value for key, value in document["config"].items()}

    def _write_config(self, stack: str, config: dict[str, Any]) -> None:
        file = self._config_file(stack)
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        document["config"] = {f"environments:{key}": value for key, value in config.items()}
        file.write_text(yaml.safe_dump(document), encoding="utf-8")

    def _config_file(self, stack: str) -> Path:
        return self._engine.folder / f"examples/environments/stacks/Pulumi.{stack}.yaml"


def check(what: str, found: object, expected: object) -> None:
    """Say that something holds, or raise DemoError with what is there instead."""
    if found != expected:
        msg = f"{what}: expected {expected!r}, found {found!r}"
        raise DemoError(msg)
    say(f"  ok: {what}")


def say(line: str) -> None:
    """Print a line at once, whoever reads it."""
    print(line, flush=True)  # noqa: T201 - the demo's purpose


def main() -> int:
    """Run the demo and return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--engine", choices=["pulumi", "offline"], help="default: the best there is"
    )
    wanted = parser.parse_args().engine
    with tempfile.TemporaryDirectory(prefix="demo-") as folder, Sandbox() as sandbox:
        say(f"A sandbox of OpenRouter's API runs at {sandbox.url}.")
        with Somebody(sandbox) as somebody:
            try:
                engine = choose_engine(wanted, Path(folder), sandbox.environment, say)
                Demo(engine, sandbox, somebody).run()
            except DemoError as error:
                say(f"\nerror: the demo failed: {error}")
                return 1
    name = "Pulumi" if engine.command[0] == "pulumi" else "the offline engine"
    say(f"\nEverything held, on {name}.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
