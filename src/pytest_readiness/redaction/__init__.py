"""Redaction: secrets are found and removed before anything is written."""
