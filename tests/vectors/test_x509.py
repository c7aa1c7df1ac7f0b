"""Real certificates: Fabric's membership folders and channels, ChainMaker's networks, Tongsuo's SM2 chains, limbo."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.data import files, load_json

import isthmus
from isthmus import _wire, membership
from isthmus.membership import NodeUnits, Organisation, Presented, Role, TrustRoots, Unit, check
from isthmus.reference import membership as slow

TWO = NodeUnits(Unit("OU_client"), Unit("OU_peer"))
FOUR = NodeUnits(Unit("client"), Unit("peer"), Unit("admin"), Unit("orderer"))


# --- Fabric


def msp(data: Path, name: str, version: str, **more: Any) -> membership.Answer:
    """Fabric's own test folder, its signing certificate judged."""
    folder = data / "vectors" / "x509" / "fabric-msp" / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    organisation = Organisation.from_msp_folder("SampleOrg", folder, **more)
    return check([(folder / "signcerts").glob("*").__next__().read_bytes()], TrustRoots(version, [organisation]))


@pytest.mark.parametrize(
    ("name", "node_units", "code"),
    [
        ("intermediate", None, "ok"),
        ("mspid", None, "ok"),
        ("expired", None, "ok"),  # of an identity in a block, expiry does not matter
        ("revocation", None, "certificate_revoked"),
        ("tls", None, "ok"),
        ("nodeous1", TWO, "certificate_role_missing"),
        ("nodeous2", TWO, "certificate_role_missing"),
        ("nodeous3", TWO, "ok"),
        ("nodeouadmin", FOUR, "ok"),
    ],
)
def test_fabric_msp_folders(data: Path, name: str, node_units: NodeUnits | None, code: str) -> None:
    assert msp(data, name, "fabric-1.4.3", node_units=node_units).verdict.code == code


def test_fabric_authorities_are_no_identities(data: Path) -> None:
    folder = data / "vectors" / "x509" / "fabric-msp" / "intermediate"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    trust = TrustRoots("fabric-3.0", [Organisation.from_msp_folder("SampleOrg", folder)])
    for part in ("cacerts", "intermediatecerts"):
        for path in (folder / part).iterdir():
            assert check([path.read_bytes()], trust).verdict.code == "certificate_is_authority"


def _nested(message: bytes) -> Iterator[bytes]:
    """The message and every one inside it that reads as one."""
    try:
        parts = [value for _, value in _wire.fields(message) if isinstance(value, bytes) and len(value) > 8]
    except (ValueError, RecursionError):
        return
    yield message
    for part in parts:
        yield from _nested(part)


def _msp_configs(block: bytes) -> dict[str, Organisation]:
    """Organisations of a configuration block: FabricMSPConfig has a name and root certificates in PEM."""
    found = {}
    for message in _nested(block):
        parts = list(_wire.fields(message))
        numbers = [number for number, _ in parts]
        is_text = all(isinstance(value, bytes) for _, value in parts)
        if numbers[:2] != [1, 2] or not is_text or not bytes(parts[1][1]).startswith(b"-----BEGIN"):
            continue
        if 8 in numbers or 11 in numbers:
            organisation = Organisation.from_msp_config(message)
            found[organisation.name] = organisation
    return found


def _identities(block: bytes, names: list[str]) -> set[tuple[str, bytes]]:
    """Every SerializedIdentity {mspid, PEM} of these organisations, found by its own first bytes."""
    found = set()
    for name in names:
        head = bytes(_wire.text(1, name))
        at = block.find(head)
        while at >= 0:
            begin = block.find(b"-----BEGIN", at, at + len(head) + 14)
            end = block.find(b"-----END CERTIFICATE-----\n", begin) + 26
            if begin >= 0 and end > begin and block[at + len(head)] == 0x12:
                found.add((name, block[begin:end]))
            at = block.find(head, at + 1)
    return found


@pytest.mark.parametrize(
    ("folder", "version"),
    [
        ("hlf-sdk-go/fabcar-channel", "fabric-1.4.3"),
        ("bft_v3.1.5_loopback/orderer1", "fabric-3.0"),
        ("fabric/sample_ledger_from_snapshot", "fabric-1.4.3"),
    ],
)
def test_identities_of_real_fabric_channels(
    data: Path, figures: Callable[[str], None], folder: str, version: str
) -> None:
    blocks = [path.read_bytes() for path in files(data / "blocks" / "fabric" / folder, "*.pb", "blockfile*")]
    if not blocks:
        pytest.skip(f"no {folder}")
    configs: dict[str, Organisation] = {}
    for block in blocks:
        for message in _pieces(block):
            configs.update(_msp_configs(message))
    assert configs
    trust = TrustRoots(version, list(configs.values()))
    # The first fields of an organisation's configuration, name and root, look like an identity.
    roots = {(name, root) for name, each in configs.items() for root in each.roots}
    found = sorted({each for block in blocks for each in _identities(block, list(configs))} - roots)
    answer = check([Presented(identity, name) for name, identity in found], trust)
    assert answer.ok, [str(finding) for finding in answer.verdict.findings[:5]]
    assert len({member.identity for member in answer.members}) == len(found)
    for name, identity in found:
        strangers = [other for other in configs if other != name]
        assert not any(check([Presented(identity, other)], trust).ok for other in strangers)
    figures(f"{folder}: {len(found)} identities of {len(configs)} organisations")


def _pieces(block: bytes) -> list[bytes]:
    """A block, or what a ledger's file holds: the configuration is found where an envelope begins."""
    if next(iter(_nested(block)), None) is not None:
        return [block]
    found, at = [], block.find(b"-----BEGIN")
    while at >= 0 and len(found) < 400:
        # A FabricMSPConfig begins with its name a few bytes before its first certificate.
        for begin in range(max(0, at - 40), at):
            if (
                block[begin] == 0x0A
                and begin + 2 + block[begin + 1] < at
                and block[begin + 2 + block[begin + 1]] == 0x12
            ):
                end = _msp_end(block, begin)
                if end:
                    found.append(block[begin:end])
                    break
        at = block.find(b"-----BEGIN", at + 1)
    return found


def _msp_end(block: bytes, begin: int) -> int:
    """Where a run of length-delimited fields of ascending numbers 1 to 11 ends, if it has an 8 or 11."""
    at, last, end = begin, 0, 0
    while at + 2 < len(block):
        number, kind = block[at] >> 3, block[at] & 7
        if kind != 2 or not last <= number <= 11:
            break
        length, shift, at = 0, 0, at + 1
        while block[at] >= 0x80:
            length |= (block[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
        length |= block[at] << shift
        at, last = at + 1 + length, number
        if number in (8, 11):
            end = at
    return end


# --- ChainMaker


@pytest.mark.parametrize(
    ("authority", "certificate", "org"),
    [
        ("gmca1", "gmcert1", 1),
        ("gmca1", "gmsigncert1", 1),
        ("ca1", "cert1", 1),
        ("ca2", "cert2", 2),
        ("ca3", "cert3", 3),
    ],
)
def test_chainmaker_identities(data: Path, authority: str, certificate: str, org: int) -> None:
    folder = data / "blocks" / "chainmaker" / "identity"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    roots = {name: (folder / f"{name}.crt").read_bytes() for name in ("gmca1", "ca1", "ca2", "ca3")}
    identity = (folder / f"{certificate}.crt").read_bytes()
    name = f"wx-org{org}.chainmaker.org"
    for root, text in roots.items():
        answer = check([identity], TrustRoots("chainmaker", [Organisation(name, [text])], 1_640_000_000))
        assert answer.ok == (root == authority)
        if root == authority:
            assert answer.members[0].roles == Role.MEMBER | Role.CONSENSUS
            assert slow.judge(identity, slow.Organisation(name, [text]), "chainmaker", 1_640_000_000)


def test_chainmaker_certificates_within_blocks(data: Path, figures: Callable[[str], None]) -> None:
    folder = data / "blocks" / "chainmaker" / "v2_cert_sha256"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    roots = [(f"wx-org{i}.chainmaker.org", folder / f"ca_org{i}.pem") for i in (1, 2)]
    organisations = [Organisation(name, [path.read_bytes()]) for name, path in roots]
    known = {each.name for each in organisations}
    seen = set()
    for path in files(folder, "*.json"):
        for member in _members(json.loads(path.read_text())):
            if member[0] in known:
                seen.add(member)
    answer = check(
        [Presented(text, name) for name, text in sorted(seen)], TrustRoots("chainmaker", organisations, 1_705_000_000)
    )
    assert answer.ok
    swapped = [Presented(text, f"wx-org{'21'[name[6] == '2']}.chainmaker.org") for name, text in sorted(seen)]
    assert not any(
        member.valid for member in check(swapped, TrustRoots("chainmaker", organisations, 1_705_000_000)).members
    )
    figures(f"ChainMaker: {len(seen)} certificates of two organisations, {[int(m.roles) for m in answer.members]}")


def _members(value: Any) -> Iterator[tuple[str, bytes]]:
    """Members with a whole certificate, anywhere in a block's JSON."""
    import base64

    if isinstance(value, list):
        for each in value:
            yield from _members(each)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("member_info"), str) and value.get("org_id"):
        text = base64.b64decode(value["member_info"])
        if text.startswith(b"-----BEGIN CERTIFICATE"):
            yield value["org_id"], text
    for each in value.values():
        yield from _members(each)


# --- SM2 of another project


@pytest.mark.parametrize("leaf", ["server_sign", "client_sign", "server_enc", "client_enc"])
def test_tongsuo_chains(data: Path, leaf: str) -> None:
    """chain-ca.crt holds an intermediate and the root; both judges say the same."""
    folder = data / "vectors" / "x509" / "sm2-tongsuo" / "sm2"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    identity = (folder / f"{leaf}.crt").read_bytes()
    root = (folder / "chain-ca.crt").read_bytes()
    parsed = slow.parse(block[0]) if (block := slow.pem(identity)) else None
    assert parsed is not None
    name = parsed.organizations[0] if parsed.organizations else "none"
    at = parsed.not_before + 1
    answer = check([identity], TrustRoots("chainmaker", [Organisation(name, [root])], at))
    assert answer.ok == _slowly(identity, slow.Organisation(name, [root]), at)


def _slowly(identity: bytes, organisation: slow.Organisation, at: int) -> bool:
    try:
        slow.judge(identity, organisation, "chainmaker", at)
    except (slow.Refused, slow.Undecided):
        return False
    return True


# --- limbo

# What limbo refuses for reasons that neither network knows: names for TLS, TLS key usages, criticality of extensions
# that are understood, empty subjects, a serial number of zero, expiry (Fabric has none), and version 1.
NOT_OURS = (
    "rfc5280::nc::not-allowed-in-ee", "rfc5280::pc::", "rfc5280::san::", "rfc5280::serial::zero", "rfc5280::validity::",
    "rfc5280::root-non-critical", "rfc5280::leaf-ku", "webpki::",
)  # fmt: skip


def test_limbo(data: Path, figures: Callable[[str], None]) -> None:
    path = data / "vectors" / "x509" / "limbo" / "limbo_dev.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    words: dict[str, int] = {}
    for case in load_json(path)["testcases"]:
        lists = [case[key] for key in ("trusted_certs", "untrusted_intermediates", "crls")]
        roots, intermediates, crls = ([text.encode() for text in texts or ()] for texts in lists)
        organisation = Organisation("limbo", roots, intermediates, crls)
        try:
            status = str(
                check([case["peer_certificate"].encode()], TrustRoots("fabric-3.0", [organisation])).verdict.status
            )
        except ValueError:
            status = "refused roots"
        words[status] = words.get(status, 0) + 1
        if status == "valid" and case["expected_result"] == "FAILURE":
            assert case["id"].startswith(NOT_OURS), case["id"]
    assert words["valid"] > 20
    figures(f"limbo: {words}")


def test_every_certificate_of_the_data_parses_alike(data: Path, figures: Callable[[str], None]) -> None:
    """Core and slow judge agree which of some two thousand certificates are well formed."""
    folder = data / "vectors" / "x509"
    trust = TrustRoots("chainmaker", [Organisation("nobody", [_root()])], 0)
    seen = 0
    for path in files(folder, "*.pem", "*.crt", "*.cer", "*.der"):
        text = path.read_bytes()
        block = slow.pem(text)
        der = block[0] if block else text
        if len(der) > 60_000:
            continue
        code = check([text], trust).verdict.code
        try:
            slow.parse(der)
            well_formed = True
        except slow.Refused:
            well_formed = False
        malformed = code in FORM_CODES
        assert malformed != well_formed, (path, code)
        seen += 1
    if not seen:
        pytest.skip(f"no certificates below {folder}")
    figures(f"{seen} files read alike")


FORM_CODES = {
    name
    for name, code in isthmus.codes().items()
    if 3101 <= code.number <= 3111
}  # fmt: skip


def _root() -> bytes:
    from isthmus.synthetic.certificates import authority

    return authority("nobody", organization="nobody").pem
