"""Fail unless a tag, such as v0.3.0, names the version that is here, the changelog has it, and no fragment is left."""

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def problems(tag: str, root: Path = ROOT) -> list[str]:
    """Return why a tag cannot be released, a line each."""
    plugin = root / "packages" / "pytest-readiness-plugin" / "pyproject.toml"
    version = tomllib.loads(plugin.read_text(encoding="utf-8"))["project"]["version"]
    changelog = (root / "docs" / "changelog.md").read_text(encoding="utf-8")
    fragments = sorted(path.name for path in (root / "changelog.d").glob("*.*.md"))
    reasons = []
    if tag != f"v{version}":
        reasons.append(f"the tag is {tag}, and the version in {plugin.relative_to(root)} is {version}: tag v{version}")
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        reasons.append(f"the version {version} is that of unreleased code: write the one of the release")
    if not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changelog, re.MULTILINE):
        reasons.append(f"docs/changelog.md has no heading for {version}: run nox -s changelog -- {version}")
    if fragments:
        reasons.append(f"changelog.d has {len(fragments)} fragments of no release: run nox -s changelog -- {version}")
    return reasons


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("tag")
    sys.exit("\n".join(problems(options.parse_args().tag)) or 0)
