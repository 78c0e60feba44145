"""Names of what signs: variables, and the library (extra ``sign``), which is not loaded here."""

from __future__ import annotations

from importlib.util import find_spec

SIGNER = "READINESS_SIGNER"
SECRET = "READINESS_SIGNER_SECRET"  # noqa: S105 - the name of a variable
"""The variable with the secret of the signing key: the passphrase of a file, or the PIN of an HSM."""
FILE_SCHEME = "file2"
MISSING = "signatures need an extra: pip install 'pytest-readiness[sign]'"


def missing_library() -> str:
    """Return advice if the library is not installed, else an empty text. Nothing is imported."""
    return "" if find_spec("securesystemslib") and find_spec("cryptography") else MISSING
