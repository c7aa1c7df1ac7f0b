"""Chains: what a caller trusts (anchors), and adapters for the forms in which nodes hand out their data.

One small module per chain, loaded on first use. Rules live in the native decoders; nothing here decides anything.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isthmus.chains import bitcoin, chainmaker, cometbft, fabric, fisco

__all__ = ["bitcoin", "chainmaker", "cometbft", "fabric", "fisco"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
