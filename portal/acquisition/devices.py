"""What kind of device a browser runs on, coarsely: enough to see that one kind fails, too little to know a person."""

# iPads call themselves Macs since iPadOS 13 and cannot be told apart by this header; Android names itself beside Linux.
_FAMILIES = (
    ("iPhone", "iphone"), ("iPod", "iphone"), ("iPad", "ipad"), ("Android", "android"), ("Windows", "windows"),
    ("Macintosh", "mac"), ("Mac OS X", "mac"), ("Linux", "linux"), ("X11", "linux"),
)  # fmt: skip


def family_of(user_agent: str) -> str:
    """`iphone`, `android`, `ipad`, `windows`, `mac`, `linux` or `other`."""
    return next((family for mark, family in _FAMILIES if mark in user_agent), "other")
