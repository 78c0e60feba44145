"""Redaction of secrets before anything is written.

``redactor`` is the entry point. Each text passes through four layers, and what they find is replaced by
``[REDACTED:rule]``:

1. Known secrets: registered values, and the values of environment variables with secret names (``secret_variables``,
   ``harmless_values``), with the secrets inside of them (``embedded_secrets``). They are searched for in every spelling
   (``encodings``, ``known_secrets``), also as fragments in a shortened text (``truncated_secrets``).
2. Secrets by context (``key_scan``): values of secret names (``secret_names``, ``key_value_rules``,
   ``name_value_fields``, ``http_headers``), and those in phrases, commands and the output of Terraform
   (``credential_formats``, ``program_options``, ``terraform_output``).
3. Tokens with a known format (``token_patterns``).
4. Redactors of plugins (``plugin_redactors``).

``spans`` merges the matches (``match``). Names of tests and command lines have rules of their own (``test_names``,
``parameter_source``, ``command_line``). ``text_detection`` decides which files are texts. ``fingerprint_key`` is the
key for the fingerprints of secrets. The other modules only save time: ``prefix_filter``, ``name_cache``,
``text_scanner`` and ``repeated_text``.
"""
