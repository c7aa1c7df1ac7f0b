"""ChainMaker: members that name another organisation than their own, and keys that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import isthmus
from isthmus.chains import chainmaker as cm
from isthmus.synthetic import chainmaker as made
from isthmus.synthetic.chainmaker import Network, Vote
from isthmus.verdict import Status

pytest.importorskip("cryptography")


@pytest.fixture(scope="module")
def engine() -> Iterator[isthmus.Engine]:
    with isthmus.Engine(threads=1) as one:
        yield one


def _policy_case(
    network: Network, rule: str, endorsers: tuple[made.Party, ...], **more: Any
) -> tuple[bytes, cm.Anchor]:
    policy = cm.Policy("synthetic-save", rule, **more)
    raw = network.block(9, [network.transaction(0, endorsers=endorsers)])
    return raw, network.anchor(policies=(policy,))


def test_a_trusted_member_endorses_for_the_organisation_that_lists_him_only(engine: isthmus.Engine) -> None:
    """His bytes are known whatever organisation he names, so one such member could be a majority."""
    network = Network()
    admin = network.admins[0]
    member = cm.TrustMember(admin.certificate, admin.org_id, "admin")
    names = [each.name for each in network.anchor().organisations]
    raw, anchor = _policy_case(network, "MAJORITY", tuple(replace(admin, org_id=name) for name in names))
    verdict = engine.check(cm.BLOCK, raw, replace(anchor, trust_members=(member,)))
    assert (verdict.status, verdict.code) == (Status.INVALID, "chainmaker_policy")
    one, anchor = _policy_case(network, "ANY", (replace(admin, org_id="elsewhere"),), orgs=(admin.org_id,))
    assert engine.check(cm.BLOCK, one, replace(anchor, trust_members=(member,))).ok  # as nodes take him


def test_a_trusted_member_votes_for_the_nodes_of_his_organisation_only(engine: isthmus.Engine) -> None:
    network = Network()
    three = [network._party("synthetic-org1", f"spare{n}", "consensus") for n in range(3)]
    members = tuple(cm.TrustMember(each.certificate, each.org_id, "consensus") for each in three)
    draft = network.draft(9, 1)

    def votes(own: bytes) -> list[Vote]:
        pairs = zip(three, network.validators[:3], strict=True)
        return [Vote(replace(spare, org_id=each.org_id), own, 9, voter=each.node_id) for spare, each in pairs]

    verdict = engine.check(cm.BLOCK, draft.seal(votes), network.anchor(trust_members=members))
    assert (verdict.status, verdict.code) == (Status.INVALID, "chainmaker_vote_owner")


@pytest.mark.parametrize("rule", ["ANY", "ALL", "2", "2/4"])
def test_keys_that_the_anchor_does_not_have_meet_no_policy(engine: isthmus.Engine, rule: str) -> None:
    """Anyone can make keys, and name an organisation for each."""
    network = Network(mode="permissionedWithKey")
    names = [each.name for each in network.anchor().organisations]
    raw, anchor = _policy_case(network, rule, tuple(network._party(name, "made up", "client") for name in names))
    verdict = engine.check(cm.BLOCK, raw, anchor)
    assert (verdict.status, verdict.code) == (Status.UNDECIDED, "chainmaker_member_unknown")


def test_organisations_named_in_public_mode_count_for_nothing(engine: isthmus.Engine) -> None:
    keyed = Network(mode="public")
    endorsers = tuple(replace(keyed.members[0], org_id=f"org{n}") for n in range(3))
    raw, anchor = _policy_case(keyed, "2", endorsers)
    assert engine.check(cm.BLOCK, raw, anchor).code == "chainmaker_policy"
    raw, anchor = _policy_case(keyed, "ANY", endorsers)
    assert engine.check(cm.BLOCK, raw, anchor).ok


def test_two_policies_for_one_resource_are_no_anchor(engine: isthmus.Engine) -> None:
    network = Network()
    twice = network.anchor(policies=(cm.Policy("a", "ANY"), cm.Policy("b", "ANY"), cm.Policy("a", "ALL")))
    with pytest.raises(ValueError, match="two policies"):
        engine.check(cm.BLOCK, network.block(9, [network.transaction(0)]), twice)
