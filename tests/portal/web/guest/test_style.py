"""The one inline style block, and the rule that lets it through."""

import base64
import hashlib

from flask import Flask, g

from portal.web.guest.style import minify, page_style, use_style


def test_the_answer_allows_exactly_the_block_that_it_carries() -> None:
    with Flask("test").test_request_context():
        style = use_style("#336699")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert g.csp_styles == (f"'sha256-{digest}'",)


def test_a_page_drawn_twice_allows_its_block_once() -> None:
    with Flask("test").test_request_context():
        use_style("#336699")
        use_style("#336699")
        assert len(g.csp_styles) == 1


def test_two_venues_differ_by_their_colours_only() -> None:
    one, other = page_style("#336699"), page_style("#8a4b2a")
    assert one != other
    assert one[: one.rindex("--page")].startswith(other[:4000])


def test_a_hostile_accent_never_reaches_the_block() -> None:
    assert "evil" not in page_style("#ffffff}</style><script src=//evil>")
    assert "<" not in page_style("</style>")


def test_every_colour_of_the_sheet_is_given_a_value() -> None:
    style = page_style("#8a4b2a")
    used = {part.split(")")[0] for part in style.split("var(")[1:]}
    assert used == {name for name in used if f"{name}:" in style}
    assert {"--page", "--accent", "--on-accent", "--accent-ink"} <= used


def test_minifying_keeps_what_spaces_mean() -> None:
    assert minify("a b { x: 1px 2px ; }\n/* gone */ @media (min-width: 4px) and (y) { c + d { e: f } }") == (
        "a b{x:1px 2px}@media (min-width:4px) and (y){c + d{e:f}}"
    )
