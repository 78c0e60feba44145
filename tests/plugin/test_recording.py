"""``record_evidence``: what a test records is kept as it was given, without secrets, and what is wrong fails the test."""

from __future__ import annotations

import hashlib
import os

import pytest

from pytest_readiness.facts.evidence import Evidence
from pytest_readiness.store.address import open_store
from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])


def stored_evidence(project: Project) -> list[Evidence]:
    """Every piece of evidence in the store, in the order of recording."""
    store = open_store("sqlite:///.readiness/evidence.db", project.path, create=False)
    assert store is not None
    try:
        pieces = [piece for name in store.use_cases("default") for piece in store.history("default", name)]
    finally:
        store.close()
    return sorted(pieces, key=lambda piece: (piece.run_id, piece.seq))


def only(project: Project) -> Evidence:
    """The one piece of evidence that was recorded."""
    [piece] = stored_evidence(project)
    return piece


def one(body: str, fixtures: str = "record_evidence") -> str:
    """A test file with one evidence test."""
    return f'@evidence("UC-001", item=1)\ndef test_it({fixtures}):\n    {body}\n'


def failure(project: Project, body: str) -> str:
    """The message with which a test fails whose body is this; it must be kept as FAILED and in one line."""
    project.configured().tests(one(body))
    project.run().assert_outcomes(failed=1)
    piece = only(project)
    assert piece.result.value == "FAILED"
    assert "\n" not in piece.message
    return piece.message


# -- attach


@HOW
def test_artifacts_of_each_kind_are_kept_by_their_digest(project: Project, how: tuple[str, ...]) -> None:
    """A file, a text and bytes lie under their SHA-256 with name, type and size, whichever process wrote them."""
    project.write("trace.json", '{"a": 1}')
    project.configured().tests(
        one(
            "record_evidence.attach(pathlib.Path('trace.json'))\n"
            "    record_evidence.attach('grün', name='../../etc/passwd')\n"
            "    record_evidence.attach(b'\\x00\\xff', name='dump', media_type='application/x-dump')\n"
            "    record_evidence.attach(b'\\x00\\xff')"
        )
    )
    project.run(*how).assert_outcomes(passed=1)
    expected = {
        "trace.json": (b'{"a": 1}', "application/json"),
        "../../etc/passwd": ("grün".encode(), "text/plain"),
        "dump": (b"\0\xff", "application/x-dump"),
        "bytes": (b"\0\xff", "application/octet-stream"),
    }
    artifacts = {artifact.name: artifact for artifact in only(project).artifacts}
    assert artifacts.keys() == expected.keys()
    for name, (data, media_type) in expected.items():
        sha256 = hashlib.sha256(data).hexdigest()
        assert (artifacts[name].sha256, artifacts[name].size, artifacts[name].media_type) == (
            sha256,
            len(data),
            media_type,
        )
        assert (project.path / ".readiness/artifacts" / sha256[:2] / sha256).read_bytes() == data
    files = project.artifacts
    assert len(files) == 3  # equal content once, and no temporary file


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("attach(pathlib.Path('gone.log'))", "EvidenceError: there is no file gone.log to attach"),
        ("attach(pathlib.Path('.'))", "is a folder: attach a file"),
        ("attach(pathlib.Path('link'))", "is a link: attach the file it points to"),
        ("attach(pathlib.Path('pipe'))", "is no regular file"),
        ("attach(pathlib.Path('huge'))", "2,147,483,648 bytes, more than artifact_limit (1,073,741,824 bytes)"),
        ("attach(pathlib.Path('a\\0b'))", "cannot be read"),
        ("attach({'a': 1})", "attach takes a pathlib.Path, a text or bytes, not dict"),
        ("attach(None)", "not NoneType"),
        ("attach('x', name=3)", "name must be a text, not int"),
        ("attach('x', media_type=3)", "media_type must be a text, not int"),
        ("attach(pathlib.Path('readiness.toml'), media_type=b'x')", "media_type must be a text, not bytes"),
        ("reference('log', 3)", "url must be a text, not int"),
        ("reference(None, 'http://x')", "name must be a text, not NoneType"),
        ("reference('log', ' ')", "reference needs a URL"),
        ("note(3)", "note must be a text, not int"),
        ("scope(tenant_id=3)", "tenant_id must be a text, not int"),
        ("scope(environment='stagin')", "no environment 'stagin' (did you mean 'staging'?)"),
        ("scope(part='rotaton')", "no item that this test is evidence for has a part 'rotaton'"),
        ("secret(None)", "secret must be a text, not NoneType"),
        ("step(3).__enter__()", "title must be a text, not int"),
    ],
)
def test_what_cannot_be_recorded_fails_the_test_in_one_line(project: Project, call: str, expected: str) -> None:
    """Each wrong call fails that test with one line that says what is wrong, and nothing of it is kept."""
    os.mkfifo(project.path / "pipe")
    (project.path / "link").symlink_to("/etc/hostname")
    with (project.path / "huge").open("wb") as file:
        file.truncate(2 << 30)
    assert expected in failure(project, f"record_evidence.{call}")
    assert only(project).artifacts == ()
    assert project.artifacts == []


@pytest.mark.parametrize(
    ("config", "call", "expected"),
    [
        (
            '[provider_modes]\nBYOK = "own key"\n',
            "scope(provider_mode='BYOKS')",
            "no provider mode 'BYOKS' (did you mean 'BYOK'?)",
        ),
        (
            '[items.6]\ntitle = "secrets"\nparts = ["rotation", "revocation"]\n',
            "scope(part='rotaton')",
            "has a part 'rotaton' (did you mean 'rotation'?)",
        ),
    ],
)
def test_the_nearest_name_is_told(project: Project, config: str, call: str, expected: str) -> None:
    """An unknown provider mode or part in scope() fails the test, and the message names the nearest known one."""
    project.configured(CONFIG + config)
    project.tests(
        f'@evidence("UC-001", item=[1, 2, {6 if "6" in config else 1}])\ndef test_it(record_evidence):\n    record_evidence.{call}\n'
    )
    project.run().assert_outcomes(failed=1)
    assert expected in stored_evidence(project)[0].message


# -- notes, references, properties, steps


@HOW
def test_what_is_told_is_kept_as_told(project: Project, how: tuple[str, ...]) -> None:
    """Notes, references and properties come back in their order; the later value of a property replaces the earlier."""
    project.configured().tests(
        one(
            "record_evidence.note('one'); record_evidence.note('two\\nlines \\x1b[31m \\ud800')\n"
            "    record_evidence.reference('dashboard', 'https://x/y?z=1')\n"
            "    record_evidence.set(load=3, ratio=0.5); record_evidence.set(load=[4])\n"
            "    record_evidence.scope(tenant_id='t', project_id='p')"
        )
    )
    project.run(*how).assert_outcomes(passed=1)
    piece = only(project)
    assert piece.notes == ("one", "two\nlines \x1b[31m \\ud800")
    assert [(ref.name, ref.url) for ref in piece.references] == [("dashboard", "https://x/y?z=1")]
    assert piece.properties == (("load", "[4]"), ("ratio", "0.5"))
    assert (piece.tenant_id, piece.project_id) == ("t", "p")
    shown = project.cli("show", piece.id).stdout
    assert "\x1b" not in shown
    assert "https://x/y?z=1" in shown


def test_steps_nest_and_say_how_they_ended(project: Project) -> None:
    """Steps keep their order, their nesting, and whether they passed, failed or were skipped; errors pass through."""
    project.configured().tests(
        one(
            "with record_evidence.step('outer'):\n"
            "        with record_evidence.step('fine'): pass\n"
            "        with pytest.raises(KeyError):\n"
            "            with record_evidence.step('broken'): raise KeyError('x')\n"
            "        with record_evidence.step('left out'): pytest.skip('no machine')"
        )
    )
    project.run().assert_outcomes(skipped=1)
    piece = only(project)
    [outer] = piece.steps
    assert (piece.result.value, outer.title, outer.result.value) == ("SKIPPED", "outer", "SKIPPED")
    assert [(step.title, step.result.value) for step in outer.steps] == [
        ("fine", "PASSED"), ("broken", "FAILED"), ("left out", "SKIPPED"),
    ]  # fmt: skip


# -- where it may be used


@HOW
def test_fixtures_may_record_in_setup_and_teardown(project: Project, how: tuple[str, ...]) -> None:
    """What a function-scoped fixture records before and after the test belongs to the test's evidence."""
    project.configured().tests(
        "@pytest.fixture\ndef service(record_evidence):\n    record_evidence.note('started')\n    yield\n"
        "    record_evidence.note('stopped')\n    record_evidence.attach('the log', name='log')\n"
        + one("pass", "service")
    )
    project.run(*how).assert_outcomes(passed=1)
    piece = only(project)
    assert piece.notes == ("started", "stopped")
    assert [artifact.name for artifact in piece.artifacts] == ["log"]


def test_what_fails_in_teardown_makes_it_an_error(project: Project) -> None:
    """A passed test whose fixture cannot record in teardown is ERROR, and what it recorded before is kept."""
    project.configured().tests(
        "@pytest.fixture\ndef service(record_evidence):\n    yield\n"
        "    record_evidence.attach(pathlib.Path('gone'))\n"
        + one("record_evidence.note('n')", "record_evidence, service")
    )
    project.run().assert_outcomes(passed=1, errors=1)
    piece = only(project)
    assert (piece.result.value, piece.notes) == ("ERROR", ("n",))
    assert "there is no file gone" in piece.message
    assert project.states()["UC-001/1"] == "FAILING"


@pytest.mark.parametrize("off", [(), ("--no-readiness",)], ids=["on", "off"])
def test_without_a_mark_it_checks_and_writes_nothing(project: Project, off: tuple[str, ...]) -> None:
    """In a test without a mark, or with the plugin off, wrong calls fail the test, right ones leave no trace."""
    project.configured().tests(
        """
        def test_right(record_evidence):
            record_evidence.attach("text"); record_evidence.note("n"); record_evidence.set(a=1)
            record_evidence.reference("log", "http://x")
            with record_evidence.step("s"): pass
            assert len(record_evidence.secret("sk-live-1234")) == 12

        def test_wrong(record_evidence): record_evidence.attach(pathlib.Path("gone"))
        """
    )
    result = project.run(*off)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*there is no file gone to attach*"])
    assert not (project.path / ".readiness").exists()


def test_without_a_mark_the_configured_limit_holds(project: Project) -> None:
    """artifact_limit is checked where nothing is recorded, too."""
    project.configured('artifact_limit = "10 B"\n' + CONFIG).tests(
        "def test_it(record_evidence): record_evidence.attach(b'x' * 11)\n" + one("pass").replace("test_it", "test_b")
    )
    result = project.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*more than artifact_limit (10 bytes)*"])


# -- scope


def test_scope_goes_before_the_option_and_the_config(project: Project) -> None:
    """What the test says of where it ran is what the evidence says."""
    project.configured(CONFIG + '[context]\ntenant_id = "from-config"\nprovider_mode = "M"\n')
    project.tests(
        "@evidence('UC-001', item=1)\ndef test_a(record_evidence):\n"
        "    record_evidence.scope(environment='dev', provider_mode='B', tenant_id='t')\n"
        "@evidence('UC-001', item=1)\ndef test_b(): pass\n"
    )
    project.run("--readiness-project=p").assert_outcomes(passed=2)
    where = [(p.environment, p.provider_mode, p.tenant_id, p.project_id, p.real) for p in stored_evidence(project)]
    assert where == [("dev", "B", "t", "p", False), ("staging", "M", "from-config", "p", True)]


def test_a_claim_for_staging_that_runs_in_dev_does_not_count_for_staging(project: Project) -> None:
    """A mark limits where its test counts, and never says where it ran: only in a run for staging it is staging's."""
    source = '@evidence("UC-001", item=1, environment="staging")\ndef test_it(record_evidence):\n    {}\n'
    project.configured().tests(source.format("record_evidence.scope(environment='dev')"))
    project.run(environment=None).assert_outcomes(passed=1)
    assert only(project).environment == "dev"
    assert project.states()["UC-001/1"] != "COMPLETE"
    project.tests(source.format("pass"))
    for elsewhere in ("dev", None):
        project.run(environment=elsewhere).assert_outcomes(passed=1)
        assert project.states()["UC-001/1"] != "COMPLETE"
    project.run(environment="staging").assert_outcomes(passed=1)
    assert project.states()["UC-001/1"] == "COMPLETE"


def test_an_optimised_interpreter_makes_a_rehearsal(project: Project) -> None:
    """Under python -O assertions do nothing: the pass is kept as a rehearsal that says why."""
    project.configured().tests(one("pass"))
    project.monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    assert project.run_apart("-q").ret == 0
    piece = only(project)
    assert (piece.result.value, piece.real) == ("PASSED", False)
    assert piece.not_real_because is not None
    assert "python -O" in piece.not_real_because
    assert project.states()["UC-001/1"] == "REHEARSED"


def test_a_text_that_names_a_file_is_kept_with_a_warning(project: Project) -> None:
    """Who attaches a text that is the name of a file that is there has it told that the file was not attached."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_a(record_evidence):
            pathlib.Path("server.log").write_text("started")
            record_evidence.attach("server.log")
            record_evidence.attach("another log")
            record_evidence.attach("two\\nlines")
        """
    )
    project.run().assert_outcomes(passed=1)
    expected = "the text 'server.log' was attached, and not the file of that name: attach a pathlib.Path"
    (piece,) = project.evidence("UC-001")
    shown = " ".join(project.cli("show", piece["id"]).stdout.split())
    assert shown.count("was attached, and not the file") == 1
    assert expected in shown
