#include <doctest/doctest.h>

#include "chain/cometbft_builder_test.hpp"
#include "chain/cometbft_claims.hpp"

namespace isthmus::chain::cometbft {
namespace {

using claim::Kind;
using testing::AnchorSpec;
using testing::block_id_of;
using testing::Decoded;
using testing::Proto;
using testing::Spec;
using testing::time_of;

Decoded conflict(const Spec& a, const Spec& b, const AnchorSpec& anchor = {}) {
  const Proto input = Proto().message(1, a.block()).message(2, b.block());
  return Decoded(decode_cometbft_conflict, input, anchor.anchor());
}

std::string kind_of(const Decoded& d) {
  const Bytes kind = d.fact("kind");
  return std::string(kind.begin(), kind.end());
}

Spec other_block() {
  Spec spec;
  spec.hash = 0xab;
  return spec;
}

TEST_CASE("equivocation: those who signed both, most power first") {
  Spec a;
  Spec b = other_block();
  a.powers = b.powers = {10, 40, 20, 20};
  a.flags = {2, 2, 2, 1};
  b.flags = {2, 2, 3, 2};
  const Decoded d = conflict(a, b);
  CHECK(d.only_note() == Code::ok);
  CHECK(kind_of(d) == "equivocation");
  const Bytes culprits = d.fact("byzantine");
  REQUIRE(culprits.size() == 40);
  CHECK(culprits[0] == 2);
  CHECK(culprits[20] == 1);
  CHECK(load_le64(d.fact("byzantine_power").data()) == 50);
  CHECK(load_le64(d.fact("total_power").data()) == 90);
  CHECK(d.nodes_of(Kind::block) == 2);
  CHECK(d.nodes_of(Kind::commit) == 2);
}

TEST_CASE("amnesia: another round, nobody named") {
  Spec b = other_block();
  b.round = 1;
  const Decoded d = conflict(Spec{}, b);
  CHECK(d.only_note() == Code::ok);
  CHECK(kind_of(d) == "amnesia");
  CHECK(d.fact("byzantine").empty());
}

TEST_CASE("lunatic: members of the common set who signed what no execution gave") {
  Spec b = other_block();
  b.app_hash = 0x99;
  b.flags = {2, 2, 2, 1};
  AnchorSpec anchor;
  anchor.members.first_key = 2;  // the common set is validators 2 to 5
  const Decoded d = conflict(Spec{}, b, anchor);
  CHECK(d.only_note() == Code::ok);
  CHECK(kind_of(d) == "lunatic");
  const Bytes culprits = d.fact("byzantine");
  REQUIRE(culprits.size() == 40);
  CHECK(culprits[0] == 2);
  CHECK(culprits[20] == 3);
}

TEST_CASE("no conflict: the same block, another height, a block that is not verified") {
  CHECK(conflict(Spec{}, Spec{}).invalid(Code::cometbft_no_conflict));
  Spec later = other_block();
  later.height = later.commit_height = 11;
  CHECK(conflict(Spec{}, later).invalid(Code::cometbft_conflict_height));
  Spec foreign = other_block();
  foreign.chain_id = "other";
  CHECK(conflict(Spec{}, foreign).invalid(Code::cometbft_chain_id));
}

TEST_CASE("early stop is not used: every vote may name a culprit") {
  AnchorSpec anchor;
  anchor.early_stop = true;
  CHECK(conflict(Spec{}, other_block(), anchor).nodes_of(Kind::vote) == 8);
}

TEST_CASE("conflict: inputs that are not of the form") {
  const Decoded one(decode_cometbft_conflict, Proto().message(1, Spec{}.block()), AnchorSpec{}.anchor());
  CHECK(one.only_note() == Code::field_missing);
  const Decoded none(decode_cometbft_conflict, Proto(), AnchorSpec{}.anchor());
  CHECK(none.only_note() == Code::field_missing);
  const Decoded bad(decode_cometbft_conflict, Proto(), Proto());
  CHECK(bad.error.what != nullptr);
}

struct Pair {
  Proto id_a = Proto().message(2, Proto());
  Proto id_b = block_id_of(0xaa, 0xbb);
  u64 height_b = 7;
  u64 round_b = 3;
  u64 type_b = 2;
  u8 signer = 2;
  u64 power = 10;
  u64 total = 40;

  static Proto vote(u64 type, u64 height, u64 round, const Proto& id, u8 signer) {
    return Proto()
        .number(1, type)
        .number(2, height)
        .number(3, round)
        .message(4, id)
        .message(5, time_of(1000))
        .fill(6, 20, signer)
        .number(7, 1)
        .fill(8, 64, 0x77);
  }
  Decoded decode(bool with_set = true) const {
    const Proto input = Proto()
                            .message(1, vote(2, 7, 3, id_a, signer))
                            .message(2, vote(type_b, height_b, round_b, id_b, signer))
                            .number(3, total)
                            .number(4, power)
                            .message(5, time_of(999));
    Proto anchor;
    anchor.text(1, "chain");
    if (with_set) anchor.message(12, Spec{}.validators());
    return Decoded(decode_cometbft_duplicate_vote, input, anchor);
  }
};

TEST_CASE("duplicate vote: two signatures by one member for two blocks") {
  const Decoded d = Pair{}.decode();
  CHECK(d.error.what == nullptr);
  CHECK(d.only_note() == Code::ok);
  REQUIRE(d.sheet.signature_rows().size() == 2);
  // The vote for nil signs no block id.
  CHECK(d.sheet.signature_rows()[1].msg.len() - d.sheet.signature_rows()[0].msg.len() == 74);
  CHECK(d.fact("address").size() == 20);
}

TEST_CASE("duplicate vote: rules") {
  const auto note = [](auto change) {
    Pair pair;
    change(pair);
    return pair.decode().only_note();
  };
  CHECK(note([](Pair& p) { p.height_b = 8; }) == Code::cometbft_duplicate_place);
  CHECK(note([](Pair& p) { p.round_b = 4; }) == Code::cometbft_duplicate_place);
  CHECK(note([](Pair& p) { p.type_b = 1; }) == Code::cometbft_duplicate_place);
  CHECK(note([](Pair& p) { p.id_a = p.id_b; }) == Code::cometbft_duplicate_order);
  CHECK(note([](Pair& p) { std::swap(p.id_a, p.id_b); }) == Code::cometbft_duplicate_order);
  CHECK(note([](Pair& p) { p.id_a = block_id_of(0xaa, 0xba); }) == Code::ok);
  CHECK(note([](Pair& p) { p.id_a = Proto().fill(1, 32, 0xa9).message(2, Proto()); }) == Code::field_value);
  CHECK(note([](Pair& p) { p.id_a = Proto().message(2, Proto().number(1, 1).fill(2, 32, 0xa9)); }) ==
        Code::field_value);
  CHECK(note([](Pair& p) { p.id_a = Proto().fill(1, 32, 0xa9).message(2, Proto().fill(2, 32, 0xbb)); }) ==
        Code::field_value);
  CHECK(note([](Pair& p) { p.signer = 9; }) == Code::cometbft_duplicate_signer);
  CHECK(note([](Pair& p) { p.power = 11; }) == Code::cometbft_duplicate_power);
  CHECK(note([](Pair& p) { p.total = 41; }) == Code::cometbft_duplicate_power);
  CHECK(Pair{}.decode(false).undecided(Code::cometbft_no_evidence_validators));
}

}  // namespace
}  // namespace isthmus::chain::cometbft
