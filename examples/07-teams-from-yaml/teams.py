"""Reads the file of teams, and refuses a wrong one with a message for whoever edits the file."""

from pathlib import Path
from typing import Annotated

import pulumi
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

TeamName = Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


class Team(BaseModel):
    """What the file says of one team."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = Field(min_length=1, max_length=500)
    monthly_usd: float = Field(gt=0)
    daily_usd: float | None = Field(default=None, gt=0)
    members: list[str] = Field(min_length=1)


TEAMS = TypeAdapter(dict[TeamName, Team])
SHOWN_BY_KEY = {"missing", "extra_forbidden"}


def read_teams(file: Path) -> dict[str, Team]:
    """Return the teams by name; raises RunError, which Pulumi shows without a traceback."""
    try:
        # Unlike other readers, this one refuses a team that is in the file twice.
        document = YAML(typ="safe", pure=True).load(file)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        msg = f"{file.name}, line {line}: {error.problem}"
        raise pulumi.RunError(msg) from error
    try:
        return TEAMS.validate_python(document)
    except ValidationError as error:
        problems = (
            f"  {'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
            # A key that is missing or unknown has no value that would be worth showing.
            + ("" if problem["type"] in SHOWN_BY_KEY else f", but it is {problem['input']!r}")
            for problem in error.errors()
        )
        msg = f"{file.name} cannot be used:\n" + "\n".join(problems)
        raise pulumi.RunError(msg) from error
