"""Commands of ``readiness``, one file each. A command is loaded only when it is called."""
