"""Hooks of ours that a session asks: code that is not ours, which costs no evidence and answers for nobody."""

from __future__ import annotations

import pytest

from tests.cli.test_plugins import EXITS, OWN, with_plugin
from tests.plugin.test_redact_hook import assert_nowhere
from tests.plugin.test_secrets import HOW, kept
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

RAISES = {
    "SystemExit": "raise SystemExit",
    "SystemExit(0)": "raise SystemExit(0)",
    "GeneratorExit": "raise GeneratorExit",
    "CancelledError": "import asyncio; raise asyncio.CancelledError",
    "pytest.exit": "import pytest; pytest.exit('bye', returncode=0)",
    "pytest.skip": "import pytest; pytest.skip('no')",
    "pytest.fail": "import pytest; pytest.fail('no')",
    "ValueError": "raise ValueError('no')",
    "RecursionError": "raise RecursionError",
    "an exit of its words": "\n        class E(Exception):\n            def __str__(self): raise SystemExit(0)\n        raise E",
}
"""What a hook raises, as the body of a function."""
FAILS = """
@evidence("UC-001", item=1)
def test_it(record_evidence):
    record_evidence.note("of customer-7")
    assert 0, "customer-7"
@evidence("UC-002", item=1)
def test_other(): pass
"""
PASSES = '@evidence("UC-001", item=1)\ndef test_it(): pass\n'


@HOW
@pytest.mark.parametrize("raises", RAISES.values(), ids=RAISES)
def test_a_redactor_that_raises_keeps_no_text_and_costs_no_evidence(
    project: Project, how: tuple[str, ...], raises: str
) -> None:
    """Whatever it raises, each test has its result, and no text that it failed over is written."""
    project.configured().write("conftest.py", f"def pytest_readiness_redact(text):\n    if 1:\n        {raises}\n")
    result = project.tests(FAILS).run(*how)
    result.assert_outcomes(failed=1, passed=1)
    assert result.ret == 1
    assert "a redactor of a plugin failed" in result.stdout.str()
    assert "INTERNALERROR" not in result.stdout.str()
    assert {piece.result.value for piece in kept(project)} == {"FAILED", "PASSED"}
    assert project.states()["UC-001/1"] == "FAILING"
    assert_nowhere(project, "customer-7")


@HOW
def test_a_plugin_that_the_config_names_is_asked_for_simulations(project: Project, how: tuple[str, ...]) -> None:
    """So it is of redactors and kinds of proof: a stub that a plugin knows does not count, and the gate stays closed."""
    with_plugin(project, "def pytest_readiness_simulation(item): return item.name[5:] + ' is ours'\n")
    result = project.tests(PASSES).run("--readiness-gate", "--readiness-gate-on=evidence", "-v", *how)
    assert result.ret == 11
    assert [piece.not_real_because for piece in kept(project)] == ["it is ours"]


def test_a_plugin_that_pytest_and_the_config_know_is_asked_once(project: Project) -> None:
    """Loaded by ``-p`` and named by the config: one reason, from one call."""
    counts = "def pytest_readiness_simulation(item, calls=[]):\n    calls.append(1)\n    return f'call {len(calls)}'\n"
    name = with_plugin(project, counts)
    project.tests(PASSES).run_apart("-p", name)
    assert [piece.not_real_because for piece in kept(project)] == ["call 1"]


@HOW
@pytest.mark.parametrize("raises", RAISES.values(), ids=RAISES)
def test_a_simulation_hook_that_raises_makes_a_rehearsal(project: Project, how: tuple[str, ...], raises: str) -> None:
    """Whatever it raises, both tests end as they did, and the session goes on."""
    hook = f"def pytest_readiness_simulation(item):\n    if item.name == 'test_other':\n        {raises}\n"
    project.configured().write("conftest.py", hook)
    result = project.tests(FAILS).run(*how)
    result.assert_outcomes(failed=1, passed=1)
    assert "INTERNALERROR" not in result.stdout.str()
    first, other = sorted(kept(project), key=lambda piece: piece.test_id)
    assert (first.result.value, first.not_real_because) == ("FAILED", None)
    assert other.result.value == "PASSED"
    assert other.not_real_because.startswith("the hook pytest_readiness_simulation failed: ")


def test_only_no_reason_is_no_reason(project: Project) -> None:
    """Nothing that a hook returns is taken for None: not what is false, not what is empty, not what is no list."""
    project.configured()
    returns = {
        "0", "False", "''", "' '", "b''", "b'x'", "{}", "{'a': 1}", "set()", "{'a'}", "object()", "['']", "[None]",
        "('a', 0)", "(x for x in ())", "[[]]", "NotImplemented", "...", "type('S', (str,), {'strip': lambda s: ''})('')",
    }  # fmt: skip
    nothing = {"None", "[]", "()"}
    for number, said in enumerate(sorted(returns | nothing)):
        project.write(f"t{number}/conftest.py", f"def pytest_readiness_simulation(item): return {said}\n")
        project.tests(f'@evidence("UC-001", item=1)\ndef test_{number}(): pass\n', f"t{number}/test_{number}.py")
    project.run("--import-mode=importlib").assert_outcomes(passed=len(returns | nothing))
    real = {number for number, said in enumerate(sorted(returns | nothing)) if said in nothing}
    assert {int(piece.test_id.rpartition("_")[2]) for piece in kept(project) if piece.real} == real


def test_a_wrapper_hides_no_reason(project: Project) -> None:
    """A hook around those of others is none: it makes a rehearsal itself."""
    wrapper = (
        "import pytest\n@pytest.hookimpl(wrapper=True)\n"
        "def pytest_readiness_simulation(item):\n    yield\n    return []\n"
    )
    project.configured().write("conftest.py", wrapper)
    project.tests('@evidence("UC-001", item=1)\ndef test_it(): pass\n').run()
    (piece,) = kept(project)
    assert piece.not_real_because.endswith("failed: TypeError: this hook can be no wrapper")


def test_a_hook_that_changes_the_item_changes_no_evidence(project: Project) -> None:
    """What is recorded of a test was taken before the hook had it."""
    hook = (
        "def pytest_readiness_simulation(item):\n"
        "    item.own_markers.clear()\n    item.user_properties.append(('a', 'b'))\n    item.name = 'test_another'\n"
        "    item._nodeid = 'test_it.py::test_another'\n    item.keywords.clear()\n    item.stash._storage.clear()\n"
    )
    project.configured().write("conftest.py", hook)
    project.tests('@evidence("UC-001", item=1)\ndef test_it(): assert 0\n').run()
    (piece,) = kept(project)
    assert (piece.test_id, piece.result.value) == ("test_it.py::test_it", "FAILED")


@HOW
@pytest.mark.parametrize("source", [None, EXITS["sys.exit(0) at import"]], ids=["not there", "exits"])
def test_a_plugin_that_cannot_be_loaded_costs_no_evidence(
    project: Project, how: tuple[str, ...], source: str | None
) -> None:
    """The run is kept without its texts, and the session says so and does not end with 0."""
    name = with_plugin(project, source)
    result = project.tests(FAILS.replace("assert 0", "assert 1")).run(*how)
    result.assert_outcomes(passed=2)
    assert result.ret == 13
    told = " ".join(result.stdout.str().split())
    assert told.count(f"readiness.toml:1: the plugin '{name}' cannot be loaded: ") == 1
    assert len(kept(project)) == 2
    assert_nowhere(project, "customer-7")


def test_a_plugin_that_only_workers_cannot_load(project: Project) -> None:
    """What a worker of xdist could not load is told by the session that has it."""
    source = "import os\nif 'PYTEST_XDIST_WORKER' in os.environ: raise SystemExit(0)\n"
    name = with_plugin(project, source)
    result = project.tests(FAILS.replace("assert 0", "assert 1")).run("-p", "xdist", "-n", "2")
    assert result.ret == 13
    assert f"the plugin '{name}' cannot be loaded: SystemExit: 0" in " ".join(result.stdout.str().split())
    assert_nowhere(project, "customer-7")


@pytest.mark.parametrize("source", [None, *EXITS.values()], ids=["not there", *EXITS])
def test_a_gate_is_closed_where_a_plugin_cannot_be_used(project: Project, source: str | None) -> None:
    """Where an item asks for a kind of its own, that is an error before a test runs, and no defect of ours."""
    name = with_plugin(project, source, CONFIG + OWN)
    result = project.tests(FAILS).run("--readiness-gate")
    assert result.ret == 4
    told = result.stdout.str() + result.stderr.str()
    assert f"readiness.toml:1: the plugin '{name}'" in told
    assert "INTERNALERROR" not in told
    assert not (project.path / ".readiness" / "evidence.db").exists()


@pytest.mark.parametrize("how", ["the config", "conftest.py"])
@pytest.mark.parametrize("body", ["raise ValueError", "raise SystemExit(0)", "return ['ours']"])
def test_a_gate_is_closed_where_kinds_that_nobody_asked_for_cannot_be_used(
    project: Project, body: str, how: str
) -> None:
    """The gate of a session says what ``readiness gate`` says, also where no item and no test has a kind of its own."""
    source = f"def pytest_readiness_proofs():\n    {body}\n"
    if how == "conftest.py":
        project.write("conftest.py", source)
        project.configured()
    else:
        with_plugin(project, source)
    project.tests(PASSES)
    result = project.run("--readiness-gate", "--readiness-gate-on=evidence", "--readiness-uc=UC-001")
    assert result.ret == 13
    assert "pytest_readiness_proofs" in result.stdout.str()
    assert project.run().ret == 0
    assert len(kept(project)) == 2


def test_a_conftest_whose_kinds_exit(project: Project) -> None:
    """So it is with a hook of a ``conftest.py``, which pytest has loaded; where nothing asks, its test fails."""
    project.write("conftest.py", "def pytest_readiness_proofs(): raise SystemExit(0)\n")
    proves = '@evidence("UC-001", item=1)\ndef test_it(record_evidence): record_evidence.prove("ours", a="b")\n'
    project.configured(CONFIG + OWN).tests(proves)
    assert project.run("--readiness-gate").ret == 4
    project.configured()
    project.run().assert_outcomes(failed=1)
    (piece,) = kept(project)
    assert "conftest.py': pytest_readiness_proofs failed: SystemExit: 0" in piece.message


REVIEWED = (
    CONFIG + '\n[review]\nreviewers = ["ana@example.com"]\n[use_cases.UC-001]\nnot_applicable = { 2 = "no trace" }\n'
)


@pytest.mark.parametrize("redacts", ["raise SystemExit(0)", "return 'x'", "return text.replace('ana', 'eve')"])
def test_no_redactor_hides_who_recorded(project: Project, redacts: str) -> None:
    """Who recorded evidence cannot review it, whatever a redactor makes of names."""
    project.configured(REVIEWED).write("conftest.py", f"def pytest_readiness_redact(text):\n    {redacts}\n")
    project.tests('@evidence("UC-001", item=1)\ndef test_it(): pass\n')
    project.run("--readiness-actor=ana@example.com", "--readiness-release=r1", "--readiness-run-group=g:1/1")
    approved = project.cli("review", "UC-001", "--approve", "--by", "ana@example.com")
    assert approved.exit_code == 1
    assert "ana@example.com recorded" in approved.stderr


def test_a_failing_redactor_takes_no_proof_away(project: Project) -> None:
    """A secret that becomes known late has everything looked at again: what kind of proof it was stays."""
    project.configured().write("conftest.py", "def pytest_readiness_redact(text): raise SystemExit(0)\n")
    project.tests(
        '@evidence("UC-001", item=2)\ndef test_it(record_evidence):\n'
        '    record_evidence.trace(["a"], again=["a"])\n    record_evidence.secret("hunter2-hunter2")\n'
    ).run()
    assert project.states()["UC-001/2"] == "COMPLETE"


def test_a_timeout_within_a_hook_reaches_its_test(project: Project) -> None:
    """What the handler of a signal raises is no failure of the hook that it interrupts."""
    hook = "import time\ndef pytest_readiness_redact(text):\n    if 'slow' in text: time.sleep(60)\n"
    project.configured().write("conftest.py", hook)
    project.tests('@evidence("UC-001", item=1)\ndef test_it(record_evidence): record_evidence.note("slow")\n')
    project.run("-p", "pytest_timeout", "--timeout=1", "--timeout-method=signal").assert_outcomes(failed=1)
    (piece,) = kept(project)
    assert piece.result.value == "FAILED"
    assert "Timeout" in piece.message
