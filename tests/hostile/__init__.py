"""Hostile conditions: kills, full disks, folders without permission, wrong clocks, damaged bytes, invented input."""
