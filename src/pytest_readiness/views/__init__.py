"""Views: functions from a report to text. They read no clock, no file and no environment."""
