"""The gate against a second, slow model of the rules: invented histories, judged twice and compared."""
