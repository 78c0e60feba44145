"""Every check of the project, each as a session: ``pip install nox``, then ``nox -s NAME``.

``.ci/run`` and ``.ci/matrix`` call these sessions and hold no steps of their own. ``tests``, ``lint``, ``types``,
``layers``, ``docs``, ``examples``, ``beside``, ``hostile``, ``crossings`` and ``findings`` use the environment that nox
runs in: ``.venv``, as the README makes it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PLUGIN = "packages/pytest-readiness-plugin"
nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "lint", "types", "layers"]


def here(session: nox.Session, *arguments: str, **environ: str) -> None:
    """Run a module with the interpreter that nox runs in; keywords are variables of its environment."""
    session.run(sys.executable, "-m", *arguments, external=True, env=environ)


def group(session: nox.Session, *names: str) -> None:
    """Install dependency groups (PEP 735) where nox runs; pip can do it itself only from 25.1 on."""
    here(
        session, "pip", "install", "-q", "--disable-pip-version-check", *nox.project.dependency_groups(PROJECT, *names)
    )


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run the tests in this environment; arguments go to pytest, such as ``-- -m "not slow"``."""
    here(session, "pytest", "-q", "-n", "auto", *session.posargs)


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Look for faults and odd layout."""
    group(session, "lint")
    here(session, "ruff", "check")
    here(session, "ruff", "format", "--check")


@nox.session(python=False)
def types(session: nox.Session) -> None:
    """Check the types: the code with mypy, the public names with mypy and basedpyright."""
    group(session, "types")
    here(session, "mypy")
    here(session, "basedpyright", "--level", "error", "tests/typing")


@nox.session(python=False)
def layers(session: nox.Session) -> None:
    """Check that each room imports only what the contracts in pyproject.toml allow."""
    group(session, "lint")
    session.run(str(Path(sys.executable).with_name("lint-imports")), external=True)


@nox.session(python=False)
def beside(session: nox.Session) -> None:
    """Run the tests that need packages which ask for other versions of what we need than we do."""
    group(session, "beside")
    here(session, "pytest", "-q", "-n", "0", "tests/views/formats/test_oscal.py", "-k", "trestle")
    here(session, "pytest", "-q", "-n", "0", "tests/plugin/test_one_id.py", "-k", "generated")
    here(session, "pytest", "-q", "-n", "0", "tests/test_examples.py", "-k", "api")


@nox.session(python=False)
def docs(session: nox.Session) -> None:
    """Build the site of the docs into ``site``, with warnings as errors, and look at it as a reader does.

    With arguments, only build it with these: ``-- --version 0.2 --into ../pages``.
    """
    group(session, "docs")
    here(session, "docs_site", *session.posargs)
    if not session.posargs:
        here(session, "pytest", "-q", "-n", "2", "--dist", "loadfile", "tests/docs_site")


@nox.session(python=False)
def examples(session: nox.Session) -> None:
    """Run the examples of the pages and of conftest_examples, and hold the reference against the code."""
    where = ("tests/test_docs.py", "tests/test_examples.py", "tests/examples")
    here(session, "pytest", "-q", "-n", "auto", *where, *session.posargs)


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Run the tests with the newest releases of all dependencies."""
    session.install("-q", "-e", PLUGIN, "-e", ".[test]")
    session.run("pytest", "-q", *session.posargs)


@nox.session(python=PYTHONS)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest releases that pyproject.toml declares."""
    with (
        TemporaryDirectory() as folder
    ):  # not nox's own, which would be the folder for temporary files of the tests too
        constraints = Path(folder, "lowest.txt")
        constraints.write_text(session.run("python", ".ci/lowest.py", silent=True) or "", encoding="utf-8")
        session.install("-q", "-e", PLUGIN, "-e", ".[test]", "-c", str(constraints))
    session.run("pytest", "-q", *session.posargs)


def build_into(session: nox.Session, folder: Path) -> None:
    """Build both distributions, as wheels and source archives, and check what is in them and what an index shows."""
    session.install("-q", "hatchling", *nox.project.dependency_groups(PROJECT, "package"))
    for source in (ROOT, ROOT / PLUGIN):
        with session.chdir(source):
            session.run("hatchling", "build", "-d", str(folder))
    session.run("check-wheel-contents", *map(str, sorted(folder.glob("*.whl"))))
    session.run("twine", "check", "--strict", *map(str, sorted(folder.iterdir())))


@nox.session
def build(session: nox.Session) -> None:
    """Build what is published, into dist."""
    build_into(session, ROOT / "dist")


@nox.session
def sbom(session: nox.Session) -> None:
    """List what is installed with the wheels in dist, as CycloneDX, in build/sbom.cdx.json."""
    with TemporaryDirectory() as folder:
        session.run("python", "-m", "venv", "--without-pip", folder)
        python, wheels = str(Path(folder, "bin", "python")), map(str, sorted((ROOT / "dist").glob("*.whl")))
        session.run("python", "-m", "pip", "--python", python, "install", "-q", *wheels)
        session.install("-q", *nox.project.dependency_groups(PROJECT, "sbom"))
        (ROOT / "build").mkdir(exist_ok=True)
        words = ["environment", "--pyproject", "pyproject.toml", "--mc-type", "library", "--output-reproducible"]
        session.run("cyclonedx-py", *words, "-o", "build/sbom.cdx.json", python)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build what is published, install it, and run the tests against it."""
    with TemporaryDirectory() as folder:
        build_into(session, Path(folder))
        (package,) = Path(folder).glob("pytest_readiness-*.whl")
        (plugin,) = Path(folder).glob("pytest_readiness_plugin-*.whl")
        session.install("-q", f"{package}[test]", str(plugin))
    session.run("python", ".ci/is_installed.py")
    session.run("pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what the plugin costs beside pytest alone; arguments go to benchmarks/overhead.py."""
    session.install("-q", "-e", PLUGIN, "-e", ".", *nox.project.dependency_groups(PROJECT, "bench"))
    session.run("python", "benchmarks/overhead.py", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the rules one by one, and see whether a test notices; arguments go to benchmarks/mutants.py."""
    session.install("-q", "-e", PLUGIN, "-e", ".[test]", *nox.project.dependency_groups(PROJECT, "mutants"))
    session.run("python", "benchmarks/mutants.py", *session.posargs)


@nox.session
def producers(session: nox.Session) -> None:
    """Import what the writers of JUnit XML write of a suite of known truth."""
    session.install("-q", "-e", PLUGIN, "-e", ".")
    session.run("python", "benchmarks/try_producers.py", *session.posargs)


@nox.session
def changelog(session: nox.Session) -> None:
    """Show the changelog with its fragments; with a version, write them into it."""
    session.install("-q", *nox.project.dependency_groups(PROJECT, "changelog"))
    release = ["--version", session.posargs[0], "--yes"] if session.posargs else ["--version", "next", "--draft"]
    session.run("towncrier", "build", *release)


@nox.session(python=False)
def hostile(session: nox.Session) -> None:
    """Try all hostile conditions: kills, full disks, wrong bytes, invented input; arguments go to the fuzzer."""
    here(session, "pytest", "-q", "-n", "2", "tests/hostile", HOSTILE="all")
    here(session, "tests.hostile.kills", "--kills", "130")
    here(session, "tests.hostile.fuzz", "--inputs", "170000", *session.posargs)


@nox.session(python=False)
def findings(session: nox.Session) -> None:
    """Run each script of findings, or those that are named: what other projects do is still what it says."""
    names = session.posargs or sorted(path.name for path in (ROOT / "findings").glob("*.sh"))
    changed = []
    for name in names:
        done = subprocess.run(["bash", str(ROOT / "findings" / name)], check=False)  # noqa: S603, S607 - ours
        session.log(f"{name}: {'still so' if done.returncode == 0 else f'ended with {done.returncode}'}")
        changed += [name] if done.returncode else []
    if changed:
        session.error(f"changed, or not to be tried here: {', '.join(changed)}")


@nox.session(python=False)
def crossings(session: nox.Session) -> None:
    """Run many other plugins beside this one, pinned and newest, and print the table; arguments name some of them."""
    session.run(sys.executable, "benchmarks/crossings.py", *session.posargs, external=True)


@nox.session
def suites(session: nox.Session) -> None:
    """Run public suites with the plugin and without it; arguments go to benchmarks/suites.py."""
    session.install("-q", "-e", PLUGIN, "-e", ".", *nox.project.dependency_groups(PROJECT, "bench"))
    session.run("python", "benchmarks/suites.py", *session.posargs)
