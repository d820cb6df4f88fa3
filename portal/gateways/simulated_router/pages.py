"""The router's few pages, for developers: English, plain, without scripts."""

from html import escape

from portal.gateways.simulated_router.router import Router

_FRAME = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>body{{font:17px/1.5 system-ui;max-width:36rem;margin:2rem auto;padding:0 1rem}}"
    "button{{font:inherit;padding:.6rem 1rem}}li{{margin:.5rem 0}}</style><h1>{title}</h1>{body}</html>"
)


def frame(title: str, body: str) -> str:
    """A whole page; `body` is HTML."""
    return _FRAME.format(title=escape(title), body=body)


def home(router: Router) -> str:
    """Choose a fake device, or make one."""
    now = router.clock()
    rows = "".join(
        f'<li><a href="/device/{d.mac}/">{d.mac}</a> {"online" if d.until > now else "blocked"}</li>'
        for d in list(router.devices.values())
    )
    return frame(
        "Pretend Wi-Fi router",
        "<p>It keeps a pretend phone off the internet until the portal lets it in.</p>"
        '<form method="post" action="/new"><button>Join the Wi-Fi with a new phone</button></form>'
        f"<ul>{rows}</ul>",
    )


def internet(router: Router, mac_text: str, seconds_left: int) -> str:
    """What a device that was let in sees instead of the internet."""
    back = escape(f"{router.portal_url}/")
    return frame(
        "This is the internet",
        f"<p>Device {escape(mac_text)} is online for {seconds_left} s more.</p>"
        f'<form method="post" action="/device/{escape(mac_text)}/leave"><button>Leave the Wi-Fi</button></form>'
        f'<p><a href="/">All devices</a> · <a href="{back}">The portal</a></p>',
    )


def refused(why: str) -> str:
    """The router did not let the device in."""
    return frame("Not let in", f'<p>The router refused: {escape(why)}.</p><p><a href="/">Back to the devices</a></p>')
