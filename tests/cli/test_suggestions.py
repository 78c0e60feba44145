"""Names that do not exist: what a person probably meant, in a register with numbers, and silence where nobody knows."""

from __future__ import annotations

import pytest

from tests.project import Project

pytestmark = pytest.mark.slow

HEAD = "| UC | Prod Readiness Status | Owner |\n| --- | --- | --- |\n"
REGISTER = HEAD + "".join(f"| UC-{number:03} | NOT_STARTED | tbd |\n" for number in range(1, 33))
CONFIG = 'tracker = "PROD_READINESS_TRACKER.md"\n'
ALL = "(there are UC-001 to UC-032, 32 in all)"


@pytest.fixture
def numbered(project: Project) -> Project:
    """A register of 32 use cases with the seven items, and no environment yet."""
    return project.configured(CONFIG, REGISTER)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("why", "UC-3"), "matches 'UC-3' (did you mean 'UC-003'?)"),
        (("block", "UC-5", "--reason", "x", "--by", "ana@example.com"), "no use case 'UC-5' (did you mean 'UC-005'?)"),
        (("gate", "UC-01"), "matches 'UC-01' (did you mean 'UC-001'?)"),
        (("report", "UC-999"), f"matches 'UC-999' {ALL}"),
        (("review", "UC-033"), f"matches 'UC-033' {ALL}"),
        (("history", "UC-40"), f"no use case 'UC-40' {ALL}"),
        (("why", "UC-003/2/staging"), "UC-003/2 has no scope yet: declare a real environment"),
        (("record", "UC-0*", "--item", "1", "--", "true"), "no use case 'UC-0*' (this must be an id, not a pattern)"),
        (("failure",), "there is no command 'failure' (see `readiness --help`)"),
        (("gaet",), "there is no command 'gaet' (did you mean 'gate'?)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_never_names_a_wrong_number(numbered: Project, typed: tuple[str, ...], expected: str) -> None:
    """One line on stderr: the use case of that number, else those that exist."""
    result = numbered.cli(*typed)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1), result.output
    assert expected in result.stderr


def test_a_mark_and_an_option_never_name_a_wrong_number(numbered: Project) -> None:
    """The same in the short summary of pytest, and in a usage error."""
    numbered.monkeypatch.setenv("COLUMNS", "160")
    marks = {"UC-03": "(did you mean 'UC-003'?)", "UC-0*": "(this must be an id, not a pattern)", "UC-999": ALL}
    numbered.tests("".join(f"@evidence('{name}', item=4)\ndef test_{n}(): pass\n" for n, name in enumerate(marks)))
    lines = numbered.run(environment=None).outlines
    for number, (name, hint) in enumerate(marks.items()):
        assert f"ERROR test_it.py::test_{number} - Failed: no use case '{name}' {hint}" in lines
    for pattern, hint in (("UC-999", ALL), ("UC-3", "(did you mean 'UC-003'?)")):
        result = numbered.run(f"--readiness-uc={pattern}", environment=None)
        assert (result.ret, result.errlines[0]) == (
            4,
            f"ERROR: no use case in register 'default' matches '{pattern}' {hint}",
        )


def test_an_unknown_environment_lists_the_known(project: Project) -> None:
    """Without a near name those that are declared are listed: option, variable, mark, ``scope()`` and command."""
    declared = "[environments.staging]\nreal = true\n[environments.dev]\nreal = false\n[provider_modes]\nBYOK = 'own'\n"
    project.configured(CONFIG + declared, REGISTER)
    expected = "no environment 'prod' (declared are staging, dev)"
    assert project.run(environment="prod").errlines[0] == f"ERROR: {expected}"
    assert (
        f"readiness: {expected}\n"
        in project.cli("record", "UC-001", "--item", "1", "--environment", "prod", "--", "true").stderr
    )
    project.tests(
        "@evidence('UC-001', item=2, environment='prod')\ndef test_mark(): pass\n"
        "@evidence('UC-001', item=2)\ndef test_scope(record_evidence): record_evidence.scope(environment='prod')\n"
        "@evidence('UC-001', item=1, provider_mode='MANAGED')\ndef test_mode(): pass\n"
    )
    output = project.run("-q", environment=None).stdout.str()
    assert f"ERROR test_it.py::test_mark - Failed: {expected}" in output
    assert f"ClaimError: {expected}" in output
    assert "no provider mode 'MANAGED' (declared are BYOK)" in output
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "Staging")
    assert project.run(environment=None).errlines[0] == "ERROR: no environment 'Staging' (did you mean 'staging'?)"
