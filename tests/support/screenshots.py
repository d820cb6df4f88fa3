"""`make screenshots`: every page × state × language × size into screenshots/, with an index and one contact sheet."""

import argparse
import shutil
import sys
import tempfile
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.support import browsing
from tests.support.camera import shown
from tests.support.pages import LANGUAGES, SIZES, STATES, State
from tests.support.stage import Stage, stage

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
THUMB = (240, 320)
COLUMNS = 8


def main() -> None:
    """Take all pictures, or those whose state's name holds a word."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only states whose name holds it")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"))
    asked = parser.parse_args()
    if browsing.missing():
        sys.exit(browsing.missing())
    shutil.rmtree(asked.folder, ignore_errors=True)
    states = [state for state in STATES if asked.word in state.name]
    with tempfile.TemporaryDirectory() as data, stage(Path(data)) as theatre:
        pictures = _take(theatre, states, asked.folder)
    _index(asked.folder, pictures)
    _contact_sheet(asked.folder, pictures)
    print(f"{len(pictures)} pictures, {asked.folder / 'index.html'}, {asked.folder / 'contact-sheet.png'}")


def _take(theatre: Stage, states: list[State], folder: Path) -> list[Path]:
    pictures = []
    with browsing.chromium() as browser:
        for number, state in enumerate(states, 1):
            print(f"{number}/{len(states)} {state.name}", file=sys.stderr)
            for language in LANGUAGES:
                with shown(browser, theatre, state, language) as seen:
                    for width, height in SIZES:
                        seen.page.set_viewport_size({"width": width, "height": height})
                        path = folder / f"{state.name.replace(' ', '-').replace(',', '')}.{language}.{width}.png"
                        seen.picture(path)
                        pictures.append(path)
    return pictures


def _index(folder: Path, pictures: list[Path]) -> None:
    rows = "".join(
        f'<figure><a href="{escape(p.name)}"><img loading="lazy" src="{escape(p.name)}"></a>'
        f"<figcaption>{escape(p.stem)}</figcaption></figure>"
        for p in pictures
    )
    style = "body{font:14px system-ui;display:flex;flex-wrap:wrap;gap:16px}figure{margin:0;width:300px}img{width:100%}"
    (folder / "index.html").write_text(f'<!doctype html><meta charset="utf-8"><title>Pages</title><style>{style}</style>{rows}')


def _contact_sheet(folder: Path, pictures: list[Path]) -> None:
    font = ImageFont.truetype(FONT, 11) if Path(FONT).exists() else ImageFont.load_default()
    across, down = THUMB[0] + 12, THUMB[1] + 32
    sheet = Image.new("RGB", (across * COLUMNS, down * -(-len(pictures) // COLUMNS)), "#eeeeee")
    pen = ImageDraw.Draw(sheet)
    for number, path in enumerate(pictures):
        left, top = number % COLUMNS * across, number // COLUMNS * down
        with Image.open(path) as picture:
            picture.thumbnail(THUMB)
            sheet.paste(picture.convert("RGB"), (left + 6, top + 6))
        pen.text((left + 6, top + THUMB[1] + 10), path.stem[:40], fill="#333333", font=font)
    sheet.save(folder / "contact-sheet.png")


if __name__ == "__main__":
    main()
