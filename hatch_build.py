"""Compiles the message catalogues into the wheel; `.mo` files are never committed."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface):
    """Writes a .mo beside every .po, in one step: somebody may be reading the old one."""

    def initialize(self, version, build_data):
        for po in Path(self.root, "portal", "translations").glob("*/LC_MESSAGES/*.po"):
            fresh = po.with_suffix(f".mo.{os.getpid()}")
            with po.open("rb") as source, fresh.open("wb") as target:
                write_mo(target, read_po(source))
            fresh.replace(po.with_suffix(".mo"))
