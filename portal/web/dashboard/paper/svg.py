"""A drawing as SVG in millimetres: outlines only, so that it needs no font and looks the same everywhere."""

from collections.abc import Iterator
from html import escape

from portal.web.dashboard.paper import type
from portal.web.dashboard.paper.drawing import Drawing, Words


def write(drawing: Drawing, words: Words) -> str:
    """The whole file. Presentation attributes only: no style sheet, no script, no link."""
    width, height = drawing.format.width, drawing.height
    face = "".join(_face(drawing))
    faces = f'<g transform="translate(0 {height / 2:g})">{face}</g>' if drawing.format.folded else face
    if drawing.format.folded:
        faces += f'<g transform="rotate(180 {width / 2:g} {height / 4:g})">{face}</g>'
    title = escape(f"{words.name}: {words.why}, {words.link}", quote=False)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}mm" height="{height:g}mm" viewBox="0 0 {width:g} {height:g}"'
        f' role="img"><title>{title}</title><rect width="{width:g}" height="{height:g}" fill="#ffffff"/>{faces}</svg>\n'
    )


def _face(drawing: Drawing) -> Iterator[str]:
    for box in drawing.boxes:
        yield f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" fill="{box.colour}"/>'
    for line in drawing.lines:
        path = type.outline(line.text, line.weight, line.size)
        yield f'<path transform="translate({line.x:.3f} {line.y:.3f})" fill="{line.colour}" d="{path}"/>'
    mark = drawing.mark
    side, steps = mark.code.modules, mark.code.module
    loops = "".join(f"M{'L'.join(f'{x} {y}' for x, y in loop)}Z" for loop in mark.code.outline)
    yield (
        f'<g transform="translate({mark.x:.3f} {mark.y:.3f}) scale({steps:.5f})"><rect width="{side}" height="{side}" '
        f'fill="#ffffff"/><path fill="#000000" fill-rule="evenodd" d="{loops}"/></g>'
    )
