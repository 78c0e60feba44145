"""A project of the shape of a real tracker, at several stages, whose page is looked at in a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.project import Project

QA, ANA, BOT = "qa-lead@example.com", "ana@example.com", "bot@example.com"
TITLES = (
    "LLM run monitoring", "Onboarding", "Deterministic trace ingest", "Runtime controls evaluation",
    "Baseline monitoring", "Activity stream and feedback lifecycle", "Incident lifecycle from signals",
    "Analytics artifact reproducibility", "Controls and policies proposal lifecycle", "Feedback expiry and reopen",
    "Incident resolution and postmortem", "Recurrence signature and grouping", "Policy proposal acceptance",
    "Controls override lifecycle", "Threshold resolver version binding", "Analytics hash and version checks",
    "Replay mode labels", "Policy snapshot lifecycle", "Policy proposal queries", "Policy rule queries",
    "Policy limit queries", "Policy sandbox lifecycle", "Policy conflict explanation", "Anomaly lifecycle",
    "Prediction lifecycle", "Dataset validation lifecycle", "Snapshot and baseline jobs", "Cost write lifecycle",
    "Recovery rule lifecycle", "Policy violation pipeline", "Pattern and postmortem learnings", "Control decisions",
)  # fmt: skip
OWNERS = ("ana@example.com", "trace-team@example.com", "tbd", "ops@example.com")
ROW = "| UC-{number:03} | `GREEN` | `NOT_STARTED` | {owner} | 2026-02-12 | {title} |\n"
TRACKER = (
    "# Tracker\n\n| UC | Architecture Status | Prod Readiness Status | Owner | Last Updated | Notes |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
) + "".join(ROW.format(number=number, owner=OWNERS[number % 4], title=title) for number, title in enumerate(TITLES, 1))
CONFIG = f"""
tracker = "PROD_READINESS_TRACKER.md"

[environments.staging]
real = true

[environments.production]
real = true

[environments.dev]
real = false

[provider_modes]
BYOK = "the tenant's own key"

[items.1]
title = "Real provider credentials"
scope = "provider_mode"
max_age_days = 20

[items.2]
title = "Real environment handshake"
scope = "environment"
max_age_days = 90

[items.3]
title = "Attestation read back from the persistent store"

[items.4]
title = "Deterministic trace capture"
proof = "trace"

[items.5]
title = "Replay of a recorded run"

[items.6]
title = "Key rotation and revocation"
parts = ["rotation", "revocation"]

[items.7]
title = "Failure drill"

[review]
reviewers = ["{QA}", "{ANA}"]

[gate]
waivers = "accept"
"""
TESTS = """
READY = [f"UC-{number:03}" for number in range(1, 9)]
STARTED = [f"UC-{number:03}" for number in range(9, 25)]
STAGE = os.environ.get("STAGE", "whole")
USE_CASES = READY if STAGE == "first" else READY + STARTED

@pytest.mark.parametrize("use_case", [pytest.param(name, marks=evidence(name, item=item), id=f"{name}-{item}")
    for name in USE_CASES for item in ("1", "2", "3", "5", "7")])
def test_acceptance(use_case, request, record_evidence):
    item = request.node.callspec.id.rpartition("-")[2]
    record_evidence.set(region="eu-central-1", item=item)
    if use_case in STARTED and item in ("3", "7") and int(use_case[3:]) % 3:
        pytest.skip("no provider account yet")
    record_evidence.reference("dashboard", f"https://logs.example.com/{use_case}/{item}")
    if item == "2":
        record_evidence.attach(f"HTTP/2 200 from {use_case}\\nserver: gateway\\n", name="handshake.txt")
    if item == "5" and use_case == "UC-002":
        record_evidence.attach(bytes(range(256)) * 12, name="recording.bin", media_type="application/octet-stream")
        record_evidence.attach(b"x" * 90_000, name="large.bin", media_type="application/octet-stream")
    with record_evidence.step("call the provider"):
        if use_case == "UC-007" and item == "5" and STAGE == "broken":
            raise AssertionError("the replay diverged at event 17")

@pytest.mark.parametrize("use_case", [pytest.param(name, marks=evidence(name, item=4), id=name) for name in USE_CASES])
def test_trace(use_case, record_evidence):
    first, second = ([{"seq": number, "op": "call"} for number in range(3)] for _ in "12")
    record_evidence.trace(first, again=second)

@pytest.mark.parametrize("use_case", [
    pytest.param(name, marks=evidence(name, item=6, part=part), id=f"{name}-{part}")
    for name in USE_CASES for part in ("rotation", "revocation")])
def test_keys(use_case, record_evidence):
    record_evidence.note("the old key was refused")
"""


def staged(project: Project) -> Project:
    """A tracker of 32: some ready, one with a waiver, one failing after it was ready, one blocked, one rejected."""
    project.configured(CONFIG, TRACKER).tests(TESTS)

    def record(stage: str, environment: str) -> None:
        project.monkeypatch.setenv("STAGE", stage)
        common = (f"--readiness-actor={BOT}", "--readiness-provider-mode=BYOK", "--readiness-tenant=t-42")
        project.run(*common, "--readiness-project=p-7", "-q", environment=environment)

    def decide(*arguments: str) -> None:
        done = project.cli(*arguments)
        assert done.exit_code == 0, done.output

    record("first", "staging")
    record("first", "production")
    decide("review", *(f"UC-{number:03}" for number in range(1, 8)), "--approve", "--by", QA)
    record("broken", "staging")
    until = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    decide("waive", "UC-010/7", "--reason", "the drill is booked", "--by", QA, "--until", until, "--requested-by", ANA)
    decide("block", "UC-012", "--reason", "the contract is not signed", "--by", ANA, "--link", "https://example.com/42")
    decide("review", "UC-011", "--reject", "--comment", "the drill was held in the wrong region", "--by", QA)
    return project
