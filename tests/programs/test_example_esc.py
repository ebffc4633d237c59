"""The ESC example, as far as it can be checked without Pulumi Cloud, which runs ESC.

The environment files and the stack config name each other and the variables that the package
reads, and the programs run with the variables that ESC would set, each stack with its own key.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import Engine, Project
from harness.examples import EXAMPLES, copied, slugs, variables
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings

FOLDER = EXAMPLES / "09-pulumi-esc"
STACKS = ("dev", "prod")
KEYS = {stack: f"sk-or-mgmt-{stack}" for stack in STACKS}


def definition(stack: str) -> dict[str, Any]:
    """Return the environment that the config of a stack imports."""
    config = yaml.safe_load((FOLDER / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    [name] = config["environment"]
    file = FOLDER / f"esc/{name.replace('/', '-')}.yaml"
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def opened(stack: str, key: str) -> dict[str, str]:
    """Return the variables that ESC sets, once somebody has set the key in the environment."""
    values = definition(stack)["values"]
    assert [*values["openrouter"]["managementKey"]] == ["fn::secret"]
    values["openrouter"]["managementKey"] = key

    def looked_up(reference: re.Match[str]) -> str:
        value: Any = values
        for part in reference[1].split("."):
            value = value[part]
        return str(value)

    return {
        name: re.sub(r"\$\{([\w.]+)\}", looked_up, text)
        for name, text in values["environmentVariables"].items()
    }


@pytest.mark.parametrize("stack", STACKS)
def test_the_environment_brings_the_key(stack: str) -> None:
    """What the environment sets is all that the package needs, and is where it takes the key."""
    settings = Settings.load(lambda _: None, opened(stack, KEYS[stack]))
    assert settings.management_key == KEYS[stack]
    assert [*definition(stack)] == ["values"]
    assert [*definition(stack)["values"]] == ["openrouter", "environmentVariables"]


@pytest.fixture
def organizations() -> Iterator[dict[str, Sandbox]]:
    """Run an organization for each stack, which takes that stack's key only."""
    with Sandbox(key=KEYS["dev"]) as dev, Sandbox(key=KEYS["prod"]) as prod:
        yield {"dev": dev, "prod": prod}


def test_each_stack_runs_with_its_own_key(
    tmp_path: Path, organizations: dict[str, Sandbox], engine: Engine
) -> None:
    """With the variables of its environment, and no other key, each stack comes up and settles."""
    folder = copied("09-pulumi-esc", tmp_path / "project")
    for stack, sandbox in organizations.items():
        # The import of the environment is what only Pulumi Cloud can resolve.
        file = folder / f"Pulumi.{stack}.yaml"
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        del config["environment"]
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        environment = {"OPENROUTER_BASE_URL": sandbox.url, **opened(stack, KEYS[stack])}
        project = Project(folder, engine, variables(environment), stack=stack)
        assert project.up().outputs == {"slug": f"chat-{stack}"}
        assert slugs(sandbox) == [f"chat-{stack}", "default"]
        assert KEYS[stack] not in str(project.stack.export_stack().deployment)
        project.settle()
