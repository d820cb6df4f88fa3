"""Errors of the product. They carry a code, never a sentence: each edge has its own table of words."""


class PortalError(Exception):
    """A refusal with a stable code (`unknown_source`, `expired_page`, …) that an edge turns into a page or a reply."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class UpstreamError(PortalError):
    """An outside service (SMS gate, gateway) failed; nothing committed on our side was lost."""


class NetworkInsideTransaction(RuntimeError):
    """A programming error: somebody tried to talk to the network while a transaction was open."""
