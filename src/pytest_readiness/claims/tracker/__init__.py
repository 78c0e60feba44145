"""The tracker file: reads its register in any format, and writes its status cells."""
