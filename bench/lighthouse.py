"""`python -m bench.lighthouse`: Lighthouse's accessibility and performance of the dashboard's first screen.

Lighthouse is no part of the product: npm puts it into a folder of its own, which is removed again. Without npm, Node or
Chromium, or when the registry cannot be reached, it says so and leaves. A local measurement, on a phone as Lighthouse
imagines one and on a desktop; performance depends on the machine, accessibility does not.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support import browsing
from tests.support.camera import _sign_in
from tests.support.stage import VENUE, Stage, stage

PACKAGE = "lighthouse@12"  # the last line that runs on Node 18 and 20
CATEGORIES = ("accessibility", "performance")
PAGE = f"/dashboard/overview?venue={VENUE}"
FORMS = {"phone": [], "desktop": ["--preset=desktop"]}
PATIENCE = 300  # seconds, for each step


def main() -> None:
    """Print the scores, and what accessibility found."""
    if reason := browsing.missing() or _missing():
        print(f"skipped: {reason}")
        return
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        if reason := _install(Path(folder)):
            print(f"skipped: {reason}")
            return
        with stage(Path(data)) as theatre:
            theatre.language = "en"
            cookie = _cookie(theatre)
            for form, options in FORMS.items():
                _tell(form, _measured(Path(folder), theatre.base + PAGE, cookie, options))


def _missing() -> str | None:
    return next((f"{name} is not installed" for name in ("npm", "node") if shutil.which(name) is None), None)


def _install(folder: Path) -> str | None:
    """Why it could not be installed, or None."""
    command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return "the registry of npm did not answer in time"
    return None if done.returncode == 0 else f"npm could not install {PACKAGE}: {done.stderr.strip()[-300:]}"


def _cookie(theatre: Stage) -> str:
    """The session of a marketer, as the browser would send it."""
    with browsing.chromium() as browser:
        context = browser.new_context(base_url=theatre.base)
        _sign_in(context.new_page(), theatre.staff("marketer"))
        return "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in context.cookies())


def _measured(folder: Path, address: str, cookie: str, options: list[str]) -> dict[str, Any]:
    headers, report = folder / "headers.json", folder / "report.json"
    headers.write_text(json.dumps({"Cookie": cookie}))
    command = [
        str(folder / "node_modules/.bin/lighthouse"), address, "--quiet", "--output=json", f"--output-path={report}",
        f"--extra-headers={headers}", f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox", *options,
    ]  # fmt: skip
    environment = {"PATH": f"{Path(shutil.which('node') or '').parent}:/usr/bin:/bin", "CHROME_PATH": browsing.CHROMIUM or ""}
    subprocess.run(command, check=True, timeout=PATIENCE, env={**environment, "HOME": str(folder)})
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def _tell(form: str, found: dict[str, Any]) -> None:
    scores = ", ".join(f"{name} {round(found['categories'][name]['score'] * 100)}" for name in CATEGORIES)
    first, largest = (found["audits"][f"{name}-contentful-paint"]["displayValue"] for name in ("first", "largest"))
    print(f"first screen on a {form}: {scores}; first paint {first}, largest {largest}")
    for one in found["categories"]["accessibility"]["auditRefs"]:
        audit = found["audits"][one["id"]]
        if one["weight"] and audit["score"] is not None and audit["score"] < 1:
            print(f"  {audit['id']}: {audit['title']}")
            for item in audit.get("details", {}).get("items", [])[:5]:
                print(f"    {item.get('node', {}).get('snippet', '')[:160]}")


if __name__ == "__main__":
    sys.exit(main())
