"""The commands: one file a command or a close family of them, each loaded only when it is called."""
