"""Who worked while something was measured: processor time of programs, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Programs:
    """Names of programs, each with a piece of its command line by which its processes are known."""

    marks: dict[str, str]

    def seconds(self) -> dict[str, float]:
        """Of user and system time until now, all living processes of each together."""
        found = dict.fromkeys(self.marks, 0.0)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                words = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            for name, mark in self.marks.items():
                if mark in command:
                    found[name] += (int(words[11]) + int(words[12])) / _SECOND
        return found


def microseconds(before: dict[str, float], after: dict[str, float], answers: int) -> dict[str, float]:
    """What one answer cost each program."""
    return {name: (after[name] - before[name]) / answers * 1e6 for name in before}
