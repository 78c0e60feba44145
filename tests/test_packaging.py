"""What is installed is what is here: the wheel is built, opened, and used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path

import pytest
from benchmarks import environments

from tests.pages import ROOT

pytestmark = pytest.mark.slow

USER = """\
from pytest_readiness import evidence

@evidence("UC-001", item={item})
def test_it() -> None: ...
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The built wheel, opened."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel: pip install -e '.[test]'")
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    done = subprocess.run([sys.executable, *build], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def read(wheel: zipfile.ZipFile, end: str) -> str:
    """Return the text of the one file whose path ends so."""
    (name,) = [name for name in wheel.namelist() if name.endswith(end)]
    return wheel.read(name).decode()


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    """Every module and data file of the source is in it; tests, docs and examples are not."""
    inside = {name for name in wheel.namelist() if not name.partition("/")[0].endswith(".dist-info")}
    source = ROOT / "src"
    files = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    there = {str(path.relative_to(source)) for path in files}
    assert inside == there
    assert {"pytest_readiness/py.typed", "pytest_readiness/views/report-v1.schema.json"} <= inside


def test_the_schema_in_the_wheel_is_a_schema(wheel):
    """The JSON Schema of the report arrives whole."""
    assert json.loads(read(wheel, "report-v1.schema.json"))["$id"] == "urn:readiness:report:v1"


def test_the_wheel_has_one_plugin_and_one_command(wheel):
    """The plugin is found by pytest under the name ``readiness``, and the command by the shell."""
    assert entry_points(wheel) == {
        "console_scripts": {"readiness": "pytest_readiness.cli:run"},
        "pytest11": {"readiness": "pytest_readiness.plugin"},
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels that are published, by the name of their distribution."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheels: pip install -e '.[test]'")
    folder = tmp_path_factory.mktemp("published")
    wheels = environments.published(folder)
    assert len(list(folder.glob("*.tar.gz"))) == 2
    return {path.name.partition("-")[0]: path for path in wheels}


def entry_points(wheel: zipfile.ZipFile) -> dict[str, dict[str, str]]:
    """Return names and places of a wheel's entry points, by group."""
    entries = ConfigParser()
    entries.read_string(read(wheel, "entry_points.txt"))
    return {group: dict(entries[group]) for group in entries.sections()}


def modules(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    """What a wheel holds, its own description aside."""
    names = [name for name in wheel.namelist() if not name.partition("/")[0].endswith(".dist-info")]
    return {name: wheel.read(name) for name in names}


def test_what_is_published_is_the_same_code_in_two_distributions(wheel, published):
    """pytest's entry point has a distribution of one module; the other holds all that the one wheel does, and asks for it."""
    package, plugin = (zipfile.ZipFile(published[name]) for name in ("pytest_readiness", "pytest_readiness_plugin"))
    assert entry_points(package) == {"console_scripts": {"readiness": "pytest_readiness.cli:run"}}
    assert entry_points(plugin) == {"pytest11": {"readiness": "pytest_readiness_plugin"}}
    assert list(modules(plugin)) == ["pytest_readiness_plugin.py"]
    assert modules(package) == modules(wheel)
    alone, parted = (
        message_from_string(read(one, ".dist-info/METADATA")).get_all("Requires-Dist") for one in (wheel, package)
    )
    assert set(parted) - set(alone) == {"pytest-readiness-plugin>=0.1"}
    assert set(alone) <= set(parted)


class Environment:
    """Wheels of ours that pip installed, beside what they require; pytest finds no other plugin there."""

    def __init__(self, folder: Path, wheels: list[Path]) -> None:
        self.python = environments.make(folder / "env", environments.required(environments.OURS), wheels)
        self.site = environments.site_of(folder / "env")
        self.home = folder / "home"
        self.home.mkdir()
        (self.home / "test_it.py").write_text(USER.format(item=4))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "READINESS_"))}
        command = [str(self.python), "-I", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(command, cwd=self.home, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(published, tmp_path) -> Environment:
    """What is published, installed."""
    return Environment(tmp_path, list(published.values()))


def test_pytest_finds_what_is_published(installed):
    """Both distributions beside each other are the plugin ``readiness``: its option works, and it can be left out."""
    found = installed.run("--readiness-plan", "--trace-config")
    assert "plugins: readiness-plugin-" in found.stdout, found.stdout + found.stderr
    assert "UC-001" in found.stdout
    assert "unrecognized arguments: --readiness-plan" in installed.run("-p", "no:readiness", "--readiness-plan").stderr


def test_the_plugin_beside_a_checkout_is_one_plugin(published, wheel, tmp_path):
    """Where a wheel of a checkout took the place of what was published, pytest finds two entry points, and takes one."""
    both = Environment(tmp_path, [Path(wheel.filename), published["pytest_readiness_plugin"]])
    found = both.run("--readiness-plan")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("UC-001") >= 1


def test_the_plugin_alone_stops_no_session(installed):
    """Where pytest-readiness was uninstalled, with and without its folder left, what stays behind is no plugin."""
    run, site = installed.run, installed.site
    shutil.rmtree(site / "pytest_readiness")
    (installed.home / "test_it.py").write_text("def test_it(): pass\n")
    assert run().returncode == 0
    (site / "pytest_readiness" / "__pycache__").mkdir(parents=True)
    assert run().returncode == 0
    gated = run("--readiness-gate")
    assert gated.returncode == 4
    assert "unrecognized arguments: --readiness-gate" in gated.stderr


def test_the_plugin_hides_no_trouble(installed):
    """Something that is missing beside pytest-readiness is told, and does not make it vanish from a session."""
    (installed.site / "pytest_readiness" / "mark.py").write_text("import nowhere_at_all\n")
    broken = installed.run()
    assert broken.returncode != 0
    assert "nowhere_at_all" in broken.stdout + broken.stderr


def test_the_metadata_says_what_a_user_needs(wheel):
    """Python version, licence and the README arrive with it, and no development tool is required."""
    metadata = message_from_string(read(wheel, ".dist-info/METADATA"))
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
    required = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert {line.partition(">")[0] for line in required} == {
        "click", "markdown-it-py", "pluggy", "pydantic", "pytest", "rich", "sqlite-utils",
    }  # fmt: skip


@pytest.mark.parametrize(("item", "accepted"), [("4", True), ('["trace", 5]', True), ("4.5", False)])
def test_a_type_checker_believes_the_types_of_the_wheel(wheel, tmp_path, item, accepted):
    """mypy, which reads an installed package only with ``py.typed``, knows what ``item`` may be."""
    pytest.importorskip("mypy", reason="mypy checks the types: pip install -e '.[test]'")
    environment = venv.EnvBuilder(symlinks=True).ensure_directories(tmp_path / "v")
    venv.create(tmp_path / "v", symlinks=True)
    (packages,) = (tmp_path / "v").glob("[Ll]ib/**/site-packages")
    wheel.extractall(packages)
    (tmp_path / "use.py").write_text(USER.format(item=item))
    command = ["--python-executable", environment.env_exe, "--cache-dir", str(tmp_path / "cache"), "use.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == (0 if accepted else 1), done.stdout + done.stderr
    assert ("arg-type" in done.stdout) is not accepted, done.stdout
