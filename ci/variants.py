"""Hygiene of tier objects: code built for one CPU level must not leak into what runs on every machine.

    python ci/variants.py [--mode native|aarch64]

Builds the tier files of a mode and reads their objects. Refused:

* a weak, unique or COMDAT symbol: the linker keeps one copy for everybody, perhaps the one with wide
  instructions, and an older CPU dies of it in code that never chose this tier;
* start-up code (.init_array, .ctors): it runs before the CPU was asked what it has;
* an undefined symbol other than memcpy, memset, memmove, memcmp and isthmus::...: a call into a library may
  be a call into a template of it, and a tier needs none;
* a global symbol outside isthmus::<tier>: two tiers of one name would be one symbol.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import cxx
from manifest import ROOT, Manifest

C_CALLS: Final = {"memcpy", "memset", "memmove", "memcmp"}
LINKER: Final = {"_GLOBAL_OFFSET_TABLE_"}


def _readelf(option: str, path: Path) -> list[list[str]]:
    command = ["readelf", "-W", option, str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    return [line.split() for line in text.splitlines()]


def _in_namespace(symbol: str, *names: str) -> bool:
    """Whether a mangled name lies in isthmus::<names>::, be it a function, a constant or something local to
    one.
    """
    nested = "".join(f"{len(name)}{name}" for name in ("isthmus", *names))
    return symbol.startswith((f"_ZN{nested}", f"_ZNK{nested}", f"_ZZN{nested}", f"_ZTS{nested}"))


def check_object(path: Path, tier: str) -> list[str]:
    """What is wrong with one object file, in words."""
    faults = []
    for columns in _readelf("-S", path):
        names = [word for word in columns if word.startswith((".init_array", ".ctors", ".preinit_array"))]
        faults += [f"start-up code ({name})" for name in names]
    for columns in _readelf("-s", path):
        if len(columns) != 8 or not columns[0].rstrip(":").isdigit():
            continue
        kind, binding, section, symbol = columns[3], columns[4], columns[6], columns[7]
        if binding in ("WEAK", "UNIQUE"):
            faults.append(f"{binding.lower()} symbol {symbol}")
        elif section == "UND":
            if symbol not in C_CALLS | LINKER and not _in_namespace(symbol):
                faults.append(f"undefined symbol {symbol}")
        elif binding == "GLOBAL" and kind != "FILE" and not _in_namespace(symbol, tier):
            faults.append(f"global symbol {symbol} is not in isthmus::{tier}")
    return faults


def main() -> int:
    """Builds and reads the tier objects of one mode; prints every fault; 0 when there is none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="native", choices=[m for m in Manifest().modes if m != "sanitise"])
    options = parser.parse_args()
    if shutil.which("readelf") is None:
        print("variants: readelf is not installed (Debian: apt-get install binutils)", file=sys.stderr)
        return 1
    try:
        plan = cxx.plan_of(options.mode)
        cxx.build(plan, ["core"])
    except cxx.BuildError as error:
        print(f"variants: {error}", file=sys.stderr)
        return 1
    tiers = [source for source in plan.sources if source.kind == "tier"]
    faults = [f"{s.path}: {fault}" for s in tiers for fault in check_object(ROOT / plan.object_of(s), s.tier)]
    for fault in faults:
        print(fault)
    print(f"variants: {len(tiers)} tier objects of mode {options.mode}, {len(faults)} faults")
    return 1 if faults or not tiers else 0


if __name__ == "__main__":
    sys.exit(main())
