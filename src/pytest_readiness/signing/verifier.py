"""Verifier of signatures with a trusted key."""

from __future__ import annotations

from msgspec import Struct

from ..errors import ConfigError
from ..facts.checkpoint import Checkpoint
from ..facts.envelope import Envelope
from ..verdict.policy import TrustedKey
from . import keys


class Verifier(Struct, frozen=True):
    """A trusted key, and which signatures are by it."""

    key: TrustedKey

    def verifies(self, envelope: Envelope) -> bool:
        """Return whether the key signed a statement."""
        try:
            return keys.verify_signature(self.key.public, envelope)
        except ConfigError:  # an unsupported kind of key, which ``check`` reports
            return False

    def is_named_by(self, envelope: Envelope) -> bool:
        """Return whether a statement names the key, which is no proof."""
        try:
            return keys.names_key(self.key.public, envelope)
        except ConfigError:
            return False

    def verifies_checkpoint(self, checkpoint: Checkpoint) -> bool:
        """Return whether the key signed a checkpoint.

        Raises:
            ConfigError: the kind of key is not supported, or the library is not installed.
        """
        return keys.verify_note(self.key.public, checkpoint)

    def has_false_signature(self, checkpoint: Checkpoint) -> bool:
        """Return whether a signature of a checkpoint names the key, but does not verify.

        Raises:
            ConfigError: the kind of key is not supported, or the library is not installed.
        """
        return keys.has_false_signature(self.key.public, checkpoint)
