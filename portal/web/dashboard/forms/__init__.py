"""Forms of the dashboard. They read and check what was typed; they change nothing."""
