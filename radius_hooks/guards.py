"""Who may ask: FreeRADIUS, which knows the secret. Anybody else learns nothing, not even that a path exists."""

import hmac
from typing import Any

from flask import Flask, Response, request

from portal.core.config import Settings

HEADER = "X-Vestibule-Secret"
_VARIABLE = "HTTP_" + HEADER.upper().replace("-", "_")


class Guard:
    """Knows the secret. The comparison takes the same time for any guess."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.radius_hook_secret.get_secret_value().encode()

    def knows(self, environ: dict[str, Any]) -> bool:
        """True when the request's header (WSGI) brings the secret."""
        return hmac.compare_digest(environ.get(_VARIABLE, "").encode("utf-8", "replace"), self._secret)


def protect(app: Flask, guard: Guard) -> None:
    """Refuse every request without the secret header: 403, empty."""

    @app.before_request
    def only_freeradius() -> Response | None:
        return None if guard.knows(request.environ) else Response(status=403)
