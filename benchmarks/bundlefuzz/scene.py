"""A store whose use cases each lack something, and bundles of other stores that have it, trusted by nobody."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ANA, BOT = "ana@example.com", "bot@example.com"
CONFIG = f"""
[environments.staging]
real = true
[items.1]
title = "it holds"
[use_cases.UC-001]
title = "lacks an approval"
[use_cases.UC-002]
title = "fails in a signed run"
[use_cases.UC-003]
title = "is blocked"
[review]
reviewers = ["{ANA}"]
identity = "IDENTITY"
[gate]
level = "LEVEL"
[keys.ci]
public = "ci.pem"
roles = ["runs"]
[keys.ana]
public = "ana.pem"
roles = ["reviews"]
person = "{ANA}"
"""
TESTS = """
import os
from pytest_readiness import evidence

@evidence("UC-001", item=1)
def test_one(record_evidence): record_evidence.attach("log")

@evidence("UC-002", item=1)
def test_two(): assert not os.path.exists("broken")

@evidence("UC-003", item=1)
def test_three(): pass
"""


@dataclass(frozen=True)
class Scene:
    """Where a mutation is judged."""

    folder: Path
    store: Path
    """The store as it is before."""
    live: Path
    """The store that the bundle is merged into."""
    bundles: tuple[bytes, ...]
    closed: tuple[str, ...]
    """Use cases whose gate is closed, and must stay so."""
    eve: Ed25519PrivateKey


def _key(folder: Path, name: str) -> Ed25519PrivateKey:
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(secret)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(public)
    return private


def _session(signer: str | None) -> None:
    _signer(signer)
    words = ["-q", "-p", "no:cacheprovider", "--readiness-environment=staging", f"--readiness-actor={BOT}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "test_it.py"], capture_output=True, text=True, check=False
    )
    if "recorded as run" not in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)


def _signer(name: str | None) -> None:
    os.environ.pop("READINESS_SIGNER", None)
    if name is not None:
        os.environ["READINESS_SIGNER"] = f"file2:{name}.key"


def _cli(*words: str, signer: str | None = None, code: int = 0) -> None:
    from pytest_readiness.cli import main

    _signer(signer)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            found: object = main(list(words))
        except SystemExit as stopped:
            found = stopped.code
    if (found or 0) != code:
        raise RuntimeError(f"{words} ended with {found}: {said.getvalue()}")


def prepared(folder: Path) -> Scene:
    """Make it in this folder, which is the working folder from then on."""
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("READINESS_")]:
        del os.environ[name]
    os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
    eve = [_key(folder, name) for name in ("ci", "ana", "eve")][-1]
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(TESTS)
    home, kept = folder / ".readiness", folder / "kept.db"
    live = home / "evidence.db"
    strict = CONFIG.replace("IDENTITY", "signed").replace("LEVEL", "L2")
    lenient = CONFIG.replace("IDENTITY", "declared").replace("LEVEL", "L1")

    (folder / "readiness.toml").write_text(strict)
    (folder / "broken").write_text("")
    _session("ci")
    _cli("block", "UC-003", "--reason", "vendor", "--by", ANA, signer="ana")
    shutil.copyfile(live, kept)
    bundles = []
    (folder / "broken").unlink()
    (folder / "readiness.toml").write_text(lenient)
    for signer in (None, "eve"):
        shutil.copyfile(kept, live)
        _session(signer)
        _cli("unblock", "UC-003", "--reason", "done", "--by", ANA, signer=signer)
        for name in ("UC-001", "UC-002", "UC-003"):
            _cli("review", name, "--approve", "--by", ANA, signer=signer)
        _cli("gate", "--keep")
        _cli("bundle", "-o", "a.zip", "--with-tree")
        bundles.append((folder / "a.zip").read_bytes())
        live.unlink()
        _session(signer)
        _cli("block", "UC-001", "--reason", "x", "--by", ANA, signer=signer)
        _cli("bundle", "-o", "b.zip")
        bundles.append((folder / "b.zip").read_bytes())
    _signer(None)
    (folder / "readiness.toml").write_text(strict)
    return Scene(folder, kept, live, tuple(bundles), ("UC-001", "UC-002", "UC-003"), eve)
