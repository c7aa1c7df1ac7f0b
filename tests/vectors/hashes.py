"""Hash vectors: NIST CAVP response files, ACVP JSON, Botan's .vec text, BLAKE3's JSON and XKCP's permutations, each
recognised by its content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpers.data import files, json_files

# Digest names of the files, by the project's name.
NAMES: Final = {"sha256": ("SHA256", "SHA-256", "SHA2-256"), "sha512": ("SHA512", "SHA-512", "SHA2-512"),
                "sha384": ("SHA384", "SHA-384", "SHA2-384"),
                "ripemd160": ("RIPEMD160", "RIPEMD-160"), "sm3": ("SM3",),
                "keccak256": ("KECCAK-1600(256)",), "sha3-256": ("SHA3-256",),
                "blake3": ("BLAKE3",)}  # fmt: skip

# RIPEMD-160's own published answers (the paper's appendix), and double hashes that every Bitcoin reader
# knows.
RIPEMD160_KNOWN: Final = (
    (b"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
    (b"a", "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"),
    (b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
    (b"message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"),
    (b"abcdefghijklmnopqrstuvwxyz", "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
    (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "12a053384a9c0c88e405a06c27dcf49ada62eb2b"),
    (
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "b0e20b6e3116640286ed3a87a5713079b21f5189",
    ),
    (b"1234567890" * 8, "9b752e45573d4b39f4dbd3323cab82bf63326bfb"),
    (b"a" * 1_000_000, "52783243c1697bdbe16d37f97f68f08325dc1528"),
)

# FIPS 180-4's examples.
SHA2_KNOWN: Final = (
    ("sha256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("sha256", b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ("sha256", b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ("sha384", b"abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                       "8086072ba1e7cc2358baeca134c825a7"),
    ("sha512", b"abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
    ("sha512", b"a" * 1_000_000, "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                                 "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"),
)  # fmt: skip


# Keccak-256 as Ethereum knows it: of nothing (EIP-1052), of an empty list in RLP, and of a function's signature.
KECCAK_KNOWN: Final = (
    (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    (b"\xc0", "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    (b"transfer(address,uint256)", "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b"),
)


@dataclass(frozen=True, slots=True)
class HashRow:
    """One message and its digest."""

    source: str
    message: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """CAVP's Monte Carlo run: a seed and the digests after each thousand hashes.

    A message of SHA-2's run is the last three digests, of SHA-3's the last one (SHA3VS, section 6.2.3).
    """

    source: str
    name: str
    seed: bytes
    digests: tuple[bytes, ...]


def _own_name(label: str) -> str | None:
    for name, labels in NAMES.items():
        if label.upper() in labels:
            return name
    return None


def _rsp(path: Path) -> Iterator[HashRow]:
    length, message = 0, b""
    for line in path.read_text().splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "Len":
            length = int(value)
        elif name == "Msg":
            message = bytes.fromhex(value)[: length // 8]
        elif name == "MD" and length % 8 == 0:
            yield HashRow(path.name, message, bytes.fromhex(value))


def _vec(path: Path) -> Iterator[tuple[str, HashRow]]:
    own, message = None, b""
    for line in path.read_text().splitlines():
        section = re.match(r"\[(.+)\]", line.strip())
        if section:
            own = _own_name(section[1])
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "In":
            message = bytes.fromhex(value)
        elif name == "Out" and own is not None:
            yield own, HashRow(path.name, message, bytes.fromhex(value))


def _named(path: Path) -> Iterator[tuple[str, HashRow]]:
    """OpenSSL's evpmd text: blocks of Digest, Input (hexadecimal, or text in quotes) and Output."""
    for block in re.split(r"\n\s*\n", path.read_text()):
        fields = dict(re.findall(r"^(\w+) = (.*)$", block, re.MULTILINE))
        own = _own_name(fields.get("Digest", ""))
        if own is not None and not {"Count", "Ncopy"} & set(fields):
            said = fields["Input"]
            message = said.strip('"').encode() if said.startswith('"') else bytes.fromhex(said)
            yield own, HashRow(path.name, message, bytes.fromhex(fields["Output"]))


def _acvp(path: Path, content: Any) -> Iterator[HashRow]:
    for group in content["testGroups"]:
        for test in group["tests"]:
            if "msg" in test and "md" in test and test.get("len", 0) % 8 == 0 and group.get("testType") == "AFT":
                message = bytes.fromhex(test["msg"])[: test.get("len", 0) // 8]
                yield HashRow(path.name, message, bytes.fromhex(test["md"]))


def load(folder: Path) -> dict[str, list[HashRow]]:
    """Rows by our name of the hash, from every known form below `folder`."""
    found: dict[str, list[HashRow]] = {name: [] for name in NAMES}
    for path in files(folder, "*.rsp"):
        part = re.match(r"(SHA256|SHA512|SHA3_256)(Short|Long)Msg", path.name)
        if part:
            found[part[1].lower().replace("_", "-")] += _rsp(path)
    for path in files(folder, "*.vec"):
        for name, row in _vec(path):
            found[name].append(row)
    for path in files(folder, "*oscca*.txt"):
        found["sm3"] += _rsp(path)
    for path in files(folder, "*evpmd*.txt"):
        for name, row in _named(path):
            found[name].append(row)
    for path, content in json_files(folder):
        if isinstance(content, dict) and "testGroups" in content:
            own = _own_name(str(content.get("algorithm", "")))
            if own is not None:
                found[own] += _acvp(path, content)
        elif isinstance(content, dict) and "BLAKE3" in str(content.get("context_string")):
            found["blake3"] += _blake3(path, content)
    return found


def _blake3(path: Path, content: Any) -> Iterator[HashRow]:
    """Inputs count 0, 1, .. modulo 251; the first 32 bytes of an output are the digest."""
    for case in content["cases"]:
        length = case["input_len"]
        message = (bytes(range(251)) * (length // 251 + 1))[:length]
        yield HashRow(path.name, message, bytes.fromhex(case["hash"])[:32])


def permutations(folder: Path) -> Iterator[tuple[bytes, bytes]]:
    """XKCP's examples of Keccak-f[1600]: a state of 200 bytes before and after."""
    pattern = r"Input of permutation:\n(.+)\n(?s:.+?)State after permutation:\n(.+)\n"
    for path in files(folder, "KeccakF-1600-*.txt"):
        for before, after in re.findall(pattern, path.read_text()):
            yield bytes.fromhex(before), bytes.fromhex(after)


def monte_carlo(folder: Path) -> Iterator[MonteCarlo]:
    """CAVP Monte Carlo files of SHA-256, SHA-512 and SHA3-256."""
    for path in files(folder, "SHA256Monte.rsp", "SHA512Monte.rsp", "SHA3_256Monte.rsp"):
        text = path.read_text()
        seed = re.search(r"Seed = ([0-9a-f]+)", text)
        assert seed is not None, path
        digests = tuple(bytes.fromhex(value) for value in re.findall(r"MD = ([0-9a-f]+)", text))
        name = path.name.removesuffix("Monte.rsp").lower().replace("_", "-")
        yield MonteCarlo(path.name, name, bytes.fromhex(seed[1]), digests)
