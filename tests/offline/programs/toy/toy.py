"""A dynamic provider whose objects are JSON files in a folder, with a log of its calls.

Ids are `<key>-<n>`, counted by key, so that every engine gets the same ones.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic
from pulumi.output import Unknown

# What an object is made of; the rest of its properties tell the provider how to behave.
_FIELDS = ("size", "colour", "label", "tag", "detail", "pin", "link")


class Things(dynamic.ResourceProvider):
    """Replaces for `tag` (new one first) and `pin` (old one first), updates for anything else."""

    serialize_as_secret_always = False

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Find the folder."""
        sys.tracebacklimit = 0
        self.folder = Path(req.config.require("folder"))

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Fill in a default; sizes are not negative."""
        self._maybe_fail("check", news)
        self._mention("check", f"{news['key']} {'with' if olds else 'without'} old inputs")
        failures = []
        size = news.get("size")
        if isinstance(size, float) and size < 0:
            failures.append(dynamic.CheckFailure("size", "must not be negative"))
        return dynamic.CheckResult({"colour": "blue", **news}, failures)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare field by field."""
        self._maybe_fail("diff", news)
        unknown = [one for one in _FIELDS if isinstance(news.get(one), Unknown)]
        self._mention("diff", " ".join([f"{news['key']}, unknown:", *(unknown or ["nothing"])]))
        changed = [one for one in _FIELDS if olds.get(one) != news.get(one)]
        return dynamic.DiffResult(
            changes=bool(changed),
            replaces=[one for one in changed if one in ("tag", "pin")],
            delete_before_replace="pin" in changed,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Write the file."""
        self._maybe_fail("create", props)
        counter = self.folder / f"{props['key']}.count"
        number = int(counter.read_text()) + 1 if counter.exists() else 1
        counter.write_text(str(number))
        id_ = f"{props['key']}-{number}"
        return dynamic.CreateResult(id_, self._write("create", id_, props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Read the file; the fields that were given are inputs. Ids in capitals are the same."""
        self._maybe_fail("read", props)
        id_ = id_.lower()
        self._log("read", id_)
        file = self.folder / f"{id_}.json"
        if not file.exists():
            return dynamic.ReadResult(None, {})
        live = json.loads(file.read_text())
        inputs = {key: value for key, value in live.items() if key != "token"}
        return dynamic.ReadResult(id_, live, inputs)

    def update(self, id_: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Write the file again."""
        self._maybe_fail("update", news)
        return dynamic.UpdateResult(self._write("update", id_, news))

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Remove the file."""
        self._maybe_fail("delete", props)
        self._log("delete", id_)
        (self.folder / f"{id_}.json").unlink(missing_ok=True)

    def _write(self, call: str, id_: str, props: dict[str, Any]) -> dict[str, Any]:
        self._log(call, id_)
        outputs = {key: value for key, value in props.items() if key != "__provider"}
        outputs["token"] = f"token of {id_}"
        (self.folder / f"{id_}.json").write_text(json.dumps(outputs))
        return outputs

    def _log(self, call: str, id_: str) -> None:
        with (self.folder / "calls.log").open("a") as log:
            log.write(f"{call} {id_}\n")

    def _mention(self, call: str, what: str) -> None:
        """Log a call that changes nothing, where a scenario compares those as well."""
        if (self.folder / "log-everything").exists():
            self._log(call, what)
        if (self.folder / "chatter").exists():
            sys.stderr.write(f"{call} says hello\n")

    def _maybe_fail(self, call: str, props: dict[str, Any]) -> None:
        self._maybe_wait(call, props)
        if (self.folder / f"fail-{call}-{props.get('key')}").exists():
            message = f"told to fail {call} of {props.get('key')}"
            raise RuntimeError(message)

    def _maybe_wait(self, call: str, props: dict[str, Any]) -> None:
        """Wait for as long as a test says so, and let it know who is waiting."""
        hold = self.folder / f"hold-{call}-{props.get('key')}"
        if hold.exists():
            (self.folder / "waiting").write_text(str(os.getpid()))
        while hold.exists():
            threading.Event().wait(0.02)


class VagueThings(Things):
    """Does not say what changed: the engine compares the inputs."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Say nothing."""
        return dynamic.DiffResult()


class Thing(dynamic.Resource, module="toy", name="Thing"):
    """A thing. Its key, part of its id, is its name unless given."""

    key: pulumi.Output[str]
    size: pulumi.Output[float]
    label: pulumi.Output[str]
    token: pulumi.Output[str]
    detail: pulumi.Output[Any]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(Things(), name, {"key": name, "token": None, "label": None, **props}, opts)


class VagueThing(dynamic.Resource, module="toy", name="VagueThing"):
    """A thing whose provider does not compare."""

    token: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(VagueThings(), name, {"key": name, "token": None, **props}, opts)


class Group(pulumi.ComponentResource):
    """A component with one thing inside."""

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, size: float = 1
    ) -> None:
        super().__init__("toy:index:Group", name, {}, opts)
        self.child = Thing(f"{name}-child", pulumi.ResourceOptions(parent=self), size=size)
        self.register_outputs({"childToken": self.child.token})
