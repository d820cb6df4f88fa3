"""A pretend Wi-Fi router: a small server of its own that keeps fake devices offline until the portal lets them in.

It does what a hotspot router does: redirects a blocked device to the portal, asks RADIUS whether it may go online,
enforces Session-Timeout and reports accounting. A developer's tool; it serves no guest and speaks English only.
"""
