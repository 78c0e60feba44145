"""Proofs through pytest: what completes a requirement, what fails its test, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from textwrap import dedent, indent

import pytest

from tests.project import XDIST, Project

pytestmark = pytest.mark.slow

CONFIG = """\
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true

[environments.dev]

[provider_modes]
BYOK = "customer's key"
MANAGED = "our key"

[use_cases.UC-001]
provider_modes = ["BYOK"]
drills = ["failover", "timeout"]
"""
TRACKER = """\
| UC | Prod Readiness Status |
| --- | --- |
| UC-001 | NOT_STARTED |
"""
HOLDS = {
    "credential": 'record_evidence.credential(mode="BYOK", secret="sk-live-0123456789", request_id="req-1")',
    "handshake": 'record_evidence.handshake(endpoint="db.staging:5432", peer="PostgreSQL 17", tls="1.3")',
    "attestation": """\
        stated = record_evidence.statement("pytest")
        record_evidence.attestation(stated, stored_at="s3://kept/1", read_back=json.dumps(stated))""",
    "trace": """\
        events = [{"op": "charge", "key": "sk-live-0123456789", "ts": 1}]
        record_evidence.secret("sk-live-0123456789")
        digest = record_evidence.trace(events, again=[{**events[0], "ts": 2}], mask=["ts"])
        assert digest.startswith("sha256:")""",
    "replay": 'record_evidence.replay(mode="FULL", recorded=[{"a": 1}], replayed=[{"a": 1}])',
    "secrets": """\
        record_evidence.rotation(old="old-0123456789", new="new-0123456789", accepted_by="200 OK")
        with pytest.raises(PermissionError) as refused:
            raise PermissionError("old-0123456789 is revoked")
        record_evidence.revocation(old="old-0123456789", rejected_by=refused)""",
    "drill": """\
        record_evidence.drill("failover", fault="kill -9", detected=1, recovered=2.5, audit="https://logs/q?id=1")
        record_evidence.drill("timeout", fault="drop", detected=0, recovered=0, audit=b"audit log")""",
}
FAILS = {
    "credential": ('record_evidence.credential(mode="BYOC", secret="sk-live", request_id="r")', "no provider mode"),
    "handshake": ('record_evidence.handshake(endpoint="db", peer="x")', "the endpoint must be host:port"),
    "attestation": (
        """\
        stated = record_evidence.statement("pytest")
        record_evidence.attestation(stated, stored_at="db", read_back={**stated, "version": "0"})""",
        '$.version: stated "',
    ),
    "trace": (
        'record_evidence.trace([{"u": {"n": 1}}], again=[{"u": {"n": 2}}])',
        "the two captures differ at $[0].u.n",
    ),
    "replay": ('record_evidence.replay(mode="FULL", recorded=[1, 2], replayed=[1, 3])', "diverges at event 1, at $[1]"),
    "secrets": (
        'record_evidence.revocation(old="old-0123456789", rejected_by="200 old-0123456789")',
        "that is an acceptance",
    ),
    "drill": (
        'record_evidence.drill("failovr", fault="f", detected=0, recovered=0, audit="x")',
        "there is no drill 'failovr' (did you mean 'failover'?)",
    ),
}
REQUIRED = {
    "credential": ["UC-001/1/BYOK"],
    "handshake": ["UC-001/2/staging"],
    "attestation": ["UC-001/3/staging"],
    "trace": ["UC-001/4"],
    "replay": ["UC-001/5"],
    "secrets": ["UC-001/6/rotation", "UC-001/6/revocation"],
    "drill": ["UC-001/7/failover", "UC-001/7/timeout"],
}
HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


def a_test(item: str, body: str, name: str = "", mark: str = "") -> str:
    """The source of a test that is evidence for an item."""
    shown = indent(dedent(" " * 8 + body.lstrip()), "    ")
    return f"@evidence('UC-001', item='{item}'{mark})\ndef test_{name or item}(record_evidence):\n{shown}\n\n"


def configured(project: Project, *tests: str, config: str = CONFIG) -> Project:
    """The project with the seven items and these tests."""
    project.configured(config, TRACKER).tests("import json\n\n" + "".join(tests))
    return project


def lines(project: Project) -> list[dict]:
    """The lines of the newest run, as they are kept."""
    from pytest_readiness.pipeline.evaluate_project import find_project

    store = find_project(project.path).store()
    assert store is not None
    try:
        run = store.run(max(store.runs(), key=lambda summary: summary.started_at).id)
        assert run is not None
        return [line.body for line in run.lines]
    finally:
        store.close()


@HOW
def test_each_proof_completes_its_requirement(project: Project, how: tuple[str, ...]) -> None:
    """With its proof each of the seven items is COMPLETE, and no text of a secret is in any file."""
    configured(project, *(a_test(item, body) for item, body in HOLDS.items()))
    result = project.run(*how, "--readiness-json=out.json")
    result.assert_outcomes(passed=7)
    assert set(project.states().values()) == {"COMPLETE"}
    kept = {path: path.read_bytes() for path in project.path.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    kept.pop(project.path / "test_it.py")
    for secret in (b"sk-live-0123456789", b"old-0123456789", b"new-0123456789"):
        assert [path for path, data in kept.items() if secret in data] == []
    texts = json.dumps(lines(project))
    assert "[REDACTED:registered] is revoked" in texts


def test_a_bare_pass_is_asserted(project: Project) -> None:
    """Without proofs the same seven tests assert; the replay shows nothing, as it does not say its mode."""
    configured(project, *(a_test(item, "pass") for item in HOLDS))
    project.run("--readiness-provider-mode=BYOK")
    states = project.states()
    assert states.pop("UC-001/5") == "MISSING"
    assert set(states.values()) == {"ASSERTED"}


@HOW
def test_each_failed_proof_fails_its_test(project: Project, how: tuple[str, ...]) -> None:
    """The test fails with the message of the proof, the requirement is FAILING, and no proof is kept."""
    configured(project, *(a_test(item, body) for item, (body, _) in FAILS.items()))
    result = project.run(*how)
    result.assert_outcomes(failed=7)
    states = project.states()
    for item, (_, told) in FAILS.items():
        # What fails before it proves its provider mode, in a run that states none, says nothing of any mode.
        expected = "MISSING" if item == "credential" else "FAILING"
        assert {states[needed] for needed in REQUIRED[item]} == {expected}, item
        assert f"ProofError: {told}" in result.stdout.str() or told in result.stdout.str(), item
    finished = [body for body in lines(project) if body["kind"] == "finished"]
    assert len(finished) == 7
    for body in finished:
        told = FAILS[body["test"].rpartition("_")[2]][1]
        assert told in body["message"]
        assert "proofs" not in body
        assert "artifacts" not in body
    assert "old-0123456789" not in json.dumps(finished)


def test_a_failed_proof_is_shown_where_it_was_offered(project: Project) -> None:
    """pytest shows the line of the test, and none of our code."""
    configured(project, a_test("trace", FAILS["trace"][0]))
    told = project.run().stdout.str()
    assert 'record_evidence.trace([{"u": {"n": 1}}], again=[{"u": {"n": 2}}])' in told
    assert "pytest_readiness/" not in told.partition("FAILURES")[2].partition("short test summary")[0]
    assert "raise ProofError" not in told


def test_the_trace_is_kept_as_its_digest_says(project: Project) -> None:
    """The artifact trace.json is the canonical trace, without masked values and secrets, and its SHA-256 the digest."""
    configured(project, a_test("trace", HOLDS["trace"] + "\n        record_evidence.note(digest)"))
    project.run()
    (body,) = [body for body in lines(project) if body["kind"] == "finished"]
    (kept,) = body["artifacts"]
    assert (kept["name"], kept["media_type"]) == ("trace.json", "application/json")
    data = (project.path / ".readiness" / "artifacts" / kept["sha256"][:2] / kept["sha256"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == kept["sha256"]
    assert data == b'[{"key":"[REDACTED:registered]","op":"charge","ts":"[MASKED]"}]'
    assert body["notes"] == [f"sha256:{kept['sha256']}"]
    assert dict(body["proofs"][0]["details"]) == {"digest": body["notes"][0], "events": "1", "masked": "ts"}


def test_a_single_capture_is_kept_and_proves_nothing(project: Project) -> None:
    """Without ``again`` there is an artifact, a digest and no proof."""
    configured(project, a_test("trace", "assert record_evidence.trace([1]).startswith('sha256:')"))
    project.run()
    assert project.states()["UC-001/4"] == "ASSERTED"
    assert [artifact["name"] for artifact in project.evidence()[0]["artifacts"]] == ["trace.json"]


def test_a_part_is_shown_by_its_own_proof(project: Project) -> None:
    """A test that proves the rotation alone says nothing of the revocation, nor one drill of another."""
    rotation, drill = HOLDS["secrets"].splitlines()[0].strip(), HOLDS["drill"].splitlines()[0].strip()
    configured(project, a_test("secrets", rotation), a_test("drill", drill))
    project.run()
    states = project.states()
    assert (states["UC-001/6/rotation"], states["UC-001/6/revocation"]) == ("COMPLETE", "MISSING")
    assert (states["UC-001/7/failover"], states["UC-001/7/timeout"]) == ("COMPLETE", "MISSING")


def test_a_drill_does_not_prove_a_part_that_is_only_named(project: Project) -> None:
    """A part that ``scope()`` names is asserted, also where the same test proves another drill."""
    drill = HOLDS["drill"].splitlines()[0].strip()
    configured(project, a_test("drill", f"record_evidence.scope(part='timeout')\n        {drill}"))
    project.run()
    states = project.states()
    assert (states["UC-001/7/failover"], states["UC-001/7/timeout"]) == ("COMPLETE", "ASSERTED")


def test_a_failure_between_the_parts_fails_both(project: Project) -> None:
    """What was proven before the failure does not outlive it, nor does the earlier pass of what it did not come to."""
    rotation, _, rest = HOLDS["secrets"].partition("\n")
    stop = "assert not os.environ.get('STOP')"
    configured(project, a_test("secrets", f"{rotation}\n        {stop}\n{rest}"))
    project.run().assert_outcomes(passed=1)
    project.monkeypatch.setenv("STOP", "1")
    project.run().assert_outcomes(failed=1)
    states = project.states()
    assert (states["UC-001/6/rotation"], states["UC-001/6/revocation"]) == ("FAILING", "FAILING")


@pytest.mark.parametrize(
    ("item", "mark", "body", "told"),
    [
        ("drill", ", part='timeout'", HOLDS["drill"].splitlines()[0], "the mark of this test says part='timeout'"),
        (
            "replay",
            ", replay_mode='TRACE_ONLY'",
            HOLDS["replay"],
            "the mark of this test says replay_mode='TRACE_ONLY'",
        ),
        (
            "credential",
            ", provider_mode='MANAGED'",
            HOLDS["credential"],
            "says provider_mode='MANAGED', and this shows",
        ),
        (
            "credential",
            "",
            f"record_evidence.scope(provider_mode='MANAGED')\n        {HOLDS['credential']}",
            "scope() says provider mode 'MANAGED', and credential() shows 'BYOK'",
        ),
        (
            "credential",
            "",
            f"{HOLDS['credential']}\n        record_evidence.scope(provider_mode='MANAGED')",
            "scope() says provider mode 'MANAGED', and credential() shows 'BYOK'",
        ),
        ("secrets", "", HOLDS["secrets"].replace('revocation(old="old', 'revocation(old="new'), "not the old secret"),
    ],
)
def test_a_proof_that_contradicts_the_test_fails_it(
    project: Project, item: str, mark: str, body: str, told: str
) -> None:
    """What a proof shows must be what mark, scope and earlier proofs of the test say."""
    configured(project, a_test(item, body, mark=mark))
    result = project.run()
    result.assert_outcomes(failed=1)
    assert told in result.stdout.str()


def test_stacked_marks_take_the_proof_of_their_own_mode(project: Project) -> None:
    """One test that shows both provider modes completes both, each with its own proof."""
    both = f"{HOLDS['credential']}\n        {HOLDS['credential'].replace('BYOK', 'MANAGED')}"
    source = a_test("credential", both, mark=", provider_mode='BYOK'")
    configured(
        project,
        "@evidence('UC-001', item=1, provider_mode='MANAGED')\n" + source,
        config=CONFIG.replace('provider_modes = ["BYOK"]\n', ""),
    )
    project.run().assert_outcomes(passed=1)
    states = project.states()
    assert (states["UC-001/1/BYOK"], states["UC-001/1/MANAGED"]) == ("COMPLETE", "COMPLETE")
    (body,) = [body for body in lines(project) if body["kind"] == "finished"]
    numbers = {claim["provider_mode"]: claim["proofs"] for claim in body["claims"]}
    assert numbers == {"BYOK": [0], "MANAGED": [1]}


def test_a_credential_says_the_mode_better_than_the_run(project: Project) -> None:
    """The run's provider mode is what holds elsewhere; the credential names its own, for its item only."""
    source = a_test("credential", HOLDS["credential"]).replace("item='credential'", "item=[1, 4]")
    configured(project, source)
    project.run("--readiness-provider-mode=MANAGED")
    modes = {piece["item"]: piece["provider_mode"] for piece in project.evidence()}
    assert modes == {"1": "BYOK", "4": "MANAGED"}
    assert project.states()["UC-001/1/BYOK"] == "COMPLETE"


def test_a_claim_lists_the_proofs_that_concern_it(project: Project) -> None:
    """Each item gets its own proof; one that none of them asks for is shown with each, and completes nothing."""
    body = f"{HOLDS['replay']}\n        {HOLDS['handshake']}\n        record_evidence.receipt('req-9')"
    configured(project, a_test("replay", body).replace("item='replay'", "item=[4, 5]"))
    project.run().assert_outcomes(passed=1)
    proofs = {piece["item"]: piece["proofs"] for piece in project.evidence()}
    assert proofs == {"4": ["handshake", "receipt"], "5": ["replay", "handshake", "receipt"]}
    states = project.states()
    assert (states["UC-001/4"], states["UC-001/5"]) == ("ASSERTED", "COMPLETE")


def test_trace_only_is_said_everywhere(project: Project) -> None:
    """A replay of the trace alone completes the item, and the report says what it is."""
    body = HOLDS["replay"].replace('"FULL"', '"TRACE_ONLY", reason="each call is billed"')
    configured(project, a_test("replay", body))
    project.run()
    (needed,) = [
        needed
        for item in project.report()["use_cases"][0]["items"]
        for needed in item["requirements"]
        if needed["id"] == "UC-001/5"
    ]
    assert needed["state"] == "COMPLETE"
    assert "TRACE_ONLY" in needed["why"]
    assert needed["evidence"][0]["replay_mode"] == "TRACE_ONLY"


def test_an_audit_is_kept(project: Project) -> None:
    """A URL becomes a reference, a file or bytes an artifact, and a missing or empty one fails the test."""
    project.write("audit.log", "noticed\n")
    drill = 'record_evidence.drill("{}", fault="f", detected=0, recovered=1, audit={})'
    configured(
        project,
        a_test("drill", drill.format("failover", "'https://logs/q'"), "url"),
        a_test("drill", drill.format("failover", "pathlib.Path('audit.log')"), "file"),
        a_test("drill", drill.format("failover", "b'noticed'"), "bytes"),
        a_test("drill", drill.format("failover", "b''"), "empty"),
        a_test("drill", drill.format("failover", "pathlib.Path('missing.log')"), "missing"),
        a_test("drill", drill.format("failover", "''"), "nothing"),
    )
    project.run().assert_outcomes(passed=3, failed=3)
    finished = {body["test"].rpartition("_")[2]: body for body in lines(project) if body["kind"] == "finished"}
    assert finished["url"]["references"] == [{"name": "audit of failover", "url": "https://logs/q"}]
    for name, label in (("file", "audit.log"), ("bytes", "audit of failover")):
        (kept,) = finished[name]["artifacts"]
        assert kept["name"] == label
        assert dict(finished[name]["proofs"][0]["details"])["audit"] == f"{label} sha256:{kept['sha256']}"
    assert [name for name in ("empty", "missing", "nothing") if "proofs" in finished[name]] == []
    assert "audit is empty" in finished["empty"]["message"]


@HOW
def test_one_nonce_for_each_run(project: Project, how: tuple[str, ...]) -> None:
    """Every test of a run has the nonce that its first line names, and another run another one."""
    body = "record_evidence.note(record_evidence.nonce)\n        record_evidence.receipt('req-1')"
    configured(project, *(a_test("trace", body, f"t{number}") for number in range(3)))
    nonces = []
    for _ in range(2):
        project.run(*how)
        head, *rest = lines(project)
        finished = [body for body in rest if body["kind"] == "finished"]
        assert {note for body in finished for note in body["notes"]} == {head["nonce"]}
        assert dict(finished[0]["proofs"][0]["details"]) == {"request_id": "req-1", "nonce": head["nonce"]}
        nonces.append(head["nonce"])
    assert nonces[0] != nonces[1]
    assert len(nonces[0]) == 32


def test_a_retried_test_proves_anew(project: Project) -> None:
    """A proof of an attempt that failed does not stand for the attempt that passed."""
    body = """\
        if not os.path.exists("tried"):
            open("tried", "w").close()
            record_evidence.handshake(endpoint="db:1", peer="x")
            assert 0"""
    configured(project, a_test("handshake", body))
    project.run("-p", "rerunfailures", "--reruns=1").assert_outcomes(passed=1)
    (piece,) = project.evidence()
    assert piece["attempts"] == 2
    assert piece["proofs"] == []


@pytest.mark.parametrize("args", [("--no-readiness",), ()], ids=["off", "unmarked"])
def test_where_nothing_is_recorded_proofs_are_checked(project: Project, args: tuple[str, ...]) -> None:
    """Switched off, or in a test without a mark, what holds passes, what does not fails, and nothing is written."""
    source = "".join(a_test(item, body) for item, body in HOLDS.items())
    source += "".join(a_test(item, body, f"{item}_fails") for item, (body, _) in FAILS.items() if item != "drill")
    source += "def test_receipt(record_evidence):\n    record_evidence.receipt(record_evidence.nonce)\n"
    marked = source if args else "\n".join(line for line in source.splitlines() if not line.startswith("@"))
    configured(project, marked)
    # Where everything is off, no catalogue says which provider modes there are.
    project.run(*args).assert_outcomes(passed=9 if args else 8, failed=5 if args else 6)
    assert not (project.path / ".readiness").exists()


OWN = """\
from pytest_readiness import ProofError

def failover(values):
    if values["after"] == values["before"]:
        raise ProofError(f"the primary is still {values['before']}")
    return {"from": values["before"], "to": values["after"]}

def pytest_readiness_proofs():
    return {"failover": failover}
"""
OWN_CONFIG = (
    CONFIG
    + """\

[items.8]
title = "the database fails over"
proof = "failover"
"""
)
MOVES = a_test("8", "record_evidence.prove('failover', before='a', after='b')", "moves")


@HOW
def test_a_proof_kind_of_a_conftest(project: Project, how: tuple[str, ...]) -> None:
    """A conftest.py may bring a kind that tests use; where it does not hold the test fails with its message."""
    project.write("conftest.py", OWN)
    stays = a_test("8", "record_evidence.prove('failover', before='a', after='a')", "stays")
    configured(project, stays, MOVES, config=OWN_CONFIG)
    result = project.run(*how)
    result.assert_outcomes(passed=1, failed=1)
    assert "ProofError: the primary is still a" in result.stdout.str()


def test_a_proof_kind_of_a_plugin_that_the_config_names(project: Project) -> None:
    """A module beside the config serves the session, the commands and ``check`` alike."""
    project.write("own_kinds.py", OWN)
    configured(project, MOVES, config='plugins = ["own_kinds"]\n' + OWN_CONFIG)
    project.run().assert_outcomes(passed=1)
    assert project.states()["UC-001/8"] == "COMPLETE"
    assert "failover" in project.cli("check").stdout
    assert project.cli("check").exit_code == 0


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("raise RuntimeError('not here')", "the plugin 'own_kinds_2' cannot be loaded: RuntimeError: not here"),
        ("def pytest_readiness_prooofs(): return {}", "own_kinds_2' cannot be loaded: PluginValidationError"),
        ("def pytest_readiness_proofs(): return {'trace': print}", "a proof 'trace', which is a built-in one"),
        ("def pytest_readiness_proofs(): return ['failover']", "must return a dict of names and functions"),
        ("def pytest_readiness_proofs(): return {'other': print}", "a proof 'failover' that does not exist"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_told(
    project: Project, module: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A usage error of the session, and of the commands, in one line."""
    monkeypatch.delitem(__import__("sys").modules, "own_kinds_2", raising=False)
    project.write("own_kinds_2.py", module + "\n")
    configured(project, MOVES, config='plugins = ["own_kinds_2"]\n' + OWN_CONFIG)
    result = project.run()
    assert result.ret == 4
    assert told in result.stderr.str() + result.stdout.str()
    asked = project.cli("report")
    assert asked.exit_code == 2
    assert told in asked.stderr
    assert "Traceback" not in asked.output


ENDS = {
    "pytest.exit": "pytest.exit('bye')",
    "pytest.exit with 0": "pytest.exit('bye', returncode=0)",
    "pytest.skip": "pytest.skip('no')",
    "pytest.xfail": "pytest.xfail('no')",
    "unittest's skip": "raise __import__('unittest').SkipTest('no')",
    "sys.exit": "raise SystemExit(0)",
    "GeneratorExit": "raise GeneratorExit",
    "CancelledError": "raise __import__('asyncio').CancelledError",
    "a dict that skips": "return type('D', (dict,), {'items': lambda self: pytest.skip('no')})()",
}
"""What a check does that would end more than itself."""


@HOW
def test_the_check_of_a_proof_ends_nothing_but_itself(project: Project, how: tuple[str, ...]) -> None:
    """One that skips, expects a failure or leaves the session has not shown anything: its test fails, others run."""
    hook = "import pytest\n" + "".join(f"def check_{n}(values):\n    {does}\n" for n, does in enumerate(ENDS.values()))
    kinds = ", ".join(f"'ends{n}': check_{n}" for n in range(len(ENDS)))
    project.write("conftest.py", f"{hook}def pytest_readiness_proofs(): return {{{kinds}}}\n")
    tests = [a_test("trace", f"record_evidence.prove('ends{n}')", f"ends{n}") for n in range(len(ENDS))]
    configured(project, *tests, a_test("credential", HOLDS["credential"], "other"))
    result = project.run(*how)
    result.assert_outcomes(failed=len(ENDS), passed=1)
    assert result.ret == 1
    for number in range(len(ENDS)):
        assert f"ProofError: the check of proof 'ends{number}' ended by " in result.stdout.str()
    assert project.states()["UC-001/4"] == "FAILING"


@pytest.mark.parametrize(
    ("call", "told"),
    [("prove('failovr')", "did you mean 'failover'"), ("prove('trace')", "call record_evidence.trace(...)")],
)
def test_an_unknown_proof_kind_is_told(project: Project, call: str, told: str) -> None:
    """A misspelt kind leads to the right one, and a built-in one to its method."""
    project.write("conftest.py", OWN)
    configured(project, a_test("trace", f"record_evidence.{call}"))
    result = project.run()
    result.assert_outcomes(failed=1)
    assert told in result.stdout.str()
