"""The docs say what the program does: every name is in the reference, and what is shown runs."""

from __future__ import annotations

import inspect
import json
import re
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args, get_origin

import click
import pytest
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from pytest_readiness import cli, hookspecs
from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS
from pytest_readiness.mark import DESCRIPTION
from pytest_readiness.pipeline import session
from pytest_readiness.recording.evidence_recorder import RecordEvidence
from pytest_readiness.settings import model
from pytest_readiness.store.sqlite.tables import TABLES
from pytest_readiness.verdict.readiness import State, Status
from tests.pages import ROOT, fences, play, section
from tests.project import CONFIG, PLUGINS
from tests.reviewed_project import decided

pytestmark = pytest.mark.slow

DOCS = ROOT / "docs"
REFERENCE = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")}
PAGES = sorted([ROOT / "README.md", ROOT / "benchmarks" / "README.md", *DOCS.rglob("*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = {
    "context": "## `[context]`",
    "environments": "## `[environments.NAME]`",
    "provider_modes": "## `[provider_modes]`",
    "items": "## `[items.KEY]`",
    "use_cases": "## `[use_cases.ID]`",
    "review": "## `[review]` and `[people.NAME]`",
    "people": "## `[review]` and `[people.NAME]`",
    "gate": "## `[gate]`",
    "keys": "## `[keys.NAME]`",
    "releases": "## `[releases.NAME]`",
    "deployed": "## `[deployed]`",
}
OTHER_TABLES = {"tracker_columns", "statuses", "claims"}
"""Tables whose keys are not all fields of a model."""
TABLE_MODELS: dict[str, type[Struct]] = {
    "context": model.ContextSettings,
    "environments": model.EnvironmentSettings,
    "provider_modes": model.ProviderModeSettings,
    "items": model.ItemSettings,
    "use_cases": model.UseCaseSettings,
    "review": model.ReviewSettings,
    "people": model.PersonSettings,
    "gate": model.GateSettings,
    "keys": model.KeySettings,
    "releases": model.ReleaseSettings,
    "deployed": model.DeployedSettings,
}
TOP_KEYS = set(model.Settings.__struct_fields__) - model.LOCATION_FIELDS - set(TABLE_MODELS) - OTHER_TABLES
COMMANDS = {name: cli.commands.get_command(click.Context(cli.commands), name) for name in cli.COMMANDS}


def row(text: str, key: str) -> str:
    """Return the row of a table whose first cell names the key."""
    rows = [line for line in text.splitlines() if re.match(rf"\| (`[^|]*`, )?`{re.escape(key)}[`= ]", line)]
    assert len(rows) == 1, f"{key} must have one row in the reference, and has {len(rows)}"
    return rows[0]


def test_every_pytest_option_is_in_the_reference_with_its_variable(pytester, monkeypatch):
    """Each option that ``pytest --help`` shows has a row, and its row names the variable that the help names."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "200")
    output = pytester.runpytest_inprocess("--help", *PLUGINS).stdout.str()
    help_text = output.partition("production readiness:")[2].partition("\n\n")[0]
    options = re.findall(r"^  (--[\w-]+)(.*?)(?=^  --|\Z)", help_text, re.MULTILINE | re.DOTALL)
    assert len(options) > 10, output
    for option, about in options:
        documented = row(REFERENCE["options"], option)
        for variable in re.findall(r"READINESS_\w+", about):
            assert f"`{variable}`" in documented
    in_reference = re.findall(r"^\| `(--[\w-]+)", REFERENCE["options"], re.MULTILINE)
    assert sorted(in_reference) == sorted(option for option, _ in options)


@pytest.mark.parametrize("code", [session.NOT_ELIGIBLE, session.NOT_STORED, int(pytest.ExitCode.USAGE_ERROR)])
def test_every_exit_code_of_a_session_is_in_the_reference(code):
    """The codes that a session can end with on our account have a row of their own."""
    assert f"\n| {code} | " in REFERENCE["options"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_its_options_are_in_the_reference(name):
    """Each command has a section that names every option, argument and choice that click knows."""
    documented = section(REFERENCE["cli"], f"## {name}")
    for parameter in COMMANDS[name].params:
        names = (
            parameter.opts
            if isinstance(parameter, click.Option)
            else [parameter.make_metavar(click.Context(COMMANDS[name]))]
        )
        for each in (*names, *(parameter.type.choices if isinstance(parameter.type, click.Choice) else ())):
            assert str(each) in documented, f"{each} of {name}"


def test_no_command_is_in_the_reference_that_does_not_exist():
    """The sections of the reference are the commands, in their order, and no more."""
    assert re.findall(r"^## (.+)$", REFERENCE["cli"], re.MULTILINE) == list(COMMANDS)


def test_the_options_of_the_command_itself_are_in_the_reference():
    """What stands before a command's name has a row of its own."""
    for parameter in cli.commands.params:
        for name in parameter.opts:
            row(REFERENCE["cli"].partition("## init")[0], name)


@pytest.mark.parametrize("key", sorted(TOP_KEYS))
def test_every_top_key_of_the_config_is_in_the_reference_with_its_default(key):
    """The top table of the reference has each key of the model, and says its default."""
    documented = row(section(REFERENCE["config"], "## Top"), key)
    default = _field(model.Settings, key).default
    sizes = {"artifact_limit": '`"1 GiB"`', "junit_limit": '`"256 MiB"`'}
    shown = {"tracker": "none", "plugins": "`[]`", "tracker_skip": "`[]`", **sizes}.get(key) or f'`"{default}"`'
    assert f"| {shown} |" in documented


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, kind in TABLE_MODELS.items() for key in kind.__struct_fields__]
)
def test_every_key_of_a_table_is_in_the_reference_with_its_default_and_choices(table, key):
    """Each key of a table has a row in the table's section, with its default where that is a plain value."""
    text = section(REFERENCE["config"], SECTIONS[table])
    field = _field(TABLE_MODELS[table], key)
    assert f"`{key}`" in text
    if isinstance(field.default, str | bool | int) and field.default != "":
        assert re.search(rf'\| `{key}` \| `"?{re.escape(str(field.default).lower())}"?` \|', text, re.IGNORECASE), key
    for choice in _choices(field.type):
        assert not isinstance(choice, str) or choice in text


@pytest.mark.parametrize("word", [*get_args(model.ColumnKey), *get_args(model.StatusName)])
def test_every_column_and_status_that_can_be_renamed_is_in_the_reference(word):
    """The words that a tracker may replace by its own are listed."""
    assert f"`{word}`" in section(REFERENCE["config"], "## `[tracker_columns]` and `[statuses]`")


@pytest.mark.parametrize("item", BUILTIN_ITEMS, ids=lambda item: item.name)
def test_the_seven_items_are_in_the_reference_as_they_are(item):
    """Number, name, proof and age of each built-in item stand in one row."""
    documented = section(REFERENCE["config"], "### The seven items")
    assert re.search(rf"\| {item.key} \| `{item.name}` \| .* \| `{item.proof}` \| {item.max_age_days} d \|", documented)


@pytest.mark.parametrize("method", [name for name in dir(RecordEvidence) if not name.startswith("_")])
def test_every_method_of_the_fixture_is_in_the_reference_with_its_arguments(method):
    """Each public method of ``record_evidence`` has a section whose code shows its signature."""
    documented = section(REFERENCE["fixture"], f"## {method}")
    function = getattr(RecordEvidence, method)
    if isinstance(function, property):
        assert f"record_evidence.{method}\n" in documented
        return
    arguments = ", ".join(map(_argument, list(inspect.signature(function).parameters.values())[1:]))
    assert f"record_evidence.{method}({arguments})" in documented


def _field(kind: type[Struct], key: str) -> FieldInfo:
    (match,) = [field for field in fields(kind) if field.name == key]
    return match


def _choices(kind: object) -> list[object]:
    """Return the choices of a type, and of the types that it is made of."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [choice for part in get_args(kind) if get_origin(part) is not None for choice in _choices(part)]


def _argument(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    if parameter.default is not parameter.empty:
        return f"{parameter.name}={parameter.default!r}"
    return f"{parameter.name}=..." if parameter.kind is parameter.KEYWORD_ONLY else parameter.name


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("pytest_")])
def test_every_hook_is_in_the_reference(hook):
    """Each hook has a section whose code shows its signature."""
    signature = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert f"def {hook}({signature}): ..." in section(REFERENCE["hooks"], f"## {hook}")


def test_every_argument_of_the_marker_is_in_the_reference():
    """What the registered mark says of itself is what the reference lists."""
    signature = DESCRIPTION.partition("(")[2].partition(")")[0]
    arguments = [argument.partition("=")[0] for argument in signature.split(", ")]
    assert arguments[:2] == ["*use_cases", "item"]
    assert re.findall(r"^\| `(\*?\w+)", REFERENCE["marker"], re.MULTILINE) == arguments
    assert f"evidence({signature})" in REFERENCE["marker"]


def test_every_key_of_the_json_report_is_in_the_reference():
    """Every property and every word of the published schema stands on the page about it."""
    schema = json.loads(files("pytest_readiness.views").joinpath("report-v1.schema.json").read_text(encoding="utf-8"))
    missing = [name for name in _names(schema) if f"`{name}`" not in REFERENCE["json-report"]]
    assert not missing


def _names(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_names, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*(_names(inner) for inner in schema.values()))


@pytest.mark.parametrize("words", ["gate", "next", "why UC-001", "show UC-001", "history UC-001", "check"])
def test_every_key_of_the_json_of_a_command_is_in_the_reference(project, words):
    """Each key of its document stands on the page about these documents, or on that about the report."""
    decided(project)
    document = json.loads(project.cli(*words.split(), "--json").stdout)
    pages = REFERENCE["json-commands"] + REFERENCE["json-report"]
    statuses = {status.value for status in Status}
    missing = [name for name in _keys(document) - statuses if not re.search(rf'["`]{name}["`]', pages)]
    assert not missing


def test_every_key_of_the_plan_is_in_the_reference(project):
    """Each key of its JSON, and each column of its CSV, stands in the section about it."""
    project.configured(f'{CONFIG}\n[claims]\n"old/**" = "UC-001/1"\n').tests(
        """
        @evidence("UC-001", item=1)
        def test_it(): pass

        @evidence("UC-999", item=1)
        def test_wrong(): pass
        """
    )
    project.run("--readiness-plan", "--readiness-json=plan.json", "--readiness-csv=plan.csv")
    plan = json.loads((project.path / "plan.json").read_text())
    assert plan["wrong_marks"]
    assert plan["unmatched_rules"]
    columns = (project.path / "plan.csv").read_text().splitlines()[0].replace('"', "").split(",")
    reference = section(REFERENCE["json-commands"], "## The plan")
    assert [name for name in (*_keys(plan), *columns) if name != "schema" and f"`{name}`" not in reference] == []


def _keys(document: object) -> set[str]:
    if isinstance(document, list):
        return set().union(*map(_keys, document))
    return set(document).union(*map(_keys, document.values())) if isinstance(document, dict) else set()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_and_column_of_the_store_is_in_the_reference(table):
    """Each table has a row that names all of its columns."""
    documented = row(section(REFERENCE["store"], "## Tables"), table)
    columns = re.findall(r"^    ([a-z_]+) ", TABLES[table], re.MULTILINE)
    assert columns
    assert [
        name
        for name in columns
        if f"`{name}`" not in documented and (table, name) not in {("slot", "id"), ("snapshot", "text")}
    ] == []


def test_every_line_of_a_run_is_in_the_reference(project):
    """Whatever a session with every feature writes into its lines is explained in the table of kinds."""
    project.configured().tests(
        """
        @evidence("UC-001", item=1)
        def test_it(record_evidence):
            record_evidence.attach("text")
            record_evidence.reference("log", "https://example.com")
            record_evidence.note("hunter2-hunter2 is " + record_evidence.secret("hunter2-hunter2"))
            record_evidence.set(a=1)
            record_evidence.scope(tenant_id="t", project_id="p")
            record_evidence.receipt("request")
            with record_evidence.step("step"):
                assert not "hunter2-hunter2"

        @evidence("UC-001", item=2)
        def test_never():
            pass
        """
    )
    project.run(
        "-x", "--readiness-release=1", "--readiness-run-group=g:1/1", "--readiness-store=sqlite:////dev/null/no.db"
    )
    project.tests('@evidence("UC-001", item=1)\ndef test_dies(): os._exit(1)', name="test_dies.py")
    project.run_apart("test_dies.py")
    project.cli("recover")
    with closing(sqlite3.connect(project.path / ".readiness/evidence.db")) as store:
        lines = [json.loads(text) for (text,) in store.execute("SELECT text FROM line")]
    assert {"run", "planned", "started", "finished", "not_run", "sealed"} <= {line["kind"] for line in lines}
    page = section(REFERENCE["store"], "## Lines")
    for line in lines:
        documented = row(page, line["kind"])
        for key in line.keys() - {"run", "seq", "kind", "prev"}:
            assert f"`{key}`" in documented, f"{key} of {line['kind']}"


@pytest.mark.parametrize("state", State)
def test_every_state_and_its_sign_are_in_the_reference(state):
    """The legend of the matrix is complete."""
    assert f"`{state.sign}` {state.value}" in REFERENCE["cli"].replace("\n", " ")


def test_the_readme_begins_with_the_two_commands():
    """The first two lines with ``venv`` are the two commands: one line each, in a fence of their own."""
    with_venv = [line for line in README.splitlines() if "venv" in line]
    blocks = [fence.text.splitlines() for fence in fences(README) if fence.language == "sh"]
    assert blocks[:2] == [[with_venv[0]], [with_venv[1]]]
    assert "gate" in with_venv[0]
    assert with_venv[1].endswith("-m pytest -n auto")
    assert "\\" not in with_venv[0] + with_venv[1]


def test_the_example_of_the_readme_has_fifteen_lines():
    """What is promised as fifteen lines is no more than that, blank lines aside."""
    lines = [line for fence in fences(README) if "file" in fence.said for line in fence.text.splitlines() if line]
    assert 0 < len(lines) <= 15


def test_the_rules_for_claims_are_in_the_reference():
    """The table of rules names its only key, every other one is a glob, and both kinds of pattern are shown."""
    documented = section(REFERENCE["config"], "## `[claims]`")
    assert set(model.ClaimSettings.__struct_fields__) == {"marks", "tests"}
    assert row(documented, "marks")
    for name in ("a glob on node ids", "`[claims.marks]`", "`NAME`, `NAME(ARG)` or `NAME(key=ARG)`", "`{1}`"):
        assert name in documented


PROJECTS = [
    "README.md",
    "docs/tutorial/first-evidence.md",
    "docs/how-to/back-up-the-store.md",
    "docs/how-to/bind-evidence-to-what-ships.md",
    "docs/how-to/handle-personal-data.md",
    "docs/how-to/rename-a-use-case-or-a-test.md",
    "docs/how-to/run-in-an-ide.md",
    "docs/how-to/tag-without-touching-tests.md",
    "docs/how-to/troubleshoot.md",
    "docs/how-to/undo-a-mistaken-run.md",
    "docs/reference/json-commands.md",
]


@pytest.mark.parametrize("page", PROJECTS)
def test_a_page_that_is_a_project_runs(page, tmp_path):
    """Files are written and commands run as the page shows them, with the output that it shows."""
    assert play(ROOT / page, tmp_path) > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """A link to another page or heading finds it."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name) if name else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_index():
    """No page of the docs is without a link from the index or from the list of decisions."""
    linked = set()
    for page in (DOCS / "index.md", DOCS / "decisions" / "README.md"):
        targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        linked |= {(page.parent / target).resolve() for target in targets}
    assert set(DOCS.rglob("*.md")) - linked == {DOCS / "index.md"}
