"""What is built and installed: the wheel, its metadata, its imports, the pins, the command."""

import ast
import re
import subprocess
import sys
import tarfile
import types
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import tomli
from packaging.requirements import Requirement
from packaging.version import Version

import pulumi_openrouter as openrouter
from pulumi_openrouter.cli import COMMANDS, EXTRA

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "provider/pulumi_openrouter"
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

SLOW_TO_IMPORT = ["click", "fastapi", "httpx", "pydantic", "rich", "starlette", "uvicorn"]


def python(code: str, *options: str) -> str:
    """Run code in a Python of its own and return what it prints."""
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def command_line(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command, on a Python that lacks a module where one is named."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({without.split()!r})); sys.argv[1:] ="
        f" {list(arguments)!r}; from pulumi_openrouter.cli import main; main()"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both distributions, offline, with the build backend that is installed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_package(built: Path) -> None:
    """The wheel has every file of the package, the pytest plugin beside it, and no more."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {
        str(file.relative_to(PACKAGE.parent))
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == files | {"pytest_pulumi_openrouter.py"}
    assert names >= {"pulumi_openrouter/py.typed", "pulumi_openrouter/pulumi-plugin.json"}


def test_the_wheel_can_be_imported_on_its_own(built: Path) -> None:
    """The wheel's own files are enough to import the package and all of its layers."""
    [wheel] = built.glob("*.whl")
    found = python(
        f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
        "import pulumi_openrouter.sandbox.server, pulumi_openrouter.offline.cli\n"
        "import pulumi_openrouter.api.client; print(pulumi_openrouter.__file__)"
    )
    assert found.startswith(str(wheel))


def test_the_source_distribution_can_be_built_from(built: Path) -> None:
    """The source distribution has what its own build names: package, README, licence."""
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert names >= {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"}
    assert "provider/pulumi_openrouter/__init__.py" in names


def test_importing_is_cheap() -> None:
    """Importing the package imports nothing of what the API client and the command line use."""
    code = (
        f"import sys, pulumi_openrouter; print([m for m in {SLOW_TO_IMPORT} if m in sys.modules])"
    )
    assert python(code).strip() == "[]"


def test_all_is_complete_and_sorted() -> None:
    """`__all__` is sorted and has each public name of the package that is no module."""
    public = [
        name
        for name, value in vars(openrouter).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    ]
    assert openrouter.__all__ == sorted(openrouter.__all__) == sorted(public)


def test_the_changelog_has_the_version() -> None:
    """The newest entry of the changelog is the version that is built, below `Unreleased`."""
    titles = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert titles[0] == "Unreleased"
    assert re.fullmatch(r"(\S+) - \d{4}-\d{2}-\d{2}", titles[1])
    assert titles[1].split()[0] == PROJECT["project"]["version"]
    assert metadata.version("pulumi-openrouter") == PROJECT["project"]["version"]


def imported(folder: Path) -> set[str]:
    """Return the top-level modules that a folder's code imports outside of type checking."""
    return {
        module
        for file in folder.rglob("*.py")
        for module in _imports(ast.parse(file.read_text(encoding="utf-8")))
    }


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield str(node.module).partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def test_dependencies_are_declared() -> None:
    """Each module that the package imports comes from a dependency, or from the extra."""
    project = PROJECT["project"]
    declared = {Requirement(text).name for text in project["dependencies"]}
    extra = {Requirement(text).name for text in project["optional-dependencies"]["sandbox"]}
    # These come with others: gRPC and protobuf with pulumi, starlette with fastapi.
    brought = {"grpc", "google", "starlette"}
    # Modules have the names of their distributions, except for these.
    named_otherwise = {"pyyaml": "yaml", "ruamel-yaml": "ruamel"}
    modules = {named_otherwise.get(name, name) for name in extra}
    ours = {"pulumi_openrouter", *brought} | sys.stdlib_module_names
    assert imported(PACKAGE) - ours <= declared | modules
    assert modules == EXTRA - brought


def pins(name: str) -> dict[str, list[tuple[str, Requirement]]]:
    """Return the pinned requirements of a file by name."""
    text = (ROOT / ".requirements" / name).read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, Requirement]]] = {}
    for line in re.findall(r"^([a-z].*) \\$", text, re.MULTILINE):
        requirement = Requirement(line)
        [pin] = requirement.specifier
        assert pin.operator == "==", line
        found.setdefault(requirement.name.lower(), []).append((pin.version, requirement))
    return found


def wanted(*groups: str) -> Iterator[Requirement]:
    """Return what pyproject.toml asks for: the package, its extra, and dependency groups."""
    project = PROJECT["project"]
    texts: list[Any] = [*project["dependencies"], *project["optional-dependencies"]["sandbox"]]
    for group in groups:
        texts += PROJECT["dependency-groups"][group]
    for text in texts:
        if isinstance(text, str):
            yield Requirement(text)
        else:
            yield from wanted(text["include-group"])


@pytest.mark.parametrize(("name", "group"), [("package.txt", "build"), ("development.txt", "dev")])
def test_pins_fit_what_is_asked_for(name: str, group: str) -> None:
    """Each requirement of pyproject.toml is pinned to a version that it allows."""
    pinned = pins(name)
    for requirement in wanted(group):
        versions = [version for version, _ in pinned[requirement.name.lower()]]
        assert all(version in requirement.specifier for version in versions), requirement


def test_both_files_pin_the_same() -> None:
    """What the demo installs is what the tests run on."""
    package, development = pins("package.txt"), pins("development.txt")
    for name, pinned in package.items():
        assert {Version(v) for v, _ in pinned} <= {Version(v) for v, _ in development[name]}, name


def test_the_command_tells_its_version() -> None:
    """`pulumi-openrouter --version` prints the version that is installed."""
    ran = command_line("--version")
    assert ran.stdout.split()[-1] == metadata.version("pulumi-openrouter")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_cheap(command: str) -> None:
    """The help of a subcommand imports no web framework."""
    code = (
        f"import sys; sys.argv[1:] = [{command!r}, '--help']\n"
        "from pulumi_openrouter.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, 'fastapi' in sys.modules)"
    )
    assert python(code).endswith("0 False\n")


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [("click", ["--help"]), ("uvicorn", ["sandbox", "--port", "0"]), ("rich", ["offline"])],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_missing_extra_is_named(missing: str, arguments: list[str]) -> None:
    """Without the extra, a command ends with one line that names what is missing and the remedy."""
    ran = command_line(*arguments, without=missing)
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert line.startswith("error: ")
    assert f"{missing}, which is not installed" in line
    assert line.endswith("pip install 'pulumi-openrouter[sandbox]'")


def test_wrong_usage_is_one_error_line() -> None:
    """A subcommand that does not exist is named in a line that begins with `error:`."""
    ran = command_line("sandpit")
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1] == "error: No such command 'sandpit'."


@pytest.mark.parametrize("arguments", [[], ["offline"]], ids=["root", "offline"])
def test_without_a_command_the_help_is_shown_once(arguments: list[str]) -> None:
    """The help is no error message: it stands alone."""
    ran = command_line(*arguments)
    assert ran.returncode == 2
    assert (ran.stdout + ran.stderr).count("Usage:") == 1
    assert "error:" not in ran.stderr
