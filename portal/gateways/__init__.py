"""One module per kind of Wi-Fi gateway: read its redirect, let a device in, put it out. No tables, no rules of ours."""
