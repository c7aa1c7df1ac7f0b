"""Changed identities are never taken where the slow judge refuses them, nor refused where it takes them; what is taken
after a change is the same identity, spelt otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from helpers import membership as made
from hypothesis import given
from hypothesis import strategies as st

from isthmus import membership
from isthmus.membership import Presented, check
from isthmus.reference import membership as slow
from isthmus.synthetic.certificates import Key, authority, pem

CASES = made.cases()


@st.composite
def changes(draw: st.DrawFn, original: bytes) -> bytes:
    """One to three bytes replaced, taken out or put in, or the end cut off."""
    raw = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw) - 1))
        kind = draw(st.sampled_from(("flip", "flip", "set", "delete", "insert", "cut")))
        if kind == "flip":
            raw[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "set":
            raw[at] = draw(st.sampled_from((0, 1, 0x30, 0x7F, 0x80, 0xFF)))
        elif kind == "delete" and len(raw) > 1:
            del raw[at]
        elif kind == "insert":
            raw.insert(at, draw(st.integers(0, 255)))
        elif at > len(raw) - 8:
            del raw[at + 1 :]
    return bytes(raw)


def compare(case: made.Case, identity: bytes) -> membership.Answer:
    """The core's answer about a changed identity, which must be the slow judge's."""
    answer = check([Presented(case.identity, case.name), Presented(identity, case.name)], case.trust)
    original, changed = answer.members
    assert original.valid
    assert changed.valid == case.slowly(identity), changed.findings
    if changed.valid:
        # Whoever is still taken is no second person.
        assert (changed.identity, changed.key) == (original.identity, original.key)
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rules} {len(case.identity)}")
@given(data=st.data())
def test_changed_certificates(case: made.Case, data: st.DataObject) -> None:
    compare(case, pem(data.draw(changes(made.der(case.identity)))))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rules} {len(case.identity)}")
@given(data=st.data())
def test_changed_text(case: made.Case, data: st.DataObject) -> None:
    compare(case, data.draw(changes(case.identity)))


@given(st.binary(max_size=300))
def test_any_bytes_give_an_answer(raw: bytes) -> None:
    answer = check([raw], CASES[4].trust)
    assert not answer.ok
    assert not answer.members[0].valid


def test_every_bit_of_a_certificate_is_bound() -> None:
    """Any one bit changed: refused, or (in the signature alone) impossible without the authority's key."""
    case = CASES[5]
    der = made.der(case.identity)
    flipped = [
        Presented(der[:at] + bytes([der[at] ^ 1 << bit]) + der[at + 1 :], case.name)
        for at in range(len(der))
        for bit in range(8)
    ]
    assert not any(member.valid for member in check(flipped, case.trust).members)


ALPHABET = st.characters(codec="utf-8", max_codepoint=0xD7FF)


@given(
    algorithm=st.sampled_from(("p256", "sm2")),
    organization=st.text(ALPHABET, min_size=1, max_size=40),
    units=st.lists(st.text(ALPHABET, max_size=20), max_size=5),
    serial=st.integers(0, 2**160 - 1),
    not_before=st.integers(-(2**31), 2**33),
)
def test_made_certificates_of_any_content(
    algorithm: Any, organization: str, units: list[str], serial: int, not_before: int
) -> None:
    root = authority("ca", key=Key.of(algorithm, "any content"), organization=organization, not_before=not_before)
    leaf = root.issue("x", units=units, serial=serial, not_before=not_before, not_after=2**34)
    trust = membership.TrustRoots("chainmaker", [membership.Organisation(organization, [root.der])], not_before)
    answer = check([Presented(leaf.der, organization)], trust)
    try:
        slow.judge(leaf.der, slow.Organisation(organization, [root.der]), "chainmaker", not_before)
        expected = True
    except (slow.Refused, slow.Undecided):
        expected = False
    assert answer.ok == expected == (not_before <= root.fields.not_after)
