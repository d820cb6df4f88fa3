"""The demo's telephone: console SMS as a page. It shows codes, so it exists only behind its own switch."""

from flask import abort, render_template, request

from portal.sms.senders.console import kept_file, kept_messages
from portal.web.guest import bp
from portal.web.parts import parts

FORWARDED = ("forwarded", "via", "x-forwarded", "x-real-ip")


@bp.get("/demo/sms")
def demo_sms() -> str:
    """Newest first; 404 without the switch, beside a public URL, or when a proxy brought the request."""
    settings = parts().settings
    forwarded = any(name.lower().startswith(FORWARDED) for name, _ in request.headers)
    if not settings.demo_sms_page or settings.public_url or forwarded:
        abort(404)
    messages = kept_messages(kept_file(settings.data_dir))
    return render_template("guest/demo_sms.html", messages=messages[::-1])
