"""The inline style of guest pages: one small sheet plus the venue's accent, allowed by its CSP hash."""

import re
from functools import lru_cache

from flask import g
from markupsafe import Markup

from portal.core.share import SHARE
from portal.web.colour import DEFAULT_ACCENT, Palette, palette
from portal.web.security import csp_hash

_SHEET = SHARE / "static" / "guest" / "guest.css"


def minify(css: str) -> str:
    """Comments and spaces out: enough for a hand-written sheet without strings that hold either."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r" ?([{};,]) ?", r"\1", css)
    return re.sub(r": ", ":", css).replace(";}", "}").strip()


@lru_cache(maxsize=512)
def page_style(accent: str) -> Markup:
    """The whole text of the <style> block for a venue's accent colour."""
    light, dark = palette(accent)
    sheet = minify(_SHEET.read_text(encoding="utf-8"))
    rules = f":root{{{_variables(light)}}}@media (prefers-color-scheme:dark){{:root{{{_variables(dark)}}}}}"
    return Markup(sheet + rules)  # noqa: S704  # our own file and six computed colours


@lru_cache(maxsize=512)
def _allowed(accent: str) -> tuple[Markup, str]:
    style = page_style(accent)
    return style, csp_hash(style)


def use_style(accent: str = DEFAULT_ACCENT) -> Markup:
    """The block's text, and this answer's CSP lets exactly it through."""
    style, allowed = _allowed(accent)
    earlier = getattr(g, "csp_styles", ())
    if allowed not in earlier:
        g.csp_styles = (*earlier, allowed)
    return style


def _variables(colours: Palette) -> str:
    return f"--page:{colours.page};--accent:{colours.accent};--on-accent:{colours.on_accent};--accent-ink:{colours.ink}"
