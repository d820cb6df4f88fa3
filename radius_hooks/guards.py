"""Who may ask: FreeRADIUS, which knows the secret. Anybody else learns nothing, not even that a path exists."""

import hmac

from flask import Flask, Response, request

from portal.core.config import Settings

HEADER = "X-Vestibule-Secret"


def protect(app: Flask, settings: Settings) -> None:
    """Refuse every request without the secret header: 403, empty. The comparison takes the same time for any guess."""
    secret = settings.radius_hook_secret.get_secret_value().encode()

    @app.before_request
    def only_freeradius() -> Response | None:
        given = request.headers.get(HEADER, "").encode("utf-8", "replace")
        return None if hmac.compare_digest(given, secret) else Response(status=403)
