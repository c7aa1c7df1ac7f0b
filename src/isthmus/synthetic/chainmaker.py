"""Made ChainMaker networks and blocks, marked synthetic: valid ones of any size, and pieces to break them with.

A :class:`Network` has organisations, each with a validator and clients; :meth:`Network.block` makes a block that
verifies under :meth:`Network.anchor`. A :class:`Draft` is a block before it is sealed: change its parts, then
:meth:`Draft.seal` computes what follows from them, signs and votes. What is to be wrong in the end is changed after
sealing, or by the arguments of :meth:`Draft.seal`. Every chain id and organisation begins with ``synthetic``.

>>> network = Network(mode="public", hash="SM3", curve="SM2")
>>> import isthmus
>>> isthmus.Engine(threads=1).check("chainmaker-block", network.block(5, txs=3), network.anchor()).ok
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from isthmus import _wire
from isthmus.batch import hash_many, merkle_root
from isthmus.chains.chainmaker_anchor import AUTH_TYPES, Anchor, Organisation, TrustedKey
from isthmus.chains.chainmaker_config import CONSENSUS, node_id
from isthmus.signing import P256Signer, Signer, Sm2Signer
from isthmus.synthetic import certificates

Curve = Literal["P256", "SM2"]
HASH_NAMES: Final = {"SHA256": "sha256", "SM3": "sm3", "SHA3_256": "sha3-256"}
PRECOMMIT: Final = 1
TBFT_KEY: Final = "TBFTAddtionalDataKey"
MAXBFT_KEY: Final = "maxbftQC"

_SPKI: Final = {
    "P256": bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
    "SM2": bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
}
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_TIME: Final = 1_735_689_600  # 2025-01-01
_CERT, _CERT_HASH, _PUBLIC_KEY, _ALIAS = 0, 1, 2, 4


def secret_of(name: str) -> bytes:
    """A secret that anybody can make from a name: for tests only. Its first byte is 0, so that it is below every
    order."""
    return b"\0" + hashlib.sha256(b"synthetic chainmaker " + name.encode()).digest()[1:]


def signer_of(name: str, curve: Curve, hash: str) -> Signer:
    """A signer with the secret of a name; SM2 always signs over SM3."""
    secret = secret_of(name)
    return Sm2Signer(secret) if curve == "SM2" else P256Signer(secret, hash=HASH_NAMES[hash])


def point_of(signer: Signer) -> bytes:
    """The signer's key as 04 x y."""
    key = signer.public_key
    if len(key) == 65:
        return key
    x = int.from_bytes(key[1:], "big")
    y = pow(x**3 - 3 * x + _B, (_P + 1) // 4, _P)
    return b"\x04" + key[1:] + (y if y % 2 == key[0] % 2 else _P - y).to_bytes(32, "big")


def spki_of(signer: Signer) -> bytes:
    """SubjectPublicKeyInfo of a signer's key."""
    return _SPKI["SM2" if isinstance(signer, Sm2Signer) else "P256"] + point_of(signer)


def pem(label: str, der: bytes) -> str:
    """PEM text."""
    return certificates.pem(der, label).decode()


def der_signature(raw: bytes) -> bytes:
    """SEQUENCE of two INTEGERs from r || s."""
    return certificates.pair(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def key_of(name: str, curve: Curve) -> certificates.Key:
    """The key pair of a name, as certificates take it."""
    signer = signer_of(name, curve, "SHA256")
    return certificates.Key("sm2" if curve == "SM2" else "p256", secret_of(name), point_of(signer))


@dataclass(frozen=True)
class Party:
    """Somebody who signs.

    ``info``     what stands as member_info: a certificate, its hash, an alias, or a public key in PEM
    ``node_id``  of a validator
    """

    org_id: str
    info: bytes
    signer: Signer
    member_type: int = _CERT
    node_id: str = ""
    certificate: str = ""

    @property
    def member(self) -> bytes:
        """accesscontrol.Member."""
        return _wire.text(1, self.org_id) + _wire.uint(2, self.member_type) + _wire.blob(3, self.info)

    def sign(self, message: bytes) -> bytes:
        """The signature in DER."""
        return der_signature(self.signer.sign(message))

    def entry(self, message: bytes) -> bytes:
        """common.EndorsementEntry over a message."""
        return _wire.message(1, self.member) + _wire.blob(2, self.sign(message))


@dataclass
class Transaction:
    """A transaction before it is signed. ``gas_used`` None: no gas is counted; ``rw_set`` are pairs of key and value
    that it writes."""

    payload: bytes
    tx_id: str
    sender: Party | None
    endorsers: tuple[Party, ...] = ()
    payer: Party | None = None
    gas_used: int | None = 1000
    code: int = 0
    result: bytes = b"ok"
    contract: str = ""
    rw_set: tuple[tuple[bytes, bytes], ...] = ((b"key", b"value"),)
    rw_set_bytes: bytes = b""
    raw: bytes = b""
    leaf: bytes = b""

    def seal(self, hash: str, version: int) -> None:
        """Signs, and computes what the tree needs."""
        writes = b"".join(
            _wire.message(3, _wire.blob(1, key) + _wire.blob(2, value) + _wire.text(3, self.contract))
            for key, value in self.rw_set
        )
        self.rw_set_bytes = _wire.text(1, self.tx_id) + writes
        rw_hash = digest(hash, self.rw_set_bytes)
        entry = b"" if self.sender is None else _wire.message(2, self.sender.entry(self.payload))
        front = _wire.message(1, self.payload) + entry
        front += b"".join(_wire.message(3, each.entry(self.payload)) for each in self.endorsers)
        back = b"" if self.payer is None else _wire.message(5, self.payer.entry(self.payload))
        self.raw = front + _wire.message(4, self._result(rw_hash, self.gas_used or 0)) + back
        whole = self.raw if version < 2300 else front + _wire.message(4, self._result(rw_hash, 0)) + back
        self.leaf = digest(hash, whole)

    def _result(self, rw_hash: bytes, gas_used: int) -> bytes:
        inner = _wire.blob(2, self.result) + _wire.text(3, "OK") + _wire.uint(4, gas_used)
        return _wire.uint(1, self.code) + _wire.message(2, inner) + _wire.blob(3, rw_hash)


def digest(hash: str, data: bytes) -> bytes:
    """Under the chain's name of a hash."""
    return bytes(hash_many(HASH_NAMES[hash], [data])[0].tobytes())


@dataclass
class Vote:
    """A vote before it is signed. ``voter`` and ``name`` are node ids: what it says, and the map's key."""

    by: Party
    hash: bytes
    height: int
    round: int = 0
    type: int = PRECOMMIT
    voter: str = ""
    name: str = ""
    invalid_txs: tuple[str, ...] = ()
    signature: bytes | None = None

    def encoded(self) -> bytes:
        """tbft.Vote."""
        voter = self.voter or self.by.node_id
        front = (
            _wire.uint(1, self.type)
            + _wire.text(2, voter)
            + _wire.uint(3, self.height)
            + _wire.uint(4, self.round)
            + _wire.blob(5, self.hash)
        )
        back = b"".join(_wire.text(7, each, keep=True) for each in self.invalid_txs)
        signature = self.by.sign(front + back) if self.signature is None else self.signature
        return front + _wire.message(6, _wire.message(1, self.by.member) + _wire.blob(2, signature)) + back

    def maxbft(self, epoch: int = 0) -> bytes:
        """maxbft.VoteData, with the round for a view."""
        front = (
            _wire.blob(1, self.hash)
            + _wire.uint(2, self.height)
            + _wire.uint(3, self.round)
            + _wire.text(4, self.voter or self.by.node_id)
            + _wire.uint(5, epoch)
        )
        signature = self.by.sign(front) if self.signature is None else self.signature
        return front + _wire.message(6, _wire.message(1, self.by.member) + _wire.blob(2, signature))


def vote_set(votes: Iterable[Vote], *, height: int, round: int = 0, hash: bytes = b"", type: int = PRECOMMIT) -> bytes:
    """tbft.VoteSet."""
    listed = list(votes)
    entries = b"".join(
        _wire.message(6, _wire.text(1, vote.name or vote.voter or vote.by.node_id) + _wire.message(2, vote.encoded()))
        for vote in listed
    )
    return (
        _wire.uint(1, type)
        + _wire.uint(2, height)
        + _wire.uint(3, round)
        + _wire.uint(4, len(listed))
        + _wire.blob(5, hash)
        + entries
    )


@dataclass
class Draft:
    """A block before it is sealed; ``header`` holds what stands in it by field name, and ``votes`` who votes."""

    network: Network
    header: dict[str, Any]
    txs: list[Transaction]
    proposer: Party | None
    votes: list[Party]
    round: int = 0
    with_rw_sets: bool = True
    extra: dict[str, bytes] = field(default_factory=dict)
    dag: bytes | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    sealed_header: bytes = b""
    block_hash: bytes = b""

    def seal(self, votes: Callable[[bytes], Iterable[Vote]] | None = None) -> bytes:
        """BlockInfo. ``votes`` makes the votes from the block's hash; by default those of ``self.votes``."""
        network = self.network
        for tx in self.txs:
            if not tx.raw:
                tx.seal(network.hash, self.header["block_version"])
        dag = self.dag if self.dag is not None else b"".join(_wire.message(2, b"") for _ in self.txs)
        sets = [digest(network.hash, tx.rw_set_bytes) for tx in self.txs]
        computed = {
            "tx_count": len(self.txs),
            "tx_root": network.root([tx.leaf for tx in self.txs]),
            "dag_hash": digest(network.hash, dag),
            "rw_set_root": network.root(sets),
        }
        header = {**self.header, **computed, **self.overrides}
        self.block_hash = self.overrides.get("block_hash") or digest(network.hash, encode_header(header))
        header["block_hash"] = self.block_hash
        if self.proposer is not None:
            header.setdefault("signature", self.proposer.sign(self.block_hash))
        self.sealed_header = encode_header(header)
        extra = dict(self.extra)
        made = votes(self.block_hash) if votes else network.votes(self.votes, self.block_hash, header, self.round)
        if network.consensus == "MAXBFT":
            extra.setdefault(MAXBFT_KEY, b"".join(_wire.message(1, vote.maxbft()) for vote in made))
        elif network.consensus in ("TBFT", "DPOS"):
            held = vote_set(made, height=header["block_height"], round=self.round, hash=self.block_hash)
            extra.setdefault(TBFT_KEY, held)
        block = _wire.message(1, self.sealed_header) + _wire.message(2, dag)
        block += b"".join(_wire.message(3, tx.raw) for tx in self.txs)
        if extra and header["block_height"]:
            entries = (_wire.message(1, _wire.text(1, key) + _wire.blob(2, value)) for key, value in extra.items())
            block += _wire.message(4, b"".join(entries))
        sets_out = (_wire.message(2, tx.rw_set_bytes) for tx in self.txs) if self.with_rw_sets else ()
        return _wire.message(1, block) + b"".join(sets_out)


_HEADER: Final = (
    ("block_version", 1), ("block_type", 2), ("chain_id", 3), ("block_height", 4), ("block_hash", 5),
    ("pre_block_hash", 6), ("pre_conf_height", 7), ("tx_count", 8), ("tx_root", 9), ("dag_hash", 10),
    ("rw_set_root", 11), ("block_timestamp", 12), ("consensus_args", 13), ("proposer", 14), ("signature", 15),
)  # fmt: skip


def encode_header(header: dict[str, Any]) -> bytes:
    """common.BlockHeader from its fields by name; bytes but for numbers and the chain's id."""
    out = b""
    for name, number in _HEADER:
        value = header.get(name)
        if value is None:
            continue
        if isinstance(value, int):
            out += _wire.sint(number, value)
        elif isinstance(value, str):
            out += _wire.text(number, value)
        else:
            out += _wire.blob(number, value)
    return out


@dataclass
class Network:
    """A made network.

    ``mode``      permissionedWithCert, permissionedWithKey or public
    ``curve``     of all keys
    ``named_by``  how clients are named in certificate modes: certificate, hash or alias
    """

    organisations: int = 4
    mode: str = "permissionedWithCert"
    hash: str = "SHA256"
    curve: Curve = "P256"
    consensus: str = "TBFT"
    clients: int = 4
    version: int = 2030200
    chain_id: str = "synthetic-chain"
    named_by: str = "certificate"
    validators: list[Party] = field(init=False)
    members: list[Party] = field(init=False)
    admins: list[Party] = field(init=False)
    roots: dict[str, str] = field(init=False, default_factory=dict)
    _authorities: dict[str, certificates.Certificate] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        count = max(1, self.organisations)
        names = [f"synthetic-org{number + 1}" for number in range(count)]
        self.validators = [self._party(name, f"consensus{n + 1}", "consensus") for n, name in enumerate(names)]
        self.admins = [self._party(name, f"admin{n + 1}", "admin") for n, name in enumerate(names)]
        self.members = [
            self._party(names[n % count], f"client{n + 1}", "client", self.named_by) for n in range(self.clients)
        ]

    @property
    def by_key(self) -> bool:
        """Whether members are public keys."""
        return AUTH_TYPES[self.mode] != AUTH_TYPES["permissionedWithCert"]

    def _party(self, org: str, name: str, role: str, named_by: str = "certificate") -> Party:
        signer = signer_of(f"{self.chain_id} {org} {name}", self.curve, self.hash if self.by_key else "SHA256")
        if self.by_key:
            spki = spki_of(signer)
            shown = "" if self.mode == "public" else org
            return Party(shown, pem("PUBLIC KEY", spki).encode(), signer, _PUBLIC_KEY, node_id(spki))
        certificate = self._certificate(org, name, role)
        transport = spki_of(signer_of(f"{self.chain_id} {org} {name} tls", self.curve, "SHA256"))
        party = Party(org, certificate.encode(), signer, _CERT, node_id(transport), certificate)
        if named_by == "hash":
            from isthmus.chains.chainmaker_config import der_of

            return replace(party, info=digest(self.hash, der_of(certificate)), member_type=_CERT_HASH)
        if named_by == "alias":
            return replace(party, info=f"alias-{name}".encode(), member_type=_ALIAS)
        return party

    def _certificate(self, org: str, name: str, role: str) -> str:
        if org not in self._authorities:
            key = key_of(f"{self.chain_id} {org} ca", self.curve)
            made = certificates.authority(f"ca.{org}", key=key, organization=org, units=("root-cert",))
            self._authorities[org] = made
            self.roots[org] = made.pem.decode()
        key = key_of(f"{self.chain_id} {org} {name}", self.curve)
        return self._authorities[org].issue(f"{name}.{org}", key=key, units=(role,)).pem.decode()

    # --- what is trusted

    def anchor(self, **more: Any) -> Anchor:
        """The anchor that blocks of this network verify under; ``more`` are further fields."""
        given: dict[str, Any] = {
            "organisations": self._organisations(),
            "auth_type": self.mode,
            "hash": self.hash,
            "consensus": self.consensus,
        }
        if self.mode == "permissionedWithKey":
            roles = ((self.admins, "admin"), (self.members, "client"), (self.validators, "consensus"))
            given["keys"] = tuple(
                TrustedKey(party.info.decode(), party.org_id, role) for parties, role in roles for party in parties
            )
        named = [party for party in self.members if party.member_type != _CERT and party.certificate]
        given["certificates"] = tuple(each.certificate for each in named if each.member_type == _CERT_HASH)
        given["aliases"] = {each.info.decode(): each.certificate for each in named if each.member_type == _ALIAS}
        return Anchor(self.chain_id, **(given | more))

    def _organisations(self) -> tuple[Organisation, ...]:
        found: dict[str, list[str]] = {}
        for party in self.validators:
            found.setdefault(party.org_id or "public", []).append(party.node_id)
        return tuple(
            Organisation(name, (self.roots[name],) if name in self.roots else (), tuple(ids))
            for name, ids in found.items()
        )

    def config(self, validators: Sequence[Party] | None = None, sequence: int = 1) -> bytes:
        """config.ChainConfig of this network, with these validators."""
        nodes: dict[str, list[str]] = {}
        for party in self.validators if validators is None else validators:
            nodes.setdefault(party.org_id or "public", []).append(party.node_id)
        consensus = _wire.uint(1, CONSENSUS[self.consensus])
        for name, ids in nodes.items():
            org = _wire.text(1, name) + b"".join(_wire.text(3, each) for each in ids)
            consensus += _wire.message(2, org)
        out = (
            _wire.text(1, self.chain_id)
            + _wire.text(2, str(self.version))
            + _wire.text(3, self.mode)
            + _wire.uint(4, sequence)
            + _wire.message(5, _wire.text(1, self.hash))
            + _wire.message(8, consensus)
        )
        roots = self.roots or {(each.org_id or "public"): each.info.decode() for each in self.admins}
        for name, text in roots.items():
            out += _wire.message(9, _wire.text(1, name) + _wire.text(2, text))
        return out

    # --- parts

    def root(self, leaves: Sequence[bytes]) -> bytes:
        """The tree's root; empty for no leaves."""
        if not leaves:
            return b""
        return merkle_root("chainmaker", list(leaves), hash=HASH_NAMES[self.hash], allow_mutated=True)

    def siblings(self, draft: Draft, index: int) -> list[bytes]:
        """The path of a sealed draft's transaction, from the leaf up; a level's odd last node is its own sibling."""
        nodes, path = [tx.leaf for tx in draft.txs], []
        while len(nodes) > 1:
            nodes += nodes[-1:] * (len(nodes) % 2)
            path.append(nodes[index ^ 1])
            pairs = [nodes[at] + nodes[at + 1] for at in range(0, len(nodes), 2)]
            nodes = [row.tobytes() for row in hash_many(HASH_NAMES[self.hash], pairs)]
            index //= 2
        return path

    def payload(self, tx_id: str, contract: str = "synthetic", method: str = "save", size: int = 32) -> bytes:
        """common.Payload with a parameter of ``size`` bytes."""
        parameter = _wire.text(1, "data") + _wire.blob(2, hashlib.shake_128(tx_id.encode()).digest(size))
        return (
            _wire.text(1, self.chain_id)
            + _wire.text(3, tx_id)
            + _wire.sint(4, _TIME)
            + _wire.text(6, contract)
            + _wire.text(7, method)
            + _wire.message(8, parameter)
            + _wire.message(10, _wire.uint(1, 10_000_000))
        )

    def transaction(self, number: int, height: int = 1, **more: Any) -> Transaction:
        """The transaction of a number, by the clients in turn."""
        tx_id = hashlib.sha256(f"{self.chain_id} {height} {number}".encode()).hexdigest()
        payload = more.pop("payload", None) or self.payload(tx_id)
        sender = more.pop("sender", self.members[number % len(self.members)])
        return Transaction(payload, tx_id, sender, **more)

    def votes(self, parties: Iterable[Party], block_hash: bytes, header: dict[str, Any], round: int) -> list[Vote]:
        """A precommit of each."""
        return [Vote(party, block_hash, header["block_height"], round) for party in parties]

    # --- blocks

    def draft(
        self, height: int = 1, txs: int | Sequence[Transaction] = 1, *, previous: bytes = bytes(range(32)), **more: Any
    ) -> Draft:
        """A block to change and seal. ``previous`` is the hash of the block before it."""
        listed = [self.transaction(n, height) for n in range(txs)] if isinstance(txs, int) else list(txs)
        proposer = self.validators[height % len(self.validators)]
        quorum = 2 * len(self.validators) // 3 + 1
        header: dict[str, Any] = {
            "block_version": self.version,
            "chain_id": self.chain_id,
            "block_height": height,
            "pre_block_hash": previous,
            "block_timestamp": _TIME + height,
            "proposer": proposer.member,
        }
        round = more.pop("round", 0)
        if self.consensus == "MAXBFT":
            header["consensus_args"] = _wire.uint(1, CONSENSUS["MAXBFT"]) + _wire.uint(3, round)
        draft = Draft(self, header, listed, proposer, self.validators[:quorum], round)
        draft.header.update(more)
        return draft

    def block(self, height: int = 1, txs: int | Sequence[Transaction] = 1, **more: Any) -> bytes:
        """A valid BlockInfo."""
        return self.draft(height, txs, **more).seal()

    def config_transaction(self, config: bytes, height: int, **more: Any) -> Transaction:
        """A transaction that puts a configuration in force."""
        tx_id = hashlib.sha256(f"{self.chain_id} config {height}".encode()).hexdigest()
        payload = self.payload(tx_id, "CHAIN_CONFIG", "NODE_ID_UPDATE")
        sender = more.pop("sender", self.admins[0])
        return Transaction(payload, tx_id, sender, result=config, contract="CHAIN_CONFIG", **more)

    def config_block(self, height: int, config: bytes, **more: Any) -> Draft:
        """A block to seal whose only transaction puts a configuration in force."""
        return self.draft(height, [self.config_transaction(config, height)], block_type=1, **more)

    def genesis(self) -> Draft:
        """The first block to seal: nobody proposes it or votes for it, and nobody signs its transaction."""
        tx = self.config_transaction(self.config(), 0, sender=None)
        draft = self.draft(0, [tx], previous=b"", block_type=1)
        draft.header.pop("proposer")
        draft.header.pop("pre_block_hash")
        draft.proposer = None
        return draft
