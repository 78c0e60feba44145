"""The tracker: its register read from any format, and its status cells written."""
