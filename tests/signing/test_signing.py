"""Signing of runs and reviews, with different keys and failures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, SSlibKey

from pytest_readiness.signing import library
from pytest_readiness.store.protocol import Store
from tests.project import Project, kill
from tests.reviewed_project import ANA, BEN, approve, commit, record, repository

from .keyring import L2, key_pair, recorded, signing_as, statement_of, store_of, trusting

pytestmark = pytest.mark.slow


def level(project: Project, requirement: str = "UC-001/1") -> str | None:
    """Level of a requirement."""
    for use_case in project.report()["use_cases"]:
        for item in use_case["items"]:
            for needed in item["requirements"]:
                if needed["id"] == requirement:
                    return needed["level"]
    raise AssertionError(requirement)


def signatures(project: Project) -> int:
    """How many signed statements the store has."""

    def ask(store: Store) -> int:
        ids = [run.id for run in store.runs()] + [each.id for each in store.decisions("default")]
        return len(store.envelopes(ids))

    return int(store_of(project, ask))


# -- runs ----------------------------------------------------------------------------------------------------------


def test_a_session_signs_and_checks_though_nothing_can_be_loaded_any_more(project: Project) -> None:
    """A test that leaves no import path behind takes no signature away: the library is loaded before the tests."""
    leaves = "import sys; sys.path.clear(); sys.meta_path.clear(); sys.path_importer_cache.clear()"
    trusting(project, tests=f"@evidence('UC-001', item=1)\ndef test_a():\n    {leaves}\n")
    signing_as(project, "ci")
    result = project.run_apart("--readiness-gate")
    assert result.ret == 11, result.stdout.str()
    assert (signatures(project), level(project)) == (1, "L2")
    assert "signature" not in result.stdout.str()


def test_a_session_without_a_signer_loads_nothing_that_signs(project: Project) -> None:
    """A session that records and keeps, with keys in its config, loads neither the library nor our modules for it."""
    trusting(project, more="").tests(
        """
        @evidence("UC-001", item=1)
        def test_a(): pass
        """
    )
    project.write(
        "conftest.py",
        """
        import sys
        def pytest_unconfigure(config):
            names = {"securesystemslib", "cryptography", "pytest_readiness.signing.trust"} & set(sys.modules)
            open("loaded.txt", "w").write(" ".join(sorted(names)))
        """,
    )
    project.run_apart().assert_outcomes(passed=1)
    assert (project.path / "loaded.txt").read_text() == ""
    assert signatures(project) == 0


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("ed25519", []),
        ("EC", ["-pkeyopt", "ec_paramgen_curve:P-256"]),
        ("RSA", ["-pkeyopt", "rsa_keygen_bits:2048"]),
    ],
)
def test_keys_that_openssl_makes_sign(project: Project, algorithm: str, options: list[str]) -> None:
    """The two commands that the documentation names make a key pair that signs, and is trusted."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed")
    trusting(project)
    private, public = project.path / "secret" / "ci.key.pem", project.path / "keys" / "ci.pem"
    subprocess.run(
        [openssl, "genpkey", "-algorithm", algorithm, *options, "-out", private], check=True, capture_output=True
    )
    subprocess.run([openssl, "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    recorded(project)
    assert project.cli("check").exit_code == 0
    assert level(project) == "L2"


def test_a_key_with_a_passphrase(project: Project) -> None:
    """The passphrase of a key file is given by a variable of its own; without it nothing is signed."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    trusting(project)
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open sesame"))
    (project.path / "secret" / "ci.key.pem").write_bytes(pem)
    signing_as(project, "ci")
    result = project.run()
    assert result.ret == 13
    result.stdout.fnmatch_lines(
        ["*is stored without a signature*contains no usable private key*READINESS_SIGNER_SECRET*"]
    )
    project.monkeypatch.setenv("READINESS_SIGNER_SECRET", "open sesame")
    project.run().assert_outcomes(passed=2)
    assert signatures(project) == 1


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file2:secret/none.pem", "none.pem cannot be read: No such file or directory"),
        ("file2:keys/ci.pem", "contains no usable private key"),
        ("fiel2:secret/ci.key.pem", "'fiel2' is not a kind of key (did you mean 'file2'?)"),
        ("gnupg:0000", "'gnupg' is not a kind of key"),
        ("secret/ci.key.pem", "is not a kind of key"),
        ("hsm:2?label=none", "(hsm:) cannot sign"),
    ],
)
def test_a_signer_that_fails_costs_no_evidence(project: Project, uri: str, expected: str) -> None:
    """The run is kept, the failure is told in one line, and the session ends with 13."""
    trusting(project)
    project.monkeypatch.setenv("READINESS_SIGNER", uri)
    result = project.run("--readiness-gate", "--readiness-gate-on=evidence", "--readiness-uc=UC-001")
    assert result.ret == 13
    text = " ".join(result.stdout.str().split())
    assert "is stored without a signature: READINESS_SIGNER" in text
    assert expected in text
    assert level(project) == "L1"
    assert store_of(project, lambda store: len(store.runs())) == 1


def test_a_signature_outlives_a_store_that_is_away(project: Project) -> None:
    """It lies beside the journal, and is taken in with it by recover, where no key is."""
    trusting(project)
    signing_as(project, "ci")
    result = project.run("--readiness-store=sqlite:////dev/null/no.db")
    assert result.ret == 13
    (journal,) = project.journals
    beside = journal.with_suffix(".statement.json")
    assert json.loads(beside.read_text())["payloadType"] == "application/vnd.in-toto+json"
    signing_as(project, None)
    assert project.cli("recover").exit_code == 0
    assert not beside.exists()
    assert level(project) == "L2"


@pytest.mark.parametrize("text", ["", "x", "{}", "\udcff"])
def test_a_broken_signature_beside_a_journal_is_told(project: Project, text: str) -> None:
    """What lies there and is no signature of that run is told, and the run is kept without it."""
    trusting(project)
    signing_as(project, "ci")
    project.run("--readiness-store=sqlite:////dev/null/no.db")
    (journal,) = project.journals
    journal.with_suffix(".statement.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    signing_as(project, None)
    done = project.cli("recover")
    assert done.exit_code == 3
    assert "cannot be used as a signature" in done.output
    assert level(project) == "L1"


def test_a_signature_of_another_run_beside_a_journal_is_told(project: Project) -> None:
    """A statement that was put beside another journal is not kept for it."""
    trusting(project)
    signing_as(project, "ci")
    project.run("--readiness-store=sqlite:////dev/null/no.db")
    project.run("--readiness-store=sqlite:////dev/null/no.db")
    first, second = project.journals
    shutil.copy(first.with_suffix(".statement.json"), second.with_suffix(".statement.json"))
    signing_as(project, None)
    done = project.cli("recover")
    assert done.exit_code == 3
    assert f"is not a signature of the finalized run {second.stem}" in done.output
    assert signatures(project) == 1


def test_a_run_that_was_killed_is_signed_by_recover_where_a_key_is(project: Project) -> None:
    """Recover attests what it found: the statement says that the run was recovered."""
    trusting(project).tests(
        """
        import time
        @evidence("UC-001", item=1)
        def test_a(): pass
        @evidence("UC-001", item=2)
        def test_b():
            pathlib.Path("now").touch()
            time.sleep(60)
        """
    )
    signing_as(project, "ci")
    process = project.popen()
    project.wait_for("now")
    kill(process)
    assert project.cli("recover").exit_code == 0
    (run,) = store_of(project, lambda store: store.runs())
    assert json.loads(statement_of(project, run.id).payload)["predicate"]["recovered"] is True
    assert level(project) == "L2"


def test_record_signs_too(project: Project) -> None:
    """Evidence from outside pytest is signed as a session's is."""
    trusting(project)
    signing_as(project, "ci")
    done = project.cli("record", "UC-001", "--item", "1", "--environment", "staging", "--", sys.executable, "-c", "")
    assert done.exit_code == 0, done.output
    assert level(project) == "L2"


def test_runs_that_are_taken_in_are_signed_where_a_key_is(project: Project) -> None:
    """A run that was recorded without a key is signed by the job that merges its bundle and has one, once."""
    trusting(project)
    project.run("--readiness-bundle=run.zip")
    shutil.rmtree(project.path / ".readiness")
    project.monkeypatch.setenv("READINESS_SIGNER", "file2:secret/none.pem")
    done = project.cli("merge", "run.zip")
    assert (done.exit_code, "the imported runs are not signed" in done.output) == (3, True)
    signing_as(project, "ci")
    for _ in range(2):
        assert project.cli("merge", "run.zip").exit_code == 0
    assert signatures(project) == 1
    assert level(project) == "L2"


RECEIPTS = """
@evidence("UC-001", item=1)
def test_receipt(record_evidence): record_evidence.receipt("req-1")

@evidence("UC-001", item=2)
def test_none(): pass
"""


def test_a_receipt_for_the_nonce_of_a_signed_run_is_l3(project: Project) -> None:
    """Level by level: what is signed and has a receipt is L3, without it L2, and a gate that asks for L3 names that."""
    trusting(project, L2.replace("L2", "L3"), tests=RECEIPTS)
    recorded(project)
    assert (level(project, "UC-001/1"), level(project, "UC-001/2")) == ("L3", "L2")
    done = project.cli("gate", "UC-001", "--on", "evidence")
    assert done.exit_code == 1
    assert "evidence level (1 of 2 requirements fails): UC-001/2 is L2" in done.output
    recorded(project, None)
    assert level(project, "UC-001/1") == "L1"


def test_a_receipt_for_another_nonce_raises_nothing(project: Project) -> None:
    """A receipt that was copied from elsewhere is of another run."""
    source = """
@evidence("UC-001", item=1)
def test_receipt(record_evidence, monkeypatch):
    monkeypatch.setattr(type(record_evidence), "nonce", "of another run")
    record_evidence.receipt("req-1")
"""
    trusting(project, tests=source)
    recorded(project)
    (piece,) = project.evidence("UC-001")
    assert piece["proofs"] == ["receipt"]
    assert level(project) == "L2"


def test_an_open_run_is_l0(project: Project) -> None:
    """What is in a run that was never sealed is only recorded, and L0 is told as weaker than the default."""
    trusting(project, L2.replace("L2", "L0")).tests(
        """
        @evidence("UC-001", item=1)
        def test_a(): assert 0
        @evidence("UC-001", item=2)
        def test_b(): os._exit(0)
        """
    )
    project.run_apart()
    assert level(project) == "L0"
    done = project.cli("gate", "UC-001")
    assert done.exit_code == 1
    assert '[gate] level = "L0": evidence need not be sealed' in done.output


# -- services that sign --------------------------------------------------------------------------------------------


class Service:
    """Signs as a KMS does: its URI does not tell its public key, and it needs a PIN."""

    private = Ed25519PrivateKey.generate()
    asked: ClassVar[list[str]] = []

    @classmethod
    def from_priv_key_uri(cls, uri: str, key: SSlibKey, secrets: Any) -> CryptoSigner:
        """The signer, whatever public key is given."""
        cls.asked.append(secrets("PIN"))
        return CryptoSigner(cls.private)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> type[Service]:
    """A service under a scheme of its own."""
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "service", Service)
    Service.asked.clear()
    return Service


def test_a_service_that_signs_must_fit_a_trusted_key(project: Project, service: type[Service]) -> None:
    """Its public part is found among the keys of the config; where it is not, nothing is signed."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    trusting(project)
    project.monkeypatch.setenv("READINESS_SIGNER", "service:key-1")
    project.monkeypatch.setenv("READINESS_SIGNER_SECRET", "1234")
    assert project.run().ret == 13
    assert signatures(project) == 0
    public = service.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    project.write("keys/ci.pem", public.decode())
    assert project.run().ret == 0
    assert level(project) == "L2"
    assert set(service.asked) == {"1234"}


def test_a_service_needs_a_key_that_is_declared(project: Project, service: type[Service]) -> None:
    """Without any key in the config the message says what to declare."""
    trusting(project, more="", keys="")
    project.monkeypatch.setenv("READINESS_SIGNER", "service:key-1")
    result = project.run()
    assert result.ret == 13
    result.stdout.fnmatch_lines(["*declare the public part of the signing key, as ?keys.NAME? in the config*"])


# -- config --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('public = "keys/ci.pem"', "keys.x.roles is missing"),
        ('roles = ["runs"]', "keys.x.public is missing"),
        ('public = "keys/ci.pem"\nroles = []', "keys.x.roles must not be empty"),
        (
            'public = "keys/ci.pem"\nroles = ["run"]',
            "must be 'runs' or 'reviews' or 'checkpoints', not 'run' (did you mean 'runs'?)",
        ),
        (
            'public = "keys/ci.pem"\nroles = ["reviews"]',
            "keys.x signs reviews but has no person: add person",
        ),
        ('public = "keys/ci.pem"\nroles = ["runs"]\nperson = 1', "keys.x.person must be a text in quotes"),
        ('public = "keys/ci.pem"\nroles = ["runs"]\npersn = "a"', "unknown key 'persn' (did you mean 'person'?)"),
        ('public = "keys/no.pem"\nroles = ["runs"]', "keys/no.pem cannot be read: No such file or directory"),
        ('public = "keys"\nroles = ["runs"]', "keys cannot be read: it is a folder"),
        ('public = "readiness.toml"\nroles = ["runs"]', "readiness.toml contains no public key"),
        ('public = "secret/ci.key.pem"\nroles = ["runs"]', "secret/ci.key.pem contains a private key: keep it secret"),
    ],
)
def test_a_mistake_in_a_key_is_told_with_its_line(project: Project, table: str, expected: str) -> None:
    """Check names file and line; a session and the gate end with the exit codes of a broken config."""
    trusting(project, more="", keys=f"\n[keys.x]\n{table}\n")
    done = project.cli("check")
    assert done.exit_code == 1
    (line,) = [line for line in done.output.splitlines() if line.startswith("readiness.toml:2")][:1]
    assert expected in line
    assert project.cli("gate").exit_code == 2
    assert project.run().ret == 4


def test_a_key_of_a_kind_that_nothing_verifies_with_is_told_by_check(project: Project) -> None:
    """Public keys that only agree on secrets verify nothing: an error of the config, as every key that is too weak."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    trusting(project)
    recorded(project)
    public = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    project.write("keys/ci.pem", public.decode())
    done = project.cli("check")
    assert done.exit_code == 1
    assert "keys/ci.pem is an X25519 key, which cannot sign: use Ed25519" in done.output
    assert project.cli("gate").exit_code == 2


def test_without_the_library_the_gate_is_closed_in_one_line(project: Project) -> None:
    """Where keys are trusted and nothing can check a signature, gate and verify say which extra to install."""
    trusting(project, more="")
    recorded(project)
    assert project.cli("gate", "UC-001", "--on", "evidence").exit_code == 0
    project.monkeypatch.setattr(library, "find_spec", lambda name: None)
    done = project.cli("gate", "UC-001", "--on", "evidence")
    assert done.exit_code == 1
    assert "signatures need an extra: pip install 'pytest-readiness[sign]'" in " ".join(done.output.split())
    done = project.cli("verify")
    assert done.exit_code == 3
    assert "pip install 'pytest-readiness[sign]'" in done.output
    assert project.cli("report").exit_code == 0


# -- decisions -----------------------------------------------------------------------------------------------------

SIGNED_ONLY = 'identity = "signed"\n'


def test_a_signed_review_counts_where_only_signed_ones_do(project: Project) -> None:
    """A review under the reviewer's own key is known by its signature, and opens the gate."""
    trusting(project, review=SIGNED_ONLY)
    recorded(project)
    signing_as(project, "ana")
    assert f"by {ANA} (identity: signed)" in approve(project, by=ANA).output
    assert project.cli("gate", "UC-001").exit_code == 0
    assert project.cli("verify").exit_code == 0
    (use_case,) = project.report("UC-001")["use_cases"]
    assert use_case["status"] == "READY_FOR_GO_LIVE"
    assert use_case["review"]["reviews"][0]["known_by"] == "signed"


def test_a_signature_that_identifies_nobody_is_told(project: Project) -> None:
    """Where a declared name is enough, a review under a key of somebody else is kept, and the key counts for nothing."""
    trusting(project)
    recorded(project)
    signing_as(project, "eve")
    output = approve(project, by=ANA).output
    assert "identity: self-declared" in output
    assert f"its key is not trusted with reviews of {ANA} ([keys])" in " ".join(output.split())


@pytest.mark.parametrize(
    ("signer", "expected"),
    [
        ("eve", "its signature (READINESS_SIGNER) is not by a trusted key ([keys])"),
        ("ben", f"its signature (READINESS_SIGNER) is by the key of {BEN}, and not of {ANA}"),
        ("ci", "its signature (READINESS_SIGNER) is by the key 'ci', which may not sign reviews"),
        (None, "it is not signed (READINESS_SIGNER)"),
    ],
)
def test_a_refusal_says_why_the_key_does_not_count(project: Project, signer: str | None, expected: str) -> None:
    """Who signed with some key reads what is wrong with it: in a review, its preview, and every other decision."""
    trusting(project, review=SIGNED_ONLY)
    run_id = recorded(project)
    signing_as(project, signer)
    why = f'the identity of {ANA} is only declared, and [review] identity = "signed" requires more: {expected}'
    review = ("review", "UC-001", "--acknowledge", "asserted", "--by", ANA)
    assert why in project.cli(*review).stdout
    until = ("--until", "2999-01-01", "--requested-by", "eve@example.com")
    for words in (
        (*review, "--approve"),
        ("waive", "UC-001/1", "--reason", "r", "--by", ANA, *until),
        ("retire", "test_it.py::test_trace", "--reason", "r", "--by", ANA),
        ("retire", "--run", run_id, "--reason", "r", "--by", ANA),
    ):
        done = project.cli(*words)
        assert (done.exit_code, why in done.stderr) == (1, True), (words, done.output)


def test_people_go_by_several_names_under_one_key(project: Project) -> None:
    """Names that the config joins are one person's, whose key signs for each."""
    trusting(project, review=f'{SIGNED_ONLY}[people."{ANA}"]\nalso = ["ana-on-ci"]\n')
    recorded(project)
    signing_as(project, "ana")
    assert "(identity: signed)" in approve(project, by="ana-on-ci").output


def test_a_key_that_cannot_sign_keeps_no_decision(project: Project) -> None:
    """Who asks for a signature and cannot have one is told so, and nothing is kept."""
    trusting(project)
    recorded(project)
    project.monkeypatch.setenv("READINESS_SIGNER", "file2:secret/none.pem")
    done = project.cli("review", "UC-001", "--approve", "--by", ANA, "--acknowledge", "asserted")
    assert done.exit_code == 2
    assert "none.pem cannot be read" in done.output
    assert store_of(project, lambda store: store.decisions("default")) == []


def test_waivers_blockers_and_retirements_are_signed_too(project: Project) -> None:
    """Each kind of decision counts by its signature where only that does."""
    trusting(project, review=SIGNED_ONLY, more="")
    project.monkeypatch.setenv("PROVIDER", "down")
    recorded(project)
    until = ["--until", "2027-01-01", "--requested-by", "dev@example.com"]
    waiving = ["waive", "UC-001/1", "--reason", "late", "--by", ANA, *until]
    assert project.cli(*waiving).exit_code == 1
    signing_as(project, "ana")
    assert project.cli(*waiving).exit_code == 0
    assert project.states("UC-001")["UC-001/1"] == "WAIVED"
    assert project.cli("block", "UC-001", "--reason", "wait", "--by", ANA).exit_code == 0
    signing_as(project, None)
    assert project.cli("unblock", "UC-001", "--reason", "done", "--by", BEN).exit_code == 1
    signing_as(project, "ben")
    assert project.cli("unblock", "UC-001", "--reason", "done", "--by", BEN).exit_code == 0
    assert project.cli("retire", "test_it.py::test_provider", "--reason", "old", "--by", BEN).exit_code == 0
    assert signatures(project) == 5
    assert project.report("UC-001")["use_cases"][0]["blockers"] == []
    assert project.cli("verify").exit_code == 0


def test_a_decision_in_a_folder_is_signed_beside_its_file(project: Project) -> None:
    """The statement lies beside the decision, and lifts who the commit says decided to signed."""
    repository(trusting(project, review=SIGNED_ONLY), ANA)
    config = project.path / "readiness.toml"
    config.write_text('decisions = "decisions"\n' + config.read_text())
    recorded(project)
    signing_as(project, "ana")
    done = approve(project, by=ANA)
    names = sorted(path.name for path in (project.path / "decisions").iterdir())
    assert [name.partition(".")[2] for name in names] == ["dsse.json", "json"]
    assert all(name in done.output for name in names)
    commit(project, by=ANA)
    signing_as(project, None)
    (use_case,) = project.report("UC-001")["use_cases"]
    assert (use_case["status"], use_case["review"]["reviews"][0]["known_by"]) == ("READY_FOR_GO_LIVE", "signed")
    beside = project.path / "decisions" / names[0]
    good = beside.read_text()
    beside.write_text("{}")
    done = project.cli("gate", "UC-001")
    assert (done.exit_code, "differs in the work tree from its committed version" in " ".join(done.output.split())) == (
        3,
        True,
    )
    beside.write_text(good)
    other = beside.with_name("20260101T000000Z-0123456789abcdef.dsse.json")
    shutil.copy(beside, other)
    commit(project, by=ANA)
    assert "it is about " in " ".join(project.cli("gate", "UC-001").output.split())
    other.unlink()
    beside.unlink()
    assert project.cli("gate", "UC-001").exit_code == 3
    commit(project, by=ANA)
    (use_case,) = project.report("UC-001")["use_cases"]
    assert use_case["status"] == "IN_PROGRESS"


# -- policy --------------------------------------------------------------------------------------------------------


def test_a_key_more_makes_no_review_suspect(project: Project) -> None:
    """Keys are part of the requirements that a run names, and not of what a review rests on."""
    trusting(project)
    recorded(project)
    approve(project)
    before = project.report()["context"]["requirements_digest"]
    config = project.path / "readiness.toml"
    config.write_text(config.read_text() + '\n[keys.eve]\npublic = "keys/eve.pem"\nroles = ["runs"]\n')
    document = project.report("UC-001")
    assert document["context"]["requirements_digest"] != before
    assert document["use_cases"][0]["review"]["state"] == "CURRENT"
    assert project.cli("gate", "UC-001").exit_code == 0


def test_the_past_is_judged_with_the_keys_of_then(project: Project) -> None:
    """A report about a moment trusts the keys that were trusted then."""
    trusting(project)
    recorded(project)
    (run,) = store_of(project, lambda store: store.runs())
    key_pair(project, "ci")
    assert level(project) == "L1"
    done = project.cli("report", "--format", "json", "--at", run.finished_at, "UC-001")
    needed = json.loads(done.stdout)["use_cases"][0]["items"][0]["requirements"][0]
    assert needed["level"] == "L2"


def test_what_must_be_done_for_a_level_is_told(project: Project) -> None:
    """Why, show and next say the level and what raises it."""
    trusting(project)
    recorded(project)
    assert "level: L2, sealed, and signed with a trusted key" in project.cli("why", "UC-001/1").output
    assert "L2, sealed, and signed with a trusted key (ci)" in project.cli("show", "UC-001/1").output
    record(project)
    assert "run its tests again where runs are signed" in " ".join(project.cli("next").output.split())
