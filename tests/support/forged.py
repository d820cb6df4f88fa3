"""Tokens that somebody changed."""


def forged(token: str) -> str:
    """The token with another first letter, whatever the first letter was."""
    return ("A" if token[0] != "A" else "B") + token[1:]
