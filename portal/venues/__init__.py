"""Organizations, legal entities, venues, their Wi-Fi policy and gateways. Knows nothing of guests.

Called by every room above for "whose is this" and by the dashboard and the command line for settings.
"""
