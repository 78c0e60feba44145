"""``readiness deployed``: is what runs what was judged eligible."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from pytest_readiness.facts.ledger.line import canonical
from pytest_readiness.store.address import open_store
from tests.broken_runs import sql
from tests.cli.test_waive import waive
from tests.project import CONFIG, Project
from tests.reviewed_project import ANA, REVIEW, TESTS, approve, commit, decided, record, repository

pytestmark = pytest.mark.slow

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose gate kept a verdict on one digest."""
    project = Project.at(pytester, monkeypatch)
    decided(project)
    record(project, f"--readiness-subject=api={A}")
    approve(project, "--subject", f"api={A}")
    return project


def keep(project: Project, digest: str, *args: str, expected: int) -> None:
    """Keep the verdict of the gate on UC-001."""
    result = project.cli("gate", "UC-001", "--subject", f"api={digest}", "--keep", *args)
    assert result.exit_code == expected, result.output


def deployed(project: Project, text: str, *args: str, expected: int) -> str:
    """What the command says of a list."""
    result = project.cli("deployed", str(project.write("running.txt", text)), *args)
    assert result.exit_code == expected, result.output
    return result.stdout


def test_what_was_judged_runs(project: Project) -> None:
    """Yes for the digest of a kept verdict, and no for any other, each with its name."""
    assert "no kept verdict is about it" in deployed(project, f"reg/api@{A}", expected=1)
    keep(project, A, expected=0)
    said = deployed(project, f"reg/api@{A}", expected=0)
    assert said.startswith("YES: 1 of 1 image judged eligible\n")
    assert f"ready      reg/api {A}: judged eligible at " in said
    said = deployed(project, f"reg/api@{A}\nreg/web@{B}", expected=1)
    assert said.startswith("NO: 1 of 2 images judged eligible\n")
    assert f"NOT READY  reg/web {B}: no kept verdict is about it" in said


def test_json(project: Project) -> None:
    """The document names each image, and the verdict by its id."""
    keep(project, A, expected=0)
    document = json.loads(deployed(project, f"reg/api@{A} reg/web@{B}", "--json", expected=1))
    assert (document["schema"], document["deployed"], document["exit_code"]) == ("readiness/deployed/v1", False, 1)
    first, second = document["images"]
    assert (first["state"], first["names"], first["digests"], len(first["verdict"])) == ("READY", ["reg/api"], [A], 64)
    assert (second["state"], second["verdict"], second["judged_at"]) == ("NOT_READY", None, None)


def test_an_empty_list_is_no(project: Project) -> None:
    """Nothing that runs is nothing that was judged; so with a list that only names what others ship."""
    keep(project, A, expected=0)
    assert deployed(project, "", expected=1) == "NO: the list names no image\n"
    project.configured(f'{CONFIG}{REVIEW}\n[deployed]\nignore = ["*/istio/*"]\n')
    said = deployed(project, f"docker.io/istio/proxyv2:1.20@{B}", expected=1)
    assert said.startswith("NO: 1 image is ignored, and nothing was compared")
    said = deployed(project, f"docker.io/istio/proxyv2:1.20@{B} reg/api@{A}", expected=0)
    assert said.startswith("YES: 1 of 1 image judged eligible; 1 ignored\n")
    assert '[deployed] ignore has "*/istio/*": others ship it' in said
    assert "ignored" not in deployed(project, B, expected=1)  # what has no name is not ignored


def test_a_verdict_that_says_no(project: Project) -> None:
    """It makes nothing ready; and a later one takes back what an earlier one said of the same use cases."""
    keep(project, B, expected=1)
    assert "is that it is not eligible" in deployed(project, B, expected=1)
    keep(project, A, expected=0)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={A}")
    keep(project, A, expected=1)
    assert "and not any more at" in deployed(project, A, expected=1)


def test_no_clock_hides_a_verdict_that_says_no(project: Project) -> None:
    """Neither a time that was changed in the database, nor an eligible verdict of the same or a future moment."""
    keep(project, A, expected=0)
    eligible = kept(project)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={A}")
    keep(project, A, expected=1)
    refused = kept(project)
    sql(project, f"UPDATE verdict SET at = '2000-01-01T00:00:00.000Z' WHERE at = '{refused['generated_at']}'")
    assert "and not any more at" in deployed(project, A, expected=1)
    for moment in (refused["generated_at"], "2999-01-01T00:00:00.000Z"):
        put(project, {**eligible, "generated_at": moment})
        assert "and not any more at" in deployed(project, A, expected=1), moment


def test_a_verdict_on_evidence_is_none_where_reviews_are_asked_for(project: Project) -> None:
    """Whoever tries the gate on evidence alone approves nothing; where the config asks for no review, it counts."""
    record(project, f"--readiness-subject=api={B}")
    keep(project, B, "--on", "evidence", expected=0)
    assert "is on evidence, and [gate] on asks for reviews" in deployed(project, B, expected=1)
    project.configured(f'{CONFIG}{REVIEW}\n[gate]\non = "evidence"\n')
    assert "judged eligible (on evidence) at " in deployed(project, B, expected=0)


def test_a_verdict_on_a_waiver_is_none_where_waivers_are_refused(project: Project) -> None:
    """So with ``--waivers accept``; where the config accepts waivers, it counts."""
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, f"--readiness-subject=api={B}")
    waived = waive(project)
    assert waived.exit_code == 0, waived.output
    project.configured(f'{CONFIG}{REVIEW}\n[gate]\non = "evidence"\n')
    keep(project, B, "--waivers", "accept", expected=0)
    assert "rests on the waived UC-001/1, and [gate] waivers refuses it" in deployed(project, B, expected=1)
    project.configured(f'{CONFIG}{REVIEW}\n[gate]\non = "evidence"\nwaivers = "accept"\n')
    assert "judged eligible (on evidence) at " in deployed(project, B, expected=0)


def test_changed_decisions_are_3(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a committed decision was taken away, such as the retirement of a run, there is no answer, as for the gate."""
    project = repository(Project.at(pytester, monkeypatch), ANA)
    project.configured(f'decisions = "decisions"\n{CONFIG}{REVIEW}').tests(TESTS)
    record(project, f"--readiness-subject=api={A}")
    approve(project, "--subject", f"api={A}")
    commit(project, ANA)
    keep(project, A, expected=0)
    (run,) = kept(project)["runs"]
    assert project.cli("retire", "--run", run["id"], "--reason", "x", "--by", ANA).exit_code == 0
    commit(project, ANA)
    deployed(project, A, expected=1)
    (retirement,) = [path for path in (project.path / "decisions").glob("*.json") if '"reason"' in path.read_text()]
    retirement.unlink()
    assert project.cli("gate", "UC-001", "--subject", f"api={A}").exit_code == 3
    deployed(project, A, expected=3)


def test_a_verdict_on_a_retired_run(project: Project) -> None:
    """What a reviewer took back is no basis any more, as for the gate."""
    keep(project, A, expected=0)
    (run,) = kept(project)["runs"]
    retired = project.cli("retire", "--run", run["id"], "--reason", "the wrong deployment", "--by", ANA)
    assert retired.exit_code == 0, retired.output
    assert "rests on, was retired since" in deployed(project, A, expected=1)
    assert project.cli("gate", "UC-001", "--subject", f"api={A}").exit_code == 1


def test_a_part_of_the_register_is_named(project: Project) -> None:
    """A verdict on one of two use cases says so."""
    keep(project, A, expected=0)
    assert " for 1 of 2 use cases, verdict " in deployed(project, A, expected=0)


def test_a_gate_that_only_warns_judges_nothing_ready(project: Project) -> None:
    """What ``enforce = false`` lets through is not eligible."""
    project.configured(f"{CONFIG}{REVIEW}\n[gate]\nenforce = false\n")
    keep(project, B, expected=0)
    assert "is that it is not eligible" in deployed(project, B, expected=1)


def test_a_verdict_on_no_digest_is_about_none(project: Project) -> None:
    """One that was kept without a subject says nothing about what runs."""
    approve(project)
    assert project.cli("gate", "UC-001", "--keep").exit_code == 0
    assert "no kept verdict is about it" in deployed(project, A, expected=1)


def kept(project: Project) -> dict[str, Any]:
    """The document of the newest kept verdict."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        return dict(json.loads(store.verdicts()[-1]))
    finally:
        store.close()


def put(project: Project, document: dict[str, Any]) -> None:
    """Store a verdict that no gate has made."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=True)
    assert store is not None
    try:
        store.save_verdict(canonical(document))
    finally:
        store.close()


def test_a_verdict_that_somebody_made_up(project: Project) -> None:
    """A stored document is no verdict if the store lacks what it rests on, or has it for another digest."""
    keep(project, A, expected=0)
    document = kept(project)
    put(project, {**document, "context": {**document["context"], "subjects": [{"name": "api", "digest": B}]}})
    assert "the store lacks what the verdict" in deployed(project, B, expected=1)
    subjects = [{"name": "api", "digest": A}, {"name": "web", "digest": C}]
    put(project, {**document, "context": {**document["context"], "subjects": subjects}})
    assert "the store lacks what the verdict" in deployed(project, C, expected=1)  # no run names it
    for change in ({"runs": []}, {"use_cases": []}, {"context": {}}, {"verdict": {}}, {"runs": 3}, {"schema": "x"}):
        named = {**document, "context": {**document["context"], "subjects": [{"name": "api", "digest": C}]}}
        put(project, {**named, **change})
    deployed(project, C, expected=1)
    renamed = {**document["context"], "register": "other", "subjects": [{"name": "api", "digest": C}]}
    put(project, {**document, "context": renamed})
    deployed(project, C, expected=1)
    deployed(project, A, expected=0)


def test_damage_is_3(project: Project) -> None:
    """Where the evidence behind a verdict was changed, there is no answer."""
    keep(project, A, expected=0)
    sql(project, "UPDATE line SET text = replace(text, 'PASSED', 'FAILED')")
    deployed(project, A, expected=3)


def test_pods_by_standard_input(project: Project) -> None:
    """``kubectl get pods -o json | readiness deployed -``."""
    keep(project, A, expected=0)
    status = {"phase": "Running", "containerStatuses": [{"name": "api", "imageID": f"reg/api@{A}"}]}
    pods = {"items": [{"kind": "Pod", "metadata": {"name": "api-1"}, "spec": {"containers": []}, "status": status}]}
    command = (sys.executable, "-m", "pytest_readiness", "deployed", "-")
    result = project.pytester.run(*command, stdin=json.dumps(pods).encode())
    assert result.ret == 0, result.stderr.str()
    result.stdout.fnmatch_lines(["YES: 1 of 1 image judged eligible", f"  ready      reg/api {A} (in api-1 api): *"])


@pytest.mark.parametrize("wrong", ["nginx:1.25", "{", "[1]"])
def test_a_list_of_another_form_is_2(project: Project, wrong: str) -> None:
    """One line that says what to pass."""
    path = project.write("running.txt", wrong)
    result = project.cli("deployed", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "kubectl get pods -o json" in result.stderr
    assert project.cli("deployed", "missing.txt").exit_code == 2
    assert project.cli("deployed", "").exit_code == 2


def test_without_a_store_nothing_was_judged(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """No, and nothing is created."""
    project = Project.at(pytester, monkeypatch).configured().tests(TESTS)
    deployed(project, A, expected=1)
    assert not (project.path / ".readiness").exists()
