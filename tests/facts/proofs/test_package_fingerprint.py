"""Package fingerprints: computed from the files on disk, or refused."""

from __future__ import annotations

import base64
import hashlib
import json
import sys

import pytest

from pytest_readiness.errors import ProofError
from pytest_readiness.facts.proofs.package_fingerprint import package_statement

FILES = {"sdk/__init__.py": b"VERSION = 1\n", "sdk/data.bin": b"\x00\x01", "my_sdk-1.0.dist-info/METADATA": b""}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Create a folder with an installed distribution ``my-sdk``."""
    install(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def install(folder, files=FILES, direct_url=None):
    """Write files, their RECORD, and their origin."""
    info = "my_sdk-1.0.dist-info"
    files = {**files, f"{info}/METADATA": b"Metadata-Version: 2.1\nName: my-sdk\nVersion: 1.0\n"}
    rows = []
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        encoded = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={encoded},{len(data)}")
    rows += ["sdk/__pycache__/__init__.cpython-311.pyc,,", f"{info}/RECORD,,"]
    (folder / info / "RECORD").write_text("\n".join(rows) + "\n")
    if direct_url is not None:
        (folder / info / "direct_url.json").write_text(json.dumps(direct_url))


def refused(name="my-sdk"):
    """Return the message of a refused statement."""
    with pytest.raises(ProofError) as caught:
        package_statement(name)
    return str(caught.value)


def test_a_statement_is_what_the_files_say(site):
    """Name, version and a digest that anybody can compute again from the files."""
    metadata = (site / "my_sdk-1.0.dist-info" / "METADATA").read_bytes()
    rows = sorted(
        [name, hashlib.sha256(data).hexdigest(), len(data)]
        for name, data in {**FILES, "my_sdk-1.0.dist-info/METADATA": metadata}.items()
    )
    digest = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
    assert package_statement("My_SDK") == {"name": "my-sdk", "version": "1.0", "files": 3, "digest": f"sha256:{digest}"}


def test_a_changed_file_is_named(site):
    """An edited installation cannot be attested."""
    (site / "sdk" / "__init__.py").write_bytes(b"VERSION = 2\n")
    assert "my-sdk 1.0 is not as it was installed: sdk/__init__.py has another content" in refused()


def test_a_missing_file_is_named(site):
    """An installation with a missing file cannot be attested."""
    (site / "sdk" / "data.bin").unlink()
    assert "sdk/data.bin is missing" in refused()


def test_another_release_has_another_digest(site):
    """The digest depends on what is in the files."""
    before = package_statement("my-sdk")["digest"]
    install(site, {**FILES, "sdk/__init__.py": b"VERSION = 3\n"})
    assert package_statement("my-sdk")["digest"] != before


def test_compiled_files_make_no_difference(site):
    """Compiled files do not change the digest."""
    before = package_statement("my-sdk")
    (site / "sdk" / "__pycache__").mkdir()
    (site / "sdk" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"x")
    assert package_statement("my-sdk") == before


def test_an_editable_installation_attests_nothing(site):
    """An editable install is refused, whether the installer noted it or left only a pointer."""
    install(site, direct_url={"url": "file:///src", "dir_info": {"editable": True}})
    assert "is installed editable" in refused()
    install(site, {"__editable__.my_sdk-1.0.pth": b"/src\n"}, direct_url={})
    assert "is installed editable" in refused()


def test_an_installation_without_a_record_attests_nothing(site):
    """An installation without RECORD is refused."""
    (site / "my_sdk-1.0.dist-info" / "RECORD").unlink()
    assert "no RECORD" in refused()


def test_an_unknown_distribution_is_told_with_the_nearest(site):
    """An unknown name is refused with the nearest known one."""
    assert "no distribution 'my-sdkk' is installed here (did you mean 'my-sdk'?)" in refused("my-sdkk")
    assert "no distribution '' is installed here" in refused("")
