"""What a figure means without its machine: nothing. Everything that must stand beside a measurement."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from isthmus import _native

ROOT: Final = Path(__file__).resolve().parents[1]
NEIGHBOURS: Final = ("PyNaCl", "cryptography", "coincurve", "numpy")


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Hardware", "CPU part")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "none"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def describe(seed: int, threads: int) -> dict[str, Any]:
    """Machine, compiler, CPU features, chosen rows, commit, neighbours' versions, seed: plain values for
    JSON."""
    info = _native.info()
    chosen = {
        operation: next((tier for tier, state, _ in rows if state == "chosen"), "?")
        for operation, rows in info["operations"]
    }
    features = [name for name, _, usable, _ in info["features"] if usable]
    return {
        "cpu": _cpu(),
        "arch": info["arch"],
        "cpus_usable": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "compiler": info["compiler"],
        "features": features,
        "tiers": chosen,
        "commit": _commit(),
        "neighbours": {package: _version(package) for package in NEIGHBOURS},
        "seed": seed,
        "threads": threads,
    }


def lines(description: dict[str, Any]) -> list[str]:
    """The same for a reader."""
    tiers = ", ".join(f"{name}={tier}" for name, tier in description["tiers"].items())
    neighbours = ", ".join(f"{name} {version}" for name, version in description["neighbours"].items())
    return [
        f"machine   {description['cpu']} ({description['arch']}), {description['cpus_usable']} usable CPUs, "
        f"load {description['load']:.1f}",
        f"system    {description['system']}, Python {description['python']}, {description['compiler']}",
        f"features  {' '.join(description['features']) or 'none'}",
        f"rows      {tiers or 'none'}",
        f"beside    {neighbours}",
        f"run       commit {description['commit']}, seed {description['seed']}, "
        f"{description['threads']} thread{'s' if description['threads'] != 1 else ''}",
    ]
