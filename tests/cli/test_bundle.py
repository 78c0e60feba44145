"""``readiness bundle``: what the store holds, in one file."""

from __future__ import annotations

import json
import runpy
import zipfile

import pytest

from pytest_readiness.facts.decision import Blocker, Decision, Retirement, Waiver
from pytest_readiness.store.bundle import verify_bundle
from pytest_readiness.store.bundle.origin import BundleOrigin
from pytest_readiness.store.bundle.reading import Bundle
from pytest_readiness.store.sqlite.store import SQLiteStore
from tests.project import Project
from tests.reviewed_project import repository
from tests.store.bundle.bundles import read_bundle

pytestmark = pytest.mark.slow

TESTS = """
@evidence("UC-001", item=1)
def test_a(record_evidence):
    record_evidence.attach("what the provider said")

@evidence("UC-002", item=1)
def test_b(): pass
"""
AT = "2026-02-12T18:29:00.000Z"
VERDICT = f'{{"generated_at":"{AT}"}}'


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with a run for each of two use cases, and an artifact with the first."""
    project.configured().tests(TESTS)
    project.run("-k", "test_a")
    project.run("-k", "test_b")
    return project


def bundled(project: Project, *use_cases: str) -> Bundle:
    """What a bundle of these use cases holds."""
    result = project.cli("bundle", *use_cases, "-o", "out.zip")
    assert result.exit_code == 0, result.output
    return read_bundle(project.path / "out.zip", 1 << 20)


def store_of(project: Project) -> SQLiteStore:
    """The project's store."""
    store = SQLiteStore.open(project.path / ".readiness" / "evidence.db", "u", create=True)
    assert store is not None
    return store


def decide(project: Project, *decisions: Decision) -> None:
    """Put decisions into the project's store."""
    store = store_of(project)
    store.decide(decisions)
    store.close()


def blocker(use_case: str, register: str = "default") -> Blocker:
    """A decision about a use case."""
    return Blocker(register=register, at=AT, by="ana@example.com", use_case=use_case, reason="x")


def test_everything_goes_into_a_bundle(recorded: Project) -> None:
    """Runs, decisions, requirements, verdicts and artifacts; and the command says how many."""
    decide(recorded, blocker("UC-001"))
    store = store_of(recorded)
    store.save_verdict(VERDICT)
    runs = {summary.id for summary in store.runs()}
    store.close()
    result = recorded.cli("bundle", "-o", "out.zip")
    assert (result.exit_code, result.output) == (0, "out.zip: 2 runs, 1 decision, 1 verdict\n")
    bundle = read_bundle(recorded.path / "out.zip", 1 << 20)
    assert {run.id for run in bundle.runs} == runs
    assert (len(bundle.decisions), len(bundle.snapshots), len(bundle.artifacts)) == (1, 1, 2)
    assert bundle.verdicts == (VERDICT,)
    with zipfile.ZipFile(recorded.path / "out.zip") as file:
        key = (recorded.path / ".readiness" / "fingerprint.key").read_bytes()
        assert not [name for name in file.namelist() if key in file.read(name) or key.hex().encode() in file.read(name)]


def test_use_cases_narrow_it(recorded: Project) -> None:
    """Runs with evidence for them, whole, and decisions about them; retirements too, kept verdicts not."""
    waiver = Waiver(
        register="default", at=AT, by="x", requirement="UC-001/1", reason="x", requested_by="y", until="2026-03-01"
    )
    retired = Retirement(register="default", at=AT, by="x", test_id="test_it.py::test_b", reason="x")
    decide(recorded, blocker("UC-001"), blocker("UC-002"), waiver, retired, blocker("UC-001", "another"))
    store_of(recorded).save_verdict(VERDICT)
    first, second = bundled(recorded, "uc-001"), bundled(recorded, "UC-00[2]")
    assert [{piece.uc for piece in bundle.runs[0].evidence()} for bundle in (first, second)] == [{"UC-001"}, {"UC-002"}]
    assert {decision.id for decision in first.decisions} == {blocker("UC-001").id, waiver.id, retired.id}
    assert {decision.id for decision in second.decisions} == {blocker("UC-002").id, retired.id}
    assert (len(first.artifacts), len(second.artifacts), first.verdicts) == (2, 1, ())


def test_a_group_is_carried_whole(project: Project) -> None:
    """A part without evidence for the use case goes with the others: without it the group would stay incomplete."""
    project.configured().tests(TESTS)
    for number, name in enumerate(("test_a", "test_b"), 1):
        project.run(f"--readiness-run-group=nightly:{number}/2", f"test_it.py::{name}")
    assert len(bundled(project, "UC-001").runs) == 2


def test_bundles_of_one_store_are_equal_byte_for_byte(recorded: Project) -> None:
    """A bundle says what is in the store and nothing of when and where it was made."""
    bundled(recorded)
    first = (recorded.path / "out.zip").read_bytes()
    bundled(recorded)
    assert (recorded.path / "out.zip").read_bytes() == first


def test_without_a_store_the_bundle_is_empty(project: Project) -> None:
    """A store that does not exist yet is an empty one, and none is made."""
    project.configured()
    assert bundled(project).runs == ()
    assert not (project.path / ".readiness").exists()


def test_an_artifact_that_is_gone_is_told(recorded: Project) -> None:
    """The rest goes, and a line says what does not."""
    (artifact,) = recorded.artifacts
    artifact.unlink()
    result = recorded.cli("bundle", "-o", "out.zip")
    assert result.exit_code == 0
    assert f"artifact {artifact.name} was left out: it is not in the artifact folder" in result.stderr


def test_a_changed_artifact_is_an_integrity_failure(recorded: Project) -> None:
    """What is not what was recorded is not carried on: exit code 3, one line, no file."""
    (artifact,) = recorded.artifacts
    artifact.write_text("changed")
    result = recorded.cli("bundle", "-o", "out.zip")
    assert (result.exit_code, result.stderr.count("\n")) == (3, 1)
    assert "its content does not match its digest" in result.stderr
    assert not (recorded.path / "out.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["UC-999", "-o", "out.zip"], 2, "no use case in register 'default' matches 'UC-999'"),
        ([], 2, "name the file to write: -o FILE"),
        (["UC-001", "--script", "verify.py"], 2, "name the file to write: -o FILE"),
        (["-o", "."], 2, "is a directory"),
        (["-o", "no/out.zip"], 2, "the bundle cannot be written"),
    ],
)
def test_what_cannot_be_bundled_is_one_line(recorded: Project, arguments: list[str], code: int, message: str) -> None:
    """An unknown use case, a missing file name and a place where no file can be are usage errors."""
    result = recorded.cli("bundle", *arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert message in result.stderr


def test_decisions_in_a_folder_travel_with_the_repository(recorded: Project) -> None:
    """Where decisions are files, what lies in the store as decisions does not count, and is not carried on.

    But for blockers and rejections, which stand there.
    """
    retired = Retirement(register="default", at=AT, by="x", test_id="test_it.py::test_b", reason="x")
    decide(recorded, blocker("UC-001"), retired)
    config = recorded.path / "readiness.toml"
    config.write_text('decisions = "decisions"\n' + config.read_text())
    repository(recorded)
    assert [decision.id for decision in bundled(recorded).decisions] == [blocker("UC-001").id]


def test_the_manifest_tells_size_and_digest(recorded: Project) -> None:
    """Somebody with nothing but the standard library can check what came."""
    bundled(recorded)
    with zipfile.ZipFile(recorded.path / "out.zip") as file:
        manifest = json.loads(file.read("manifest.json"))
        assert {row["name"]: row["size"] for row in manifest["members"]} == {
            info.filename: info.file_size for info in file.infolist() if info.filename != "manifest.json"
        }


TREE_MISSING = "this store has no record tree yet"


def test_the_report_goes_along(recorded: Project) -> None:
    """A bundle tells where its use cases stood at the newest moment in it, and says so again whenever it is made."""
    decide(recorded, blocker("UC-002"))
    everything, single = bundled(recorded), bundled(recorded, "UC-001")
    report = json.loads(everything.report)
    assert report["generated_at"] == max(run.finished_at or "" for run in everything.runs)
    assert [use_case["id"] for use_case in report["use_cases"]] == ["UC-001", "UC-002"]
    assert [use_case["id"] for use_case in json.loads(single.report)["use_cases"]] == ["UC-001"]
    assert report["context"]["store"] is None
    states = {
        needed["id"]: needed["state"]
        for use_case in report["use_cases"]
        for item in use_case["items"]
        for needed in item["requirements"]
    }
    assert states == recorded.states()


def test_an_open_run_is_in_neither_the_bundle_nor_its_report(recorded: Project) -> None:
    """What lies in a journal is not in the store, and what is not in the store is not reported on."""
    before = bundled(recorded).report
    store_of(recorded).close()
    journal = recorded.path / ".readiness" / "journal" / "20260212T182900Z-00000000.jsonl"
    journal.parent.mkdir(exist_ok=True)
    journal.write_text("")
    assert bundled(recorded).report == before


def test_the_script_is_written(recorded: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """The file that is written verifies the bundle of the same store."""
    bundled(recorded)
    result = recorded.cli("bundle", "--script", "verify.py")
    assert (result.exit_code, result.stdout) == (
        0,
        "verify.py: written; verify a bundle with: python verify.py BUNDLE\n",
    )
    assert runpy.run_path(str(recorded.path / "verify.py"))["main"](["out.zip"]) == 0
    output = capfd.readouterr().out
    assert "runs: hash chains and seals of 2 runs" in output
    assert "2 runs name the tracker" in output
    assert "report.json: NOT verified" in output
    assert recorded.cli("bundle", "--script", "no/verify.py").exit_code == 2


def test_a_bundle_with_its_tree(recorded: Project, capfd: pytest.CaptureFixture[str]) -> None:
    """It carries the checkpoint and the leaves of its store, in which the script finds an earlier checkpoint."""
    assert recorded.cli("checkpoint", "-o", "kept.txt").exit_code == 0
    recorded.run("-k", "test_a")
    assert recorded.cli("bundle", "UC-001", "--with-tree", "-o", "out.zip").exit_code == 0
    bundle = read_bundle(recorded.path / "out.zip")
    store = store_of(recorded)
    tree = store.tree()
    store.close()
    assert tree is not None
    assert bundle.origin == BundleOrigin.from_tree(tree)
    assert (len(bundle.runs), len(tree.leaves)) == (2, 3)
    assert verify_bundle.main(["out.zip", "--checkpoint", "kept.txt"]) == 0
    assert f"{tree.origin} had 3 records; 2 of them are in this bundle" in capfd.readouterr().out
    assert bundled(recorded, "UC-001").origin is None


def test_a_store_from_before_there_were_trees_is_told(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit code 2, and no file."""
    monkeypatch.setattr(SQLiteStore, "tree", lambda _: None)
    result = recorded.cli("bundle", "--with-tree", "-o", "out.zip")
    assert (result.exit_code, TREE_MISSING in result.stderr, (recorded.path / "out.zip").exists()) == (2, True, False)
