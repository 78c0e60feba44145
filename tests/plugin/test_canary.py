"""A canary: planted everywhere a test, a command and a JUnit file can put a text, and found nowhere in what we write."""

from __future__ import annotations

import base64
import hashlib
import json
import string
import sys
import zipfile
from pathlib import Path
from random import Random

import pytest

from tests.journal.corpus import ALNUM, drawn, spelled
from tests.plugin.test_secrets import HOW, kept
from tests.project import Project

pytestmark = pytest.mark.slow

_RANDOM = Random("canary")
REGISTERED = "registered/ü'" + drawn(_RANDOM, ALNUM, 10) + '"\\& z'
ENVIRONMENT = "env+" + drawn(_RANDOM, ALNUM, 14) + "=="
KEYED = "Q7keyed" + drawn(_RANDOM, ALNUM, 12)
SHAPED = "gh" + "p_" + drawn(_RANDOM, ALNUM, 36)
IN_A_VARIABLE = "Q7inurl" + drawn(_RANDOM, ALNUM, 12)
"""The password of a URL in a variable is known wherever it stands, and so is another one than what stands in texts."""
CANARIES = {
    "registered": REGISTERED,
    "environment": ENVIRONMENT,
    "keyed": KEYED,
    "shaped": SHAPED,
    "in a variable": IN_A_VARIABLE,
}
SAYS = "password={keyed} and {shaped} and {environment} and {registered} in https://u:{keyed}@h/?token={keyed}"

TEST = """
REGISTERED = bytes.fromhex("{registered}").decode()
KEYED, SHAPED, ENVIRONMENT = "{keyed}", "{shaped}", os.environ["A_SECRET_FOR_US"]
SAYS = "{says}".format(registered=REGISTERED, keyed=KEYED, shaped=SHAPED, environment=ENVIRONMENT)
import base64, dataclasses, json, urllib.parse
BASIC = base64.b64encode(f"ana:{{REGISTERED}}".encode()).decode()

@pytest.mark.parametrize("said", [f"token={{KEYED}}", SHAPED, ENVIRONMENT, REGISTERED])
@evidence("UC-001", item=1)
def test_tells_all(record_evidence, said):
    record_evidence.attach(f"before it was known: {{SAYS}} {{BASIC}}", name="early.txt")
    record_evidence.attach(SAYS.encode(), name="early.log")
    record_evidence.secret(REGISTERED)
    record_evidence.note(SAYS)
    record_evidence.note(BASIC + " " + urllib.parse.quote(REGISTERED) + " " + REGISTERED.encode().hex())
    record_evidence.set(db_password=f"{{KEYED}} with a blank", other=SAYS, nested=json.dumps({{"api_key": KEYED, "n": 1}}))
    record_evidence.reference(SAYS, f"https://u:{{KEYED}}@h/?access_token={{KEYED}}&x={{urllib.parse.quote(REGISTERED)}}")
    record_evidence.attach(SAYS, name=SAYS, media_type=f"text/plain; token={{KEYED}}")
    record_evidence.attach(json.dumps({{"client_secret": KEYED, "of": REGISTERED, "t": SHAPED}}), "a.json", "application/json")
    pathlib.Path("log.txt").write_text(SAYS * 3, encoding="utf-8")
    record_evidence.attach(pathlib.Path("log.txt"))
    record_evidence.trace([{{"password": KEYED, "pin_token": 123456789012, "said": SAYS, "in": [REGISTERED]}}])
    record_evidence.scope(tenant_id=SHAPED, project_id=f"p-{{ENVIRONMENT}}")
    record_evidence.handshake(endpoint=f"https://u:{{KEYED}}@h:1", peer=SAYS, api_key=KEYED)
    record_evidence.receipt(SHAPED)
    print(SAYS)
    with record_evidence.step(SAYS):
        pass
    assert {{"password": KEYED, "said": SAYS}} == {{"password": None, "said": said}}, SAYS

@evidence("UC-001", item=2)
def test_diverges(record_evidence):
    record_evidence.trace([{{"password": KEYED}}], [{{"password": KEYED + "x"}}])

@evidence("UC-002", item=2)
@pytest.mark.skip(reason=SAYS)
def test_skipped(): pass
"""


def assert_nowhere(folder: Path, *texts: str) -> None:
    """No canary is in any file, nor in these texts: as it is, in any encoding, or in the middle of base64."""
    forms = {form for canary in CANARIES.values() for form in forms_of(canary)}
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        data = unpacked(path)
        assert [form for form in forms if form in data] == [], path
    for text in texts:
        assert [form for form in forms if form.decode() in text] == []


def forms_of(canary: str) -> set[bytes]:
    """The canary's own spellings, without the text around it; written without the redactor's code."""
    found = {canary.encode(), canary.encode().hex().encode(), json.dumps(canary)[1:-1].encode()}
    for shift in range(3):
        coded = base64.b64encode(b"u" * shift + canary.encode() + b"uuu")
        found.add(coded[4 : len(canary.encode()) * 4 // 3 - 4])
    return found


def unpacked(path: Path) -> bytes:
    """What a file holds; a bundle's members one after the other."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as bundle:
        return b"\n".join([*(bundle.read(name) for name in bundle.namelist()), *map(str.encode, bundle.namelist())])


def plant(project: Project) -> None:
    """Write the tests, and put the canary of the environment where it belongs."""
    project.monkeypatch.setenv("A_SECRET_FOR_US", ENVIRONMENT)
    project.monkeypatch.setenv("GITLAB_CI", "true")
    project.monkeypatch.setenv("CI_JOB_URL", f"https://bot:{IN_A_VARIABLE}@ci.example.com/1?token={KEYED}")
    project.monkeypatch.setenv("GITLAB_USER_EMAIL", SHAPED)
    source = TEST.format(registered=REGISTERED.encode().hex(), keyed=KEYED, shaped=SHAPED, says=SAYS)
    project.configured().tests(source)


@HOW
def test_a_canary_is_found_nowhere(project: Project, how: tuple[str, ...]) -> None:
    """Not in store, journal, artifacts, bundle, JSON report or our part of the terminal, whatever gave it away."""
    plant(project)
    args = ("--readiness-report", "-v", "--readiness-json=out/r.json", "--readiness-bundle=out/b.readiness", "-rN")
    (project.path / "out").mkdir()
    result = project.run(
        *how, *args, "--show-capture=no", f"--readiness-tenant=x token={KEYED}", "-k", f"not {SHAPED}x"
    )
    result.assert_outcomes(failed=5, skipped=1)
    ours = result.stdout.str().split("= production readiness =")[1]
    shown = [project.cli(*args).output for args in (("show", "UC-001"), ("report", "-v"), ("why", "UC-001"))]
    texts = [ours, *shown]
    assert_nowhere(project.path / ".readiness", *texts)
    assert_nowhere(project.path / "out")
    assert project.cli("verify").exit_code == 0
    pieces = kept(project)
    assert len({piece.test_id for piece in pieces}) == 6
    rules = {rule for piece in pieces for rule, _ in piece.redactions}
    assert {"registered", "environment", "key", "url", "github"} <= rules
    assert [dict(piece.properties)["db_password"] for piece in pieces if piece.properties] == ["[REDACTED:key]"] * 4
    told = {artifact.sha256: artifact.size for piece in pieces for artifact in piece.artifacts}
    assert {path.name: path.stat().st_size for path in project.artifacts} == told


def test_a_canary_told_before_it_is_known_is_found_nowhere_after_other_tests(project: Project) -> None:
    """A text that an earlier test attached is made anew, and verifies; one that is raw stays as it is."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a(record_evidence):
            record_evidence.attach("its key is sk-live-123456, so", name="early.txt")
            record_evidence.attach("raw: sk-live-123456", name="raw.txt", raw=True)
            record_evidence.trace([{"a": "sk-live-123456"}], [{"a": "sk-live-123456"}])

        @evidence("UC-001", item=2)
        def test_b(record_evidence):
            record_evidence.secret("sk-live-123456")
        """
    )
    project.run().assert_outcomes(passed=2)
    [piece] = [piece for piece in kept(project) if piece.artifacts]
    folder = project.path / ".readiness" / "artifacts"
    texts = {one.name: (folder / one.sha256[:2] / one.sha256).read_text() for one in piece.artifacts}
    trace = texts.pop("trace.json")
    assert trace == '[{"a":"[REDACTED:registered]"}]'
    assert dict(piece.proofs[0].details)["digest"] == f"sha256:{hashlib.sha256(trace.encode()).hexdigest()}"
    assert texts == {"early.txt": "its key is [REDACTED:registered], so", "raw.txt": "raw: sk-live-123456"}
    assert {one.size for one in piece.artifacts} == {len(text) for text in (trace, *texts.values())}
    assert len(project.artifacts) == 3
    assert project.cli("verify").exit_code == 0


def test_a_canary_in_what_a_command_says_is_found_nowhere(project: Project) -> None:
    """Not in its output, its arguments, notes and references of ``record``."""
    project.monkeypatch.setenv("A_SECRET_FOR_US", ENVIRONMENT)
    project.configured()
    says = SAYS.format(keyed=KEYED, shaped=SHAPED, environment=ENVIRONMENT, registered=KEYED * 0)
    encoded = "\\n".join(text for _, text in spelled(ENVIRONMENT, Random(1)))
    project.write("says.py", f"import sys\nprint({says!r})\nprint({encoded!r})\nprint('password:', sys.argv[2])\n")
    told = project.cli(
        "record", "UC-001", "--item", "1", "--environment", "staging", "--note", says,
        "--reference", f"log=https://u:{KEYED}@h/", "--", sys.executable, "says.py", "--password", KEYED,
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert_nowhere(project.path / ".readiness", project.cli("show", "UC-001").output)
    [piece] = kept(project)
    assert dict(piece.redactions)["environment"] > 20


def test_a_canary_in_a_junit_file_is_found_nowhere(project: Project) -> None:
    """Not in names, messages and properties of its cases, nor in the file that is kept."""
    project.monkeypatch.setenv("A_SECRET_FOR_US", ENVIRONMENT)
    project.configured()
    says = SAYS.format(keyed=KEYED, shaped=SHAPED, environment=ENVIRONMENT, registered="")
    project.write(
        "junit.xml",
        f"""<testsuites><testsuite name="s"><testcase classname="a" name="b[token={KEYED}]">
        <properties><property name="db_password" value="{KEYED}"/><property name="readiness" value="UC-001/1"/></properties>
        <failure message="{says} {{&quot;password&quot;: &quot;{KEYED}&quot;}}">{says}</failure>
        <system-out>{says}</system-out></testcase></testsuite></testsuites>""",
    )
    told = project.cli("record", "--junit", "junit.xml", "--environment", "staging")
    assert told.exit_code in (0, 1), told.output
    assert_nowhere(project.path / ".readiness", told.output, project.cli("show", "UC-001").output)
    assert len(kept(project)) == 1


@pytest.mark.parametrize("alphabet", [string.ascii_lowercase, ALNUM])
def test_a_secret_of_plain_letters_does_not_hide_in_base64(project: Project, alphabet: str) -> None:
    """``user:password`` in base64 is found at each alignment in failure messages."""
    secret = drawn(Random(alphabet), alphabet, 16)
    project.monkeypatch.setenv("A_SECRET_FOR_US", secret)
    project.configured().tests(
        """
        import base64
        @pytest.mark.parametrize("user", ["a", "ab", "abc"])
        @evidence("UC-001", item=1)
        def test_a(user): assert False, base64.b64encode(f"{user}{os.environ['A_SECRET_FOR_US']}".encode())
        """
    )
    project.run().assert_outcomes(failed=3)
    assert all("[REDACTED:environment]" in piece.message for piece in kept(project))
