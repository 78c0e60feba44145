"""What is installed is what is here: the wheel is built, opened, and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from configparser import ConfigParser
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from benchmarks import environments

from tests.pages import ROOT

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text(encoding="utf-8")
USER = """\
from pytest_readiness import evidence

@evidence("UC-001", item={item})
def test_it() -> None: ...
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels that are published, by the name of their distribution, beside the source archives."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheels: pip install -e '.[test]'")
    wheels = environments.published(tmp_path_factory.mktemp("published"))
    return {path.name.partition("-")[0]: path for path in wheels}


@pytest.fixture
def wheel(published: dict[str, Path]) -> zipfile.ZipFile:
    """The built wheel of the package, opened."""
    return zipfile.ZipFile(published["pytest_readiness"])


@pytest.fixture
def plugin_wheel(published: dict[str, Path]) -> zipfile.ZipFile:
    """The built wheel of the plugin, opened."""
    return zipfile.ZipFile(published["pytest_readiness_plugin"])


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


def test_the_wheel_has_one_command_and_asks_for_the_plugin(wheel):
    """The command is found by the shell. pytest's entry point is in a distribution that is required."""
    assert entry_points(wheel) == {"console_scripts": {"readiness": "pytest_readiness.cli:main"}}
    assert any(line.startswith("pytest-readiness-plugin>=") for line in requirements(wheel))


def test_both_distributions_have_one_version(published, wheel, plugin_wheel):
    """It is written once; the package requires no older plugin, and each is built of its source archive, too."""
    (version,) = {str(metadata(of).get("Version")) for of in (wheel, plugin_wheel)}
    assert f"pytest-readiness-plugin>={version}" in requirements(wheel)
    texts = [(folder / "pyproject.toml").read_text(encoding="utf-8") for folder in (ROOT, environments.PLUGIN)]
    assert [text.count(f'\nversion = "{version}"') for text in texts] == [0, 1]
    assert {path.name.removesuffix(".tar.gz") for path in published["pytest_readiness"].parent.glob("*.tar.gz")} == {
        f"pytest_readiness-{version}", f"pytest_readiness_plugin-{version}",
    }  # fmt: skip


def test_the_wheel_of_the_plugin_has_one_module_and_the_entry_point(plugin_wheel):
    """The plugin is found by pytest under the name ``readiness``, and requires nothing."""
    assert entry_points(plugin_wheel) == {"pytest11": {"readiness": "pytest_readiness_plugin"}}
    assert list(modules(plugin_wheel)) == ["pytest_readiness_plugin.py"]
    assert requirements(plugin_wheel) == []


def test_a_source_archive_holds_what_builds_and_tests_the_package(published):
    """It has the source with its tests, docs and both distributions, and nothing that only this checkout needs."""
    inside = archived(published["pytest_readiness"].parent, "pytest_readiness-")
    folders = {"src", "tests", "docs", "docs_site", "conftest_examples", "benchmarks", "integrations", "packages"}
    files = {"README.md", "LICENSE", "noxfile.py", "pyproject.toml", "readme_on_index.py", ".pre-commit-hooks.yaml"}
    assert {path.parts[0] for path in inside} == {*folders, *files, "PKG-INFO", ".gitignore"}
    for part in ("src", "tests", "packages"):
        there = {path.relative_to(ROOT) for path in (ROOT / part).rglob("*.py")}
        assert there == {path for path in inside if path.parts[0] == part and path.suffix == ".py"}


def test_no_link_of_the_description_leads_nowhere_on_a_package_index(wheel):
    """The README in the wheel has no link that only works beside the repository's files."""
    text = str(metadata(wheel).get_payload())
    assert metadata(wheel)["Description-Content-Type"] == "text/markdown"
    assert "readiness gate" in text
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert [target for target in targets if "://" not in target and not target.startswith("#")] == []


def test_with_an_address_the_links_lead_to_the_files_of_the_version():
    """Text leads to the page, and a picture to its content; code and links to other hosts stay as they are."""
    text = "[a](docs/a.md#b) ![c](docs/c.svg) [d](https://example.com) [e](#e)\n```text\n[f](f.md)\n```\n"
    pytest.importorskip("hatchling", reason="hatchling builds the wheels: pip install -e '.[test]'")
    from readme_on_index import with_links  # it is a hook of hatchling

    host = "https://git.example.com/x"
    assert with_links(text, host, "v1") == (
        f"[a]({host}/blob/v1/docs/a.md#b) ![c]({host}/raw/v1/docs/c.svg) [d](https://example.com) [e](#e)\n"
        "```text\n[f](f.md)\n```\n"
    )
    assert with_links(text, "", "v1").startswith("a  [d](https://example.com) [e](#e)\n")


def test_the_source_archive_of_the_plugin_holds_one_module(published):
    """Nothing else of the checkout gets into it."""
    inside = archived(published["pytest_readiness"].parent, "pytest_readiness_plugin-")
    assert {str(path) for path in inside} == {"pytest_readiness_plugin.py", "pyproject.toml", "PKG-INFO", ".gitignore"}


def entry_points(wheel: zipfile.ZipFile) -> dict[str, dict[str, str]]:
    """Return names and places of a wheel's entry points, by group."""
    entries = ConfigParser()
    entries.read_string(read(wheel, "entry_points.txt"))
    return {group: dict(entries[group]) for group in entries.sections()}


def metadata(wheel: zipfile.ZipFile) -> Message:
    """Return a wheel's description of itself."""
    return message_from_string(read(wheel, ".dist-info/METADATA"))


def requirements(wheel: zipfile.ZipFile) -> list[str]:
    """Return what a wheel requires without extras."""
    required = metadata(wheel).get_all("Requires-Dist", [])
    return [line for line in required if "extra ==" not in line]


def modules(wheel: zipfile.ZipFile) -> dict[str, bytes]:
    """What a wheel holds, its own description aside."""
    names = [name for name in wheel.namelist() if not name.partition("/")[0].endswith(".dist-info")]
    return {name: wheel.read(name) for name in names}


def archived(folder: Path, start: str) -> set[Path]:
    """Return the paths in the one source archive whose name starts so."""
    (path,) = folder.glob(f"{start}*.tar.gz")
    with tarfile.open(path) as archive:
        return {Path(*Path(member.name).parts[1:]) for member in archive if member.isfile()}


class Environment:
    """Wheels of ours that pip installed, beside what they require; pytest finds no other plugin there."""

    def __init__(self, folder: Path, wheels: list[Path], make: Callable[..., Path] = environments.make) -> None:
        self.python = make(folder / "env", environments.required(environments.OURS), wheels)
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
    result = installed.run("--readiness-plan", "--trace-config")
    assert "plugins: readiness-plugin-" in result.stdout, result.stdout + result.stderr
    assert "UC-001" in result.stdout
    assert "unrecognized arguments: --readiness-plan" in installed.run("-p", "no:readiness", "--readiness-plan").stderr


@pytest.mark.parametrize("named", [("pytest_readiness.plugin",), ("readiness", "pytest_readiness.plugin")])
def test_a_plugin_that_is_named_too_is_registered_once(installed, named):
    """``-p`` with the module, beside the entry point that pytest finds and in any order, is one plugin."""
    for names in (named, named[::-1]):
        result = installed.run("--readiness-plan", *(word for name in names for word in ("-p", name)))
        assert result.returncode == 0, result.stdout + result.stderr
        assert "UC-001" in result.stdout


def test_the_plugin_beside_an_older_package_is_one_plugin(published, tmp_path):
    """Where the package's own distribution has the entry point too, pytest finds two, and takes one."""
    both = Environment(tmp_path, list(published.values()), make=environments.make_single)
    result = both.run("--readiness-plan")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("UC-001") >= 1


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
    told = metadata(wheel)
    assert told["Requires-Python"] == ">=3.11"
    assert told["License-Expression"] == "MIT"
    words = [re.sub(r"!?\[[^\]]*\]\([^)]*\)", "", text).split()[:20] for text in (str(told.get_payload()), README)]
    assert words[0] == words[1]
    assert {line.partition(">")[0] for line in requirements(wheel)} == {
        "ahocorasick-rs", "click", "jinja2", "markdown-it-py", "msgspec", "pluggy", "pytest", "pytest-readiness-plugin",
        "sqlite-utils", "wcwidth",
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
