"""SMS Aero's delivery receipts: form-encoded or JSON, unsigned, repeated until answered with 200."""

from collections.abc import Mapping

from flask import request
from prometheus_client import Counter

from portal.signup.messages import on_status
from portal.sms import receipts
from portal.web.callbacks import bp
from portal.web.parts import parts

MAX_BODY = 4096
RECEIPTS = Counter("vestibule_sms_receipts", "Delivery receipts.", ("outcome",))


@bp.post("/callbacks/smsaero/<secret>")
def smsaero_receipt(secret: str) -> tuple[str, int]:
    """The same empty 200 for a receipt that is new, repeated, unknown or forged: a refusal would only be repeated."""
    request.max_content_length = MAX_BODY
    request.max_form_memory_size = MAX_BODY
    provider_id, status = _read()
    with parts().database.writing() as session:
        outcome = receipts.apply(session, secret, provider_id, status, parts().clock(), on_status)
    RECEIPTS.labels(outcome).inc()
    return "", 200


def _read() -> tuple[str, int]:
    try:
        body = request.get_json(silent=True) if request.is_json else request.form
    except RecursionError:  # four thousand brackets
        body = None
    fields: Mapping[str, object] = body if isinstance(body, Mapping) else {}
    status = str(fields.get("status", ""))
    return str(fields.get("id", ""))[:40], int(status) if status.isascii() and status.isdigit() else -1
