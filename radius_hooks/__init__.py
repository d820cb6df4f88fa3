"""What FreeRADIUS asks: may this device go online, and what it reports. See `raddb/` for its configuration."""
