"""The command `pulumi-openrouter doctor`: what a program would find on this machine.

It reads the settings as a program does, asks the API the least that shows whether they work, and
says for each finding what to do next. It writes nothing, anywhere, and never shows a key.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import click
from rich.console import Console
from rich.markup import escape

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.api.models import OrganizationMember, Workspace
from pulumi_openrouter.errors import ApiError, ForbiddenError, OpenRouterError
from pulumi_openrouter.importing.files import OLDEST_CLI
from pulumi_openrouter.importing.reading import ReadOnlyTransport
from pulumi_openrouter.offline.exceptions import ProjectError
from pulumi_openrouter.offline.project import (
    Project,
    checked_stack_name,
    find_project,
    read_config,
)
from pulumi_openrouter.offline.stack import choose_stack
from pulumi_openrouter.offline.values.documents import read_document
from pulumi_openrouter.settings import KEY_SETTING, KEY_VARIABLES, PLAIN_KEY_REMEDY, Settings
from pulumi_openrouter.text import counted, fold, redact

Status = Literal["ok", "warning", "error"]

LEAST_FOR_READS = (3, 271)
NEWEST_PYTHON = (3, 13)

CLI_SECONDS = 30
"""How long the Pulumi CLI may take to answer."""

REQUEST_SECONDS = 15.0
"""How long the API may take to answer: a person is waiting."""

MOST_BUDGETS = 10
"""How many workspaces are asked for budgets before the answer counts as unknown."""

TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")

_CORRECT = "Correct the file that it names, and run the command again."
_MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What was looked at.
        status: "ok"; "warning" if programs run, but not everything works; "error" if they do not.
        found: What was found.
        next: What to do next, empty if nothing has to be done.
        facts: The same as data.
    """

    name: str
    status: Status
    found: str
    next: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@click.command()
@click.option("-s", "--stack", help="Read the config of this stack; default: PULUMI_STACK.")
@click.option(
    "--cwd",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder, or a folder inside it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(stack: str | None, cwd: Path, as_json: bool) -> None:
    """Check whether programs can run here, and say what to do if not.

    The command looks at versions, at the settings of the stack and of the environment, and asks
    the API what the management key may read. It changes nothing and never prints a key. The exit
    code is 0 if programs can run, and 1 if not.

    \b
    Example:
        pulumi-openrouter doctor --stack prod
    """
    try:
        findings = [*_examine(cwd, stack)]
    except KeyboardInterrupt:
        os._exit(130)  # a request that waits for its answer would keep the process
    failed = any(one.status == "error" for one in findings)
    if as_json:
        document = {"ok": not failed, "findings": [asdict(one) for one in findings]}
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(findings)
    sys.exit(int(failed))


def _examine(cwd: Path, stack: str | None) -> Iterator[Finding]:
    yield _python()
    yield _packages()
    yield _cli()
    config, found = _stack_config(cwd, stack)
    yield from found
    yield from _network()
    if any(one.status == "error" for one in found):
        return
    plain = config.plain_key
    if plain is not None:
        yield plain
        return
    try:
        settings = Settings.load(
            lambda name: config.values.get(f"openrouter:{name}"), os.environ, config.values
        )
        impatient = replace(
            settings,
            max_retries=min(settings.max_retries, 1),
            timeout_seconds=min(settings.timeout_seconds, REQUEST_SECONDS),
        )
        yield _key(settings)
        yield _base_url(settings)
        with closing(ReadOnlyTransport(impatient)) as transport:
            yield from _api(Client(impatient, transport=transport), config.secrets(settings))
    except OpenRouterError as error:
        problem, _, hint = re.sub(r"(?<=[.?]) (?=[A-Z])", "\n", str(error), count=1).partition("\n")
        yield Finding("settings", "error", config.clean(problem), config.clean(hint))


# Versions.


def _python() -> Finding:
    found = f"Python {platform.python_version()} at {sys.executable}"
    facts = {"version": platform.python_version()}
    if sys.version_info[:2] > NEWEST_PYTHON:
        newest = ".".join(map(str, NEWEST_PYTHON))
        hint = f"This package is tested up to Python {newest}; use that if something breaks."
        return Finding("python", "warning", found, hint, facts)
    return Finding("python", "ok", found, facts=facts)


def _packages() -> Finding:
    facts = {name: version(name) for name in ("pulumi-openrouter", "pulumi")}
    listed = ", ".join(f"{name} {number}" for name, number in facts.items())
    return Finding("packages", "ok", listed, facts=facts)


def _cli() -> Finding:
    found = shutil.which("pulumi")
    if found is None:
        return Finding(
            "pulumi CLI",
            "warning",
            "`pulumi` is not on PATH",
            "Install the Pulumi CLI. Without it, programs run on the offline engine only "
            "(`pulumi-openrouter offline up`).",
        )
    printed, problem = _run([found, "version"], Path.cwd())
    number = re.search(r"(\d+)\.(\d+)\.(\d+)\S*", printed)
    if problem or number is None:
        said = problem or f"`pulumi version` printed {fold(printed, 80)!r}"
        hint = "Install the Pulumi CLI again, or put another one first on PATH."
        return Finding("pulumi CLI", "warning", f"{found}: {said}", hint)
    facts = {"version": number[0], "path": found}
    lacks = [*_lacking((int(number[1]), int(number[2])))]
    text = f"pulumi {number[0]} at {found}"
    if not lacks:
        return Finding("pulumi CLI", "ok", text, facts=facts)
    hint = f"Upgrade the Pulumi CLI. {' '.join(lacks)}"
    return Finding("pulumi CLI", "warning", text, hint, facts)


def _lacking(found: tuple[int, int]) -> Iterator[str]:
    if found < LEAST_FOR_READS:
        yield (
            "Before 3.271, a preview does not know the id of a resource that is only read with "
            "`get`."
        )
    if found < OLDEST_CLI:
        yield (
            "Before 3.254, `pulumi import --file` does not take these resources; use `adopt=True` "
            "to bring in what exists."
        )


def _run(command: list[str], folder: Path) -> tuple[str, str]:
    """Return what a command prints, and what went wrong."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own CLI, with arguments of ours
            command,
            cwd=folder,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=CLI_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {CLI_SECONDS} s"
    except OSError as error:
        return "", str(error.strerror or error)
    if done.returncode:
        return "", fold(redact(done.stderr or done.stdout), 200) or f"exit code {done.returncode}"
    return done.stdout, ""


# Settings.


@dataclass
class _Config:
    """The stack's configuration of the namespace `openrouter`.

    Attributes:
        values: The values by key, encrypted ones decrypted.
        encrypted: The keys whose values are encrypted in the file.
    """

    values: dict[str, str] = field(default_factory=dict)
    encrypted: set[str] = field(default_factory=set)

    @property
    def plain_key(self) -> Finding | None:
        """What is wrong if the key is in the config in plain text: programs refuse that."""
        if not self.values.get(KEY_SETTING) or KEY_SETTING in self.encrypted:
            return None
        return Finding(
            "management key",
            "error",
            f"{KEY_SETTING} is in the stack config as plain text, and programs refuse it",
            PLAIN_KEY_REMEDY,
        )

    def secrets(self, settings: Settings | None = None) -> list[str]:
        """Return whatever may be a key, in the forms in which it could appear in a text."""
        keys = {os.environ.get(name, "").strip() for name in KEY_VARIABLES}
        keys |= {self.values.get(KEY_SETTING, ""), settings.management_key if settings else ""}
        return [form for key in filter(None, keys) for form in (key, quote(key, safe=""))]

    def clean(self, text: str) -> str:
        """Return a text without keys."""
        return redact(text, *self.secrets())


def _stack_config(cwd: Path, stack: str | None) -> tuple[_Config, list[Finding]]:
    config = _Config()
    try:
        project = find_project(cwd)
    except ProjectError as error:
        if stack is None and "no Pulumi.yaml" in str(error):
            text = "no project here; the settings come from the environment only"
            return config, [Finding("stack config", "ok", text)]
        return config, [Finding("stack config", "error", str(error), _CORRECT)]
    found = _environment(project)
    try:
        name = choose_stack(project, stack)
    except ProjectError as error:
        text = "not read, because no stack is named; the settings come from the environment only"
        return config, [*found, Finding("stack config", "warning", text, _sentence(str(error)))]
    try:
        name = _checked(project, name)
        problems = _read_stack(config, project, name)
    except ProjectError as error:
        text = config.clean(str(error))
        return config, [*found, Finding("stack config", "error", text, _CORRECT)]
    if problems:
        hint = f"Log in to the backend of the stack, or export {KEY_VARIABLES[0]} and run "
        hint += f"`pulumi config rm {KEY_SETTING}`."
        errors = [Finding("stack config", "error", one, hint) for one in problems]
        return config, [*found, *errors]
    ours = sorted(key for key in config.values if key.startswith("openrouter:"))
    text = f"stack {name} of project {project.name}: {', '.join(ours) or 'no openrouter: settings'}"
    text = config.clean(text)
    facts = {"project": project.name, "stack": name, "keys": [config.clean(key) for key in ours]}
    others = project.stacks()
    unknown = bool(others) and name not in others
    if unknown:
        text += f", and there is no Pulumi.{name}.yaml"
    hint = f"Check the name. These stacks have a file: {', '.join(others)}." if unknown else ""
    status: Status = "warning" if unknown else "ok"
    return config, [*found, Finding("stack config", status, text, hint, facts)]


def _checked(project: Project, name: str) -> str:
    """Return the name of a stack, which may have an organization of Pulumi Cloud before it.

    Raises ProjectError for a name that no engine takes.
    """
    *qualifiers, bare = name.split("/")
    if len(qualifiers) <= 2 and not {"", ".", ".."}.intersection(qualifiers):
        return checked_stack_name(project, bare)
    return checked_stack_name(project, name)


def _environment(project: Project) -> list[Finding]:
    """Return whether the Python that the project names has this package, if it is another one."""
    if Path(project.python) == Path(sys.executable):
        return []
    code = "from importlib.metadata import version; print(version('pulumi-openrouter'))"
    printed, problem = _run([project.python, "-c", code], project.program_dir)
    if problem:
        text = f"{project.python}, which the project names, does not have pulumi-openrouter"
        hint = f"Run `{project.python} -m pip install pulumi-openrouter`."
        return [Finding("project's Python", "error", text, hint)]
    text = f"{project.python} has pulumi-openrouter {printed.strip()}"
    return [Finding("project's Python", "ok", text, facts={"version": printed.strip()})]


def _read_stack(config: _Config, project: Project, stack: str) -> list[str]:
    """Read the config of a stack, and return what is wrong with values that are encrypted."""
    files = [project.config_dir / f"Pulumi.{stack}{ending}" for ending in (".yaml", ".yml")]
    written = {key for file in files if file.is_file() for key in _keys(project, file)}
    # Naming all keys as given keeps encrypted ones of the program's own from being an error.
    found = read_config(project, stack, os.environ, written)
    config.values = {key: one.value for key, one in found.items() if key.startswith("openrouter:")}
    config.encrypted = {key for key, one in found.items() if one.secret}
    problems = []
    for key in sorted(written - found.keys()):
        if key.startswith("openrouter:"):
            value, problem = _decrypt(project, stack, key)
            config.values[key] = value.strip()
            config.encrypted.add(key)
            problems += [f"{key} is encrypted and cannot be read: {problem}"] if problem else []
    return problems


def _keys(project: Project, file: Path) -> Iterable[str]:
    given = read_document(file).get("config")
    return [project.qualify(key) for key in given] if isinstance(given, dict) else []


def _decrypt(project: Project, stack: str, key: str) -> tuple[str, str]:
    cli = shutil.which("pulumi")
    if cli is None:
        return "", "that needs the Pulumi CLI, which is not on PATH"
    command = [cli, "config", "get", key, "--stack", stack, "--non-interactive", "--color", "never"]
    return _run(command, project.root)


def _key(settings: Settings) -> Finding:
    place = "the stack config" if settings.key_source == KEY_SETTING else "the environment"
    text = f"from {place}: {settings.key_source}"
    return Finding("management key", "ok", text, facts={"source": settings.key_source})


# The network.


def _network() -> Iterator[Finding]:
    for name in PROXY_VARIABLES:
        if value := os.environ.get(name) or os.environ.get(name.lower()):
            yield Finding(name, "ok", _without_credentials(value))
    for name in TRUST_VARIABLES:
        value = os.environ.get(name)
        if value and not Path(value).exists():
            hint = f"Correct {name}, or unset it to use the certificates that come with Python."
            yield Finding(name, "error", f"{value}: there is no such file", hint)
        elif value:
            yield Finding(name, "ok", value)


def _without_credentials(url: str) -> str:
    return re.sub(r"[^/@,\s]+@", "", redact(fold(url, 200)))


def _base_url(settings: Settings) -> Finding:
    parts = urlsplit(settings.base_url)
    proxy = getproxies().get(parts.scheme) or getproxies().get("all")
    host = parts.hostname or ""
    way = "directly" if not proxy or proxy_bypass(host) else f"by {_without_credentials(proxy)}"
    text = f"{settings.base_url}, reached {way}"
    return Finding("base URL", "ok", text, facts={"url": settings.base_url})


# The API.


def _api(client: Client, secrets: list[str]) -> Iterator[Finding]:
    try:
        workspaces = [*client.workspaces.list()]
    except ApiError as error:
        yield _refused("API", "error", error, secrets)
        return
    yield Finding(
        "API",
        "ok",
        f"the key works, and reads {counted(len(workspaces), 'workspace')}",
        facts={"workspaces": len(workspaces)},
    )
    try:
        people = [*client.organization.members()]
        yield _organization(workspaces, people)
    except ApiError as error:
        hint = "Until then, list people by `user_ids`: email addresses cannot be looked up."
        yield Finding("organization", "warning", redact(str(error), *secrets), hint)
    yield _budgets(client, workspaces, secrets)


def _refused(name: str, status: Status, error: ApiError, secrets: list[str]) -> Finding:
    found, hint = str(error.with_next_step("")), error.next_step
    facts = {"status": error.status}
    return Finding(name, status, redact(found, *secrets), redact(hint, *secrets), facts)


def _organization(workspaces: list[Workspace], people: list[OrganizationMember]) -> Finding:
    domains = Counter((one.email or "").rpartition("@")[2].lower() for one in people if one.email)
    [*common] = [name for name, _ in domains.most_common(3)]
    slugs = [one.slug or one.id for one in workspaces]
    shown = ", ".join(slugs[:3]) + (f" and {len(slugs) - 3} more" if len(slugs) > 3 else "")
    where = f" at {', '.join(common)}" if common else ""
    count = "1 person" if len(people) == 1 else f"{len(people):,} people"
    kind = "workspace" if len(slugs) == 1 else "workspaces"
    text = f"the API does not name it; it has {count}{where}, and the {kind} {shown or '-'}"
    facts = {"people": len(people), "domains": common}
    return Finding("organization", "ok", fold(text, 300), facts=facts)


def _budgets(client: Client, workspaces: list[Workspace], secrets: list[str]) -> Finding:
    """Return whether the organization has budgets: any list that is answered shows it."""
    for workspace in workspaces[:MOST_BUDGETS]:
        try:
            client.budgets.list(workspace.id)
        except ForbiddenError:
            return Finding(
                "budgets",
                "warning",
                "not available: the API answers 403",
                "Budgets require OpenRouter's Enterprise plan; leave WorkspaceBudget out until "
                "the organization has it.",
                {"available": False},
            )
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                refused = _refused("budgets", "warning", error, secrets)
                return replace(refused, facts={"available": None})
        else:
            return Finding("budgets", "ok", "available", facts={"available": True})
    return Finding(
        "budgets",
        "warning",
        "unknown: the API shows none, which also is its answer without the Enterprise plan",
        "Check that the organization has the Enterprise plan before you declare a WorkspaceBudget.",
        {"available": None},
    )


# Output.


def _print(findings: list[Finding]) -> None:
    """Print a line for each finding, in color on a terminal."""
    console = Console(highlight=False)
    width = max(len(one.name) for one in findings)
    for one in findings:
        if console.is_terminal:
            console.print(f"{_MARKS[one.status]} [bold]{one.name:<{width}}[/]  {escape(one.found)}")
            if one.next:
                console.print(f"  [dim]{'':<{width}}  → {escape(one.next)}[/]")
        else:
            click.echo(f"{one.status:<7}  {one.name:<{width}}  {one.found}")
            if one.next:
                click.echo(f"{'':<7}  {'':<{width}}  next: {one.next}")


def _sentence(text: str) -> str:
    text = fold(text)
    return text[:1].upper() + text[1:] + "."
