"""Files of many Bitcoin blocks: a node's ``blk*.dat``, where each block follows its network's magic and its length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from isthmus.columns import Buffer
from isthmus.commands.common import UsageError

NETWORK_OF: Final = {
    bytes.fromhex("f9beb4d9"): "main",
    bytes.fromhex("0b110907"): "testnet3",
    bytes.fromhex("1c163f28"): "testnet4",
    bytes.fromhex("0a03cf40"): "signet",
    bytes.fromhex("fabfb5da"): "regtest",
}

_HEAD: Final = 8  # magic and length
_KEY_MAX: Final = 64


class Frame(NamedTuple):
    """One block of a file: where its bytes begin, the bytes, and the network that its magic names."""

    offset: int
    block: memoryview
    network: str


def is_framed(data: Buffer) -> bool:
    """Whether the file begins as a ``blk*.dat`` does. A block itself never does: its first field is a version."""
    return bytes(data[:4]) in NETWORK_OF


def frames(data: Buffer, name: str) -> Iterator[Frame]:
    """The blocks of a framed file, in file order and without a copy.

    Zeros at the end are room that the node has set aside. A block that the file cuts short is given as far as it goes,
    so that the decoder can say where it ends. Anything else between blocks is a ``UsageError`` with its offset.
    """
    view = memoryview(data).toreadonly()
    at = 0
    while at < len(view):
        magic = bytes(view[at : at + 4])
        network = NETWORK_OF.get(magic)
        if network is None:
            if not np.frombuffer(view[at:], dtype=np.uint8).any():
                return
            raise UsageError(
                f"{name}: no block at byte {at}: {magic.hex()} is the magic of no known network",
                "if a node wrote the file since it was cut or copied, copy it again while the node is stopped",
            )
        start = at + _HEAD
        end = start + int.from_bytes(view[at + 4 : start], "little")
        yield Frame(start, view[start:end], network)
        at = end


def unscramble(data: Buffer, key: Buffer, name: str) -> bytes:
    """``data`` with the key of a node's ``xor.dat`` taken off (Bitcoin Core 28 and later write files this way)."""
    if not 1 <= len(key) <= _KEY_MAX:
        raise UsageError(f"{name}: a key of {len(key)} bytes", "the key is the file xor.dat beside the blk*.dat files")
    scrambled = np.frombuffer(data, dtype=np.uint8)
    repeated = np.resize(np.frombuffer(key, dtype=np.uint8), scrambled.size)
    return (scrambled ^ repeated).tobytes()
