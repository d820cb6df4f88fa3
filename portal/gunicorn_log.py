"""gunicorn's log in the house's JSON. A line of access names the path without its tokens and never the query."""

import logging
import sys
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from portal.core.logging import Redacted

READINESS = "/readyz"


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Replaces gunicorn's formats; switching the access log off still works."""

    def setup(self, cfg: Any) -> None:
        """Send both of gunicorn's logs to stderr as JSON."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            out = logging.StreamHandler(sys.stderr)
            out.setFormatter(Redacted())
            log.handlers[:] = [out]
            log.propagate = False

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """One answered request. No address: it is personal data and the visit keeps it on its own clock.

        Whoever watches over the server asks /readyz every few seconds, and `vestibule serve` ten times a second until it
        stands: those lines would bury the guide and the SMS of the demo.
        """
        if not self.access_log_enabled or environ.get("PATH_INFO") == READINESS:
            return
        self.access_log.info(
            "request",
            extra={
                "method": req.method,
                "path": environ.get("PATH_INFO", ""),
                "status": resp.status_code,
                "bytes": getattr(resp, "sent", 0) or 0,
                "ms": round(request_time.total_seconds() * 1000, 1),
            },
        )
