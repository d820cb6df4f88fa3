"""The README's table of settings, made from the class that reads them."""

from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from portal.core.config import Settings

START, END = "<!-- settings -->", "<!-- /settings -->"
README = Path(__file__).parents[2] / "README.md"


def table() -> str:
    """Markdown, in the order of the class; what it inherits (e-mail) comes last."""
    rows = [
        f"| `VESTIBULE_{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in sorted(Settings.model_fields.items(), key=lambda item: item[0] not in Settings.__annotations__)
    ]
    return "\n".join(["| Setting | Default | Meaning |", "|---|---|---|", *rows])


def between_markers(text: str) -> str:
    """What stands between the markers now."""
    return text.split(START, 1)[1].split(END, 1)[0].strip()


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, timedelta):
        return f"`{_iso(value)}`"
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value not in ("", ()) else "–"


def _iso(value: timedelta) -> str:
    minutes = int(value.total_seconds() // 60)
    return f"P{value.days}D" if value.days and not value.seconds else f"PT{minutes}M"


if __name__ == "__main__":
    before, rest = README.read_text().split(START, 1)
    README.write_text(f"{before}{START}\n{table()}\n{END}{rest.split(END, 1)[1]}")
