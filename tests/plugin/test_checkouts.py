"""Checkouts beside the config's folder, and links below it: a test keeps its name wherever its checkout lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.recording.provenance.checkout import repository_name
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

SMOKE = """
@evidence("UC-001", item=1)
def test_smoke(): assert {passes}
"""
SHOP = "//git.example.com/shop/app"
NOTE = "the names of tests begin with ../"


@pytest.fixture
def beside(project: Project) -> Project:
    """The config lies in ``conf``, beside what is checked out."""
    (project.path / "tox.ini").unlink()
    project.configured(CONFIG.partition("[items.2]")[0])
    (project.path / "conf").mkdir()
    for name in ("readiness.toml", "PROD_READINESS_TRACKER.md"):
        (project.path / name).rename(project.path / "conf" / name)
    return project


def check_out(project: Project, folder: str, url: str | None, *, passes: bool, within: str = ".") -> None:
    """Make what a checkout leaves: tests, with an ini file of their own, in a work tree of git."""
    project.tests(SMOKE.format(passes=passes), f"{folder}/{within}/tests/test_smoke.py")
    project.write(f"{folder}/{within}/pytest.ini", "[pytest]\n")
    top = project.path / folder
    if url is not None and not (top / ".git").exists():
        subprocess.run(["git", "init", "-q", str(top)], check=True)
        subprocess.run(["git", "-C", str(top), "config", "remote.origin.url", url], check=True)


def run_in(project: Project, folder: str, *args: str, by: str | None = None) -> str:
    """Run pytest in a folder, to which the shell came ``by`` another name, with the config beside; its output."""
    project.monkeypatch.setenv("PWD", str(project.path / (by or folder)))
    config = project.path / "conf" / "readiness.toml"
    os.chdir(project.path / folder)
    try:
        named = [f"--readiness-config={config}"] if config.exists() else []
        return project.run_apart(*named, *args).stdout.str()
    finally:
        os.chdir(project.path)


def results(project: Project) -> dict[str, str]:
    """What came last of each test."""
    if (project.path / "conf").exists():
        os.chdir(project.path / "conf")
    try:
        return {piece["test_id"]: piece["result"] for piece in project.evidence("UC-001")}
    finally:
        os.chdir(project.path)


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_a_test_is_the_same_in_each_checkout(beside: Project, more: tuple[str, ...]) -> None:
    """What failed in one checkout of a repository is mended in another, however each was fetched."""
    check_out(beside, "build-1", "https://job:secret@git.example.com/shop/app.git", passes=False)
    check_out(beside, "build-2", "git@git.example.com:shop/app", passes=True)
    told = run_in(beside, "build-1", *more)
    assert NOTE not in told
    assert results(beside) == {f"{SHOP}/tests/test_smoke.py::test_smoke": "FAILED"}
    run_in(beside, "build-2", *more)
    assert results(beside) == {f"{SHOP}/tests/test_smoke.py::test_smoke": "PASSED"}


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("above", [("--rootdir=.",), ("--rootdir=..",), ("-c", "pytest.ini")])
def test_so_it_is_where_pytest_is_called_above_it(
    beside: Project, above: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """What failed in a session over all checkouts is mended in one over a checkout alone, and the other way round."""
    beside.write("pytest.ini", "[pytest]\n")
    for number, folder in ((1, "."), (2, "build-2"), (3, ".")):
        check_out(beside, f"build-{number}", "https://git.example.com/shop/app.git", passes=number == 2)
        where = [*above, f"build-{number}"] if folder == "." else []
        assert NOTE not in run_in(beside, folder, *where, *more)
        expected = "PASSED" if number == 2 else "FAILED"
        assert results(beside) == {f"{SHOP}/tests/test_smoke.py::test_smoke": expected}


def test_folders_in_which_only_the_name_of_git_lies(beside: Project) -> None:
    """An empty ``.git`` is no repository, whatever repository lies around it: two such folders are told apart."""
    subprocess.run(["git", "init", "-q", "."], cwd=beside.path, check=True)
    subprocess.run(["git", "config", "remote.origin.url", "https://git.example.com/mono"], cwd=beside.path, check=True)
    for name, passes in (("a", False), ("b", True)):
        check_out(beside, name, None, passes=passes)
        (beside.path / name / ".git").mkdir()
        run_in(beside, name)
    assert sorted(results(beside).values()) == ["FAILED", "PASSED"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_checkout_of_another_user_has_the_same_name(beside: Project) -> None:
    """As in a container, where git asks for ``safe.directory``: only its config is read."""
    check_out(beside, "build-1", "https://git.example.com/shop/app.git", passes=True)
    for path in (beside.path / "build-1").rglob("*"):
        os.chown(path, 1234, 1234)
    os.chown(beside.path / "build-1", 1234, 1234)
    run_in(beside, "build-1")
    assert results(beside) == {f"{SHOP}/tests/test_smoke.py::test_smoke": "PASSED"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("git.example.com/shop/app", "git.example.com/shop/till"),
        ("git.example.com:3000/app", "git.example.com:8080/app"),
    ],
    ids=["of one host", "of two servers on one host"],
)
def test_repositories_are_told_apart(beside: Project, one: str, two: str) -> None:
    """A pass of one repository hides no failure of another whose tests have the same names."""
    for name, where, passes in (("one", one, False), ("two", two, True)):
        check_out(beside, name, f"http://{where}.git", passes=passes)
        run_in(beside, name)
    test = "tests/test_smoke.py::test_smoke"
    assert results(beside) == {f"//{one}/{test}": "FAILED", f"//{two}/{test}": "PASSED"}


def test_packages_of_a_checkout_are_told_apart(beside: Project) -> None:
    """A pass of one package hides no failure of another in one checkout, run alone and together."""
    check_out(beside, "build-1", "https://git.example.com/shop/app", passes=False, within="a")
    check_out(beside, "build-1", None, passes=True, within="b")
    expected = {f"{SHOP}/{name}/tests/test_smoke.py::test_smoke": result for name, result in
                (("a", "FAILED"), ("b", "PASSED"))}  # fmt: skip
    run_in(beside, "build-1/a")
    run_in(beside, "build-1/b")
    assert results(beside) == expected
    run_in(beside, "build-1", "--import-mode=importlib", "b", "a")
    assert results(beside) == expected


@pytest.mark.parametrize("url", [None, "", "../build-1"], ids=["no-repository", "no-remote", "a-way"])
def test_where_nothing_says_what_is_checked_out(beside: Project, url: str | None) -> None:
    """Then the failure stands, and a line says why and what to do: the two may be different packages."""
    check_out(beside, "build-1", url, passes=False)
    check_out(beside, "build-2", url, passes=True)
    told = run_in(beside, "build-1")
    assert " ".join(told.split()).count(f"{NOTE}build-1, the path from the config's folder") == 1
    assert "put the config into the checkout" in " ".join(told.split())
    run_in(beside, "build-2")
    assert results(beside) == {
        "../build-1/tests/test_smoke.py::test_smoke": "FAILED",
        "../build-2/tests/test_smoke.py::test_smoke": "PASSED",
    }


def test_a_config_that_is_part_of_the_checkout(beside: Project) -> None:
    """A config in a folder of the repository names the tests beside it as ever, and there is nothing to be told."""
    check_out(beside, ".", "https://git.example.com/shop/app", passes=True)
    assert NOTE not in run_in(beside, ".")
    assert results(beside) == {"../tests/test_smoke.py::test_smoke": "PASSED"}


def test_a_command_in_a_checkout_beside(beside: Project) -> None:
    """What is recorded with ``record`` has the same name in each checkout too."""
    for name, code in (("build-1", 1), ("build-2", 0)):
        check_out(beside, name, "https://git.example.com/shop/app", passes=True)
        beside.write(f"{name}/smoke.sh", f"exit {code}\n")
        os.chdir(beside.path / name)
        config = ("--config", str(beside.path / "conf" / "readiness.toml"))
        record = ("record", "UC-001", "--item", "1", "--environment", "staging", "--", "sh", "smoke.sh")
        assert beside.cli(*config, *record).exit_code == code
        os.chdir(beside.path)
    assert results(beside) == {f"cd {SHOP} && sh smoke.sh": "PASSED"}


def linked(project: Project, release: str) -> None:
    """Have ``current`` be another release."""
    link = project.path / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / release)


@pytest.mark.parametrize("where", ["below", "beside"])
def test_a_link_to_the_current_release(beside: Project, where: str) -> None:
    """``cd current; pytest``: what failed in one release is mended in the next, to which the link was turned."""
    if where == "below":
        for path in (beside.path / "conf").iterdir():
            path.rename(beside.path / path.name)
        (beside.path / "conf").rmdir()
    for release, passes in (("1", False), ("2", True)):
        check_out(beside, f"releases/{release}", None, passes=passes)
        linked(beside, release)
        run_in(beside, "current", by="current")
    way = "current" if where == "below" else "../current"
    assert results(beside) == {f"{way}/tests/test_smoke.py::test_smoke": "PASSED"}
    run_in(beside, "current", by="releases/1")  # a variable that says another folder
    assert set(results(beside)) == {f"{way.replace('current', name)}/tests/test_smoke.py::test_smoke" for name in
                                    ("current", "releases/2")}  # fmt: skip


NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}[a-z0-9]", fullmatch=True).filter(lambda text: not text.endswith("git"))
FORMS = (
    "https://{host}/{path}", "https://{host}/{path}.git/", "https://me:word@{host}:443/{path}.git", "ssh://git@{host}:22/{path}.git", "ssh://git@{host}/{path}",
    "git@{host}:{path}.git", "{host}:{path}/", "git://{host}/{path}", "https://{upper}/{path}",
)  # fmt: skip


@given(NAMES, NAMES, NAMES, st.sampled_from(FORMS))
def test_a_repository_has_one_name(host: str, group: str, name: str, form: str) -> None:
    """Protocol and its own port, user, password and ending change nothing, and repositories of other names have other names."""
    for path in (f"{group}/{name}", f"{group}/{name}x", f"{group}x/{name}"):
        assert repository_name(form.format(host=host, upper=host.upper(), path=path)) == f"{host}/{path}"


@given(st.text())
def test_whatever_a_remote_says_is_a_name_or_none(url: str) -> None:
    """No text breaks it, and no name begins or ends with a slash."""
    name = repository_name(url)
    assert name is None or (name and name == name.strip("/"))
