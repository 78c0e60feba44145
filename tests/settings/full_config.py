"""A config with every table and every rule: what reads configs is tried on it."""

FULL = """\
tracker = "docs/TRACKER.md"
register = "payments"
store = "sqlite:///other.db"
artifacts = "kept"
decisions = "decisions"
plugins = ["our_proofs"]
artifact_limit = "500 MB"
junit_limit = 1_000_000
tracker_skip = ["Archive*"]
[context]
provider_mode = "BYOK"
tenant_id = "t-42"
project_id = "p-7"
[environments.staging]
real = true
endpoints = ["*.example.com:443", "10.0.0.0/8"]
[environments.dev]
[provider_modes]
BYOK = "customer's own key"
MANAGED = { title = "our key", real = false }
[items.4]
title = "Trace"
scope = "once"
parts = []
proof = "trace"
max_age_days = 90
[items.9]
scope = ["environment", "provider_mode"]
[items.10]
scope = "environment"
[use_cases.UC-003]
owner = "trace-team@example.com"
environments = ["staging"]
drills = ["timeout"]
not_applicable = { 6 = "holds no credentials" }
[claims]
"tests/keys/**::test_rotation*" = "UC-003/4"
[claims.marks]
"allure_label(tag=UC-*)" = ["UC-{1}/4"]
[tracker_columns]
uc = "Case"
[statuses]
READY_FOR_GO_LIVE = ["Go", "Done*"]
[review]
reviewers = ["qa@example.com"]
required = 2
separate = false
identity = "git"
subject = "any"
[people."qa@example.com"]
also = ["qa-on-ci"]
[gate]
on = "evidence"
asserted = "accept"
flaky = "refuse"
waivers = "accept"
release = "required"
clean_commit = true
architecture = "GREEN"
clock = "ignore"
deselected = "refuse"
level = "L2"
checkpoint = "required"
subject = "required"
enforce = false
[keys.ci]
public = "ci.pem"
roles = ["runs"]
person = "qa@example.com"
[releases."2.0"]
subjects = { api = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
[deployed]
ignore = ["*/istio/*"]
"""
