"""What is installed is what is here: the wheel is built, opened, and used."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from configparser import ConfigParser
from email import message_from_string

import pytest

from tests.pages import ROOT

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
    entries = ConfigParser()
    entries.read_string(read(wheel, "entry_points.txt"))
    assert {group: dict(entries[group]) for group in entries.sections()} == {
        "console_scripts": {"readiness": "pytest_readiness.cli:run"},
        "pytest11": {"readiness": "pytest_readiness.plugin"},
    }


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
