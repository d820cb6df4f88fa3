"""The doors that people and providers use: views and forms, no rules."""
