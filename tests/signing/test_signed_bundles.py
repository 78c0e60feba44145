"""Signed bundles: a signature goes from a session, in its bundle, to another store."""

from __future__ import annotations

import shutil

from pytest_readiness.facts.envelope import Signature, sealed_envelope
from tests.project import Project
from tests.store.bundle.bundles import members, packed, read_bundle
from tests.trust.carried import script

from .keyring import recorded, signing_as, trusting


def test_a_signed_session_hands_its_signature_over(project: Project) -> None:
    """The bundle of the session is verified by the script with the key, and its signature is in the store it meets."""
    trusting(project, more="")
    run_id = recorded(project, "ci", "--readiness-bundle=a.zip")
    key = f"ci={project.path / 'keys' / 'ci.pem'}"
    code, message = script(project.path / "a.zip", "--key", key)
    assert (code, f"{run_id}: signed by ci\n" in message) == (0, True), message
    assert script(project.path / "a.zip", "--key", f"ben={project.path / 'keys' / 'ben.pem'}")[0] == 1
    shutil.rmtree(project.path / ".readiness")
    assert "1 signature new" in project.cli("merge", "a.zip").stdout
    assert project.cli("bundle", "-o", "b.zip").exit_code == 0
    assert read_bundle(project.path / "b.zip").envelopes == read_bundle(project.path / "a.zip").envelopes
    assert script(project.path / "b.zip", "--key", key)[0] == 0


def test_a_signature_is_handed_over_where_the_store_is_away(project: Project) -> None:
    """It lies beside the journal until the store has both, and the bundle takes it from there."""
    trusting(project, more="")
    signing_as(project, "ci")
    project.write("taken", "no store")
    assert project.run("--readiness-bundle=a.zip", "--readiness-store=sqlite:///taken").ret == 13
    (envelope,) = read_bundle(project.path / "a.zip").envelopes
    assert envelope.subject == read_bundle(project.path / "a.zip").runs[0].id


def test_a_signature_that_only_says_whose_it_is_is_refused(project: Project) -> None:
    """Kept, it would be damage for ever: whoever puts it into a bundle would break the store of whoever merges that."""
    trusting(project, more="")
    run_id = recorded(project, "ci", "--readiness-bundle=a.zip")
    path = project.path / "a.zip"
    (good,) = read_bundle(path).envelopes
    broken = sealed_envelope(good.payload, [Signature(good.signatures[0].keyid, b"x" * 64)])
    contents = {name: data for name, data in members(path).items() if not name.startswith("statements/")}
    packed(path, {**contents, f"statements/{broken.id}.json": broken.text.encode()})
    shutil.rmtree(project.path / ".readiness")
    done = project.cli("merge", "a.zip")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert f"not merged: a.zip: run {run_id}, signature " in done.stderr
    assert "says that it is by the key 'ci', but is not valid: something was changed" in done.stderr
