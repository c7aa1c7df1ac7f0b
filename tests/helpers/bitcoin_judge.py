"""What is valid among Bitcoin inputs, decided by slow code and narrow rules: the oracle of changed bytes.

A header is judged by every rule over the reference implementation's targets, medians and hashes. A body and a spend are
right when they are those of a real input, but for what no hash covers and the script rules leave free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from helpers.wire_forms import Form, Message, read
from isthmus.reference import bitcoin as ref
from isthmus.reference.bitcoin import Header

Judge = Callable[[bytes, bytes], bool]

ANCHOR: Final[Form] = {1: int, 2: int, 3: bytes, 4: bytes, 5: bytes, 6: bytes, 7: int, 8: int, 9: bytes, 10: bytes,
                       11: int, 12: int}  # fmt: skip


@dataclass(frozen=True)
class Network:
    """The rules of a chain's headers; `versions[v]` is the height from which version v is the least."""

    genesis: str
    versions: dict[int, int]
    limit: int = 0x1D00FFFF
    easy_after_20_minutes: bool = False
    fixed_target: bool = False
    bip94: bool = False


_FROM_ONE: Final = {4: 1}
NETWORKS: Final = (
    Network("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", {2: 227931, 3: 363725, 4: 388381}),
    Network("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", {2: 21111, 3: 330776, 4: 581885},
            easy_after_20_minutes=True),
    Network("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", _FROM_ONE, limit=0x1E0377AE),
    Network("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", _FROM_ONE, limit=0x207FFFFF,
            easy_after_20_minutes=True, fixed_target=True),
    Network("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043", _FROM_ONE,
            easy_after_20_minutes=True, bip94=True),
)  # fmt: skip


def _required_bits(network: Network, chain: dict[int, Header], height: int, time: int) -> int | None:
    """GetNextWorkRequired of the reference node; None when a header that it looks at is not known."""
    parent = chain[height - 1]
    if height % ref.PERIOD == 0 and not network.fixed_target:
        first = chain.get(height - ref.PERIOD)
        if first is None:
            return None
        bits = first.bits if network.bip94 else parent.bits
        return ref.retarget(bits, first.time, parent.time, ref.target_from_bits(network.limit))
    if not network.easy_after_20_minutes or height % ref.PERIOD == 0:
        return parent.bits
    if time > parent.time + 1200 or network.fixed_target:
        return network.limit
    at: Header | None = parent
    while at is not None and (height - 1) % ref.PERIOD and at.bits == network.limit:
        height -= 1
        at = chain.get(height - 1)
    return None if at is None else at.bits


def _has_work(header: Header, limit: int) -> bool:
    try:
        target = ref.target_from_bits(header.bits)
    except ValueError:
        return False
    return target <= ref.target_from_bits(limit) and int.from_bytes(header.hash(), "little") <= target


def _follows(network: Network, chain: dict[int, Header], height: int, header: Header) -> bool:
    """The rules between a header and those before it; False as well when too few are known."""
    times = [chain[at].time for at in range(max(0, height - 11), height) if at in chain]
    if len(times) < min(height, 11) or header.previous != chain[height - 1].hash():
        return False
    if header.bits != _required_bits(network, chain, height, header.time):
        return False
    if any(header.version < version for version, since in network.versions.items() if height >= since):
        return False
    if network.bip94 and height % ref.PERIOD == 0 and header.time < chain[height - 1].time - 600:
        return False
    return header.time > ref.median_time_past(times)


class Lineage:
    """An anchor's headers, to which a run of headers is added one by one."""

    def __init__(self, anchor: Message) -> None:
        if 12 in anchor:
            raise ValueError("a stated median time is not judged here")
        self.network = NETWORKS[anchor.get(1, 0)]
        self.height: int = anchor.get(2, 0)
        self.pinned: bytes = anchor.get(3, b"")
        self.now: int = anchor.get(7, 0)
        self.chain: dict[int, Header] = {}
        parents: bytes = anchor.get(4, b"")
        for number in range(len(parents) // 80):
            at = self.height - len(parents) // 80 + number
            self.chain[at] = Header.parse(parents[80 * number : 80 * number + 80])
        if 5 in anchor:
            self.chain[(self.height - 1) // ref.PERIOD * ref.PERIOD] = Header.parse(anchor[5])

    def accept(self, raw: bytes) -> bool:
        """Whether the 80 bytes are a right next header, which then counts as known."""
        header, height, pinned = Header.parse(raw), self.height, self.pinned
        self.height, self.pinned, self.chain[height] = height + 1, b"", header
        if not _has_work(header, self.network.limit) or (pinned and header.hash() != pinned):
            return False
        if height == 0:
            return header.hash()[::-1].hex() == self.network.genesis
        if pinned:
            return height - 1 not in self.chain or header.previous == self.chain[height - 1].hash()
        early = not self.now or header.time <= self.now + 7200
        return early and _follows(self.network, self.chain, height, header)


def headers(raw: bytes, anchor: bytes) -> bool:
    """A run of one or more right headers. One cut at a header's end is right as well, only shorter."""
    lineage = Lineage(read(anchor, ANCHOR))
    return bool(raw) and len(raw) % 80 == 0 and all(lineage.accept(raw[at : at + 80]) for at in range(0, len(raw), 80))


def blocks(valid: Iterable[tuple[bytes, bytes]]) -> Judge:
    """A right header over the body and Merkle root of one of the `valid` blocks with the same anchor: root and witness
    commitment cover every byte of a body, and version, time and nonce are the miner's choice."""
    bodies = {(anchor, raw[36:68], raw[80:]) for raw, anchor in valid}

    def judge(raw: bytes, anchor: bytes) -> bool:
        return (anchor, raw[36:68], raw[80:]) in bodies and Lineage(read(anchor, ANCHOR)).accept(raw[:80])

    return judge


def _pushed(script: bytes) -> list[bytes] | None:
    """The stack after a script of pushes; None after any other."""
    stack: list[bytes] = []
    end = 0
    for start, opcode, data in ref.operations(script):
        if opcode > 0x60 or opcode == 0x50:
            return None
        number = b"\x81" if opcode == 0x4F else bytes([opcode - 0x50 & 0xFF])
        item = number if data is None else data
        width = {0x4C: 1, 0x4D: 2, 0x4E: 4}.get(opcode, 0)
        end = start + 1 + width + len(data or b"")
        stack.append(item)
    return stack if end == len(script) else None


def _same_spend(tx: ref.Transaction, real: ref.Transaction) -> bool:
    """Equal but for how the input script pushes its items and what lies below them. No signature covers an input's own
    script, and no consensus rule demands shortest pushes or a clean stack before witness version 0."""
    stack, wanted = _pushed(tx.inputs[0].script), _pushed(real.inputs[0].script)
    if stack is None or wanted is None or real.has_witness() or not wanted:
        return tx.serialise() == real.serialise()
    if stack[-len(wanted) :] != wanted or len(stack) > 1000 or len(tx.inputs[0].script) > 10_000:
        return False
    tx.inputs[0].script = real.inputs[0].script
    return all(len(item) <= 520 for item in stack) and tx.serialise() == real.serialise()


def inputs(valid: Sequence[tuple[bytes, bytes]]) -> Judge:
    """A transaction of one input that is one of the `valid` ones with the same anchor, see _same_spend."""
    known = [(ref.Transaction.parse(raw), anchor) for raw, anchor in valid]

    def judge(raw: bytes, anchor: bytes) -> bool:
        try:
            tx = ref.Transaction.parse(raw)
        except ValueError:
            return False
        one = len(tx.inputs) == 1
        return one and any(_same_spend(tx, real) for real, theirs in known if theirs == anchor)

    return judge
