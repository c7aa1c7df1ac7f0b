#include <doctest/doctest.h>

#include "chain/cometbft_builder_test.hpp"
#include "chain/cometbft_claims.hpp"

namespace isthmus::chain::cometbft {
namespace {

using claim::Fold;
using claim::Kind;
using testing::AnchorSpec;
using testing::block_id_of;
using testing::Decoded;
using testing::Proto;
using testing::Spec;
using testing::time_of;

Decoded decode(const Proto& block, const Proto& anchor, const Limits& limits = {}) {
  return Decoded(decode_cometbft_light_block, block, anchor, limits);
}

Proto pinned() { return Proto().text(1, "chain").fill(2, 32, 0xaa); }

TEST_CASE("an ordinary block: rows, nodes, threshold") {
  const Decoded d = decode(Spec{}.block(), pinned());
  CHECK(d.error.what == nullptr);
  CHECK(d.sheet.notes().empty());
  // 14 header leaves, 4 validator leaves, 4 addresses; two trees; hash, set, pin and 4 addresses compared.
  CHECK(d.sheet.hash_rows().size() == 22);
  CHECK(d.sheet.tree_rows().size() == 2);
  CHECK(d.sheet.compare_rows().size() == 7);
  CHECK(d.sheet.signature_rows().size() == 4);
  const claim::Node* commit = d.first_of(Kind::commit);
  REQUIRE(commit != nullptr);
  CHECK(commit->need == 27);  // 40 * 2 / 3 = 26 must be exceeded
  CHECK(commit->fold == Fold::strict);
  CHECK(d.nodes_of(Kind::vote) == 4);
  CHECK(d.sheet.bytes(d.sheet.signature_rows()[0].sig).size() == 64);
  CHECK(d.fact("chain_id").size() == 5);
  CHECK(load_le64(d.fact("height").data()) == 10);
}

TEST_CASE("sign bytes: known answers") {
  // The zero time in a precommit for nil at height 1, round 1 of test_chain_id (vote_test.go of CometBFT, with a type).
  const std::vector<u8> input = Proto().text(1, "test_chain_id").message(2, time_of(-62135596800)).out();
  claim::Sheet sheet(input, {}, Limits{});
  const Ref chain_id = sheet.input(2, 13);
  const Ref time = sheet.input(17, 11);
  SignBytes sign_bytes(sheet, {2, 1, 1}, BlockId{}, chain_id, Format::protobuf);
  const std::vector<u8> wanted = {0x30, 0x08, 0x02, 0x11, 1,    0,    0,    0,    0,    0,    0,    0,    0x19,
                                  1,    0,    0,    0,    0,    0,    0,    0,    0x2a, 0x0b, 0x08, 0x80, 0x92,
                                  0xb8, 0xc3, 0x98, 0xfe, 0xff, 0xff, 0xff, 0x01, 0x32, 0x0d, 't',  'e',  's',
                                  't',  '_',  'c',  'h',  'a',  'i',  'n',  '_',  'i',  'd'};
  const Bytes got = sheet.bytes(sign_bytes.text(sheet, false, time));
  CHECK(std::vector<u8>(got.begin(), got.end()) == wanted);
  // Round 0 is left out; the second message is built over the first.
  SignBytes first_round(sheet, {2, 1, 0}, BlockId{}, chain_id, Format::protobuf);
  first_round.text(sheet, false, time);
  const Bytes shorter = sheet.bytes(first_round.text(sheet, false, time));
  CHECK(shorter.size() == wanted.size() - 9);
  CHECK(shorter[0] == 0x27);
}

TEST_CASE("sign bytes in amino: part set header with its fields swapped") {
  const std::vector<u8> input = block_id_of(0xaa, 0xbb).out();
  claim::Sheet sheet(input, {}, Limits{});
  BlockId id;
  id.body = sheet.input(0, input.size());
  id.hash = sheet.input(2, 32);
  id.parts = sheet.input(36, 36);
  id.parts_total = 1;
  id.parts_hash = sheet.input(40, 32);
  const auto block_id_in = [&](Format format) {
    SignBytes sign_bytes(sheet, {2, 1, 0}, id, Ref{}, format);
    const Bytes whole = sheet.bytes(sign_bytes.text(sheet, true, Ref{}));
    return std::vector<u8>(whole.begin() + 14, whole.begin() + 14 + 72);
  };
  CHECK(block_id_in(Format::protobuf) == input);
  const Proto swapped = Proto().fill(1, 32, 0xaa).message(2, Proto().fill(1, 32, 0xbb).number(2, 1));
  CHECK(block_id_in(Format::amino) == swapped.out());
}

TEST_CASE("absent votes have no node, votes for nil no weight") {
  Spec spec;
  spec.flags = {2, 1, 3, 2};
  const Decoded d = decode(spec.block(), pinned());
  CHECK(d.sheet.signature_rows().size() == 3);
  u64 weight = 0;
  for (const claim::Node& node : d.sheet.nodes()) weight += node.kind == Kind::vote ? node.weight : 0;
  CHECK(weight == 20);
  // The vote for nil signs other bytes: no block id, 74 bytes less.
  const u32 for_block = d.sheet.signature_rows()[0].msg.len();
  CHECK(for_block - d.sheet.signature_rows()[1].msg.len() == 74);
}

TEST_CASE("secp256k1 keys: hash160 addresses, hashed messages, low s") {
  Proto validators;
  const Proto key = Proto().fill(2, 33, 1);
  validators.message(1, Proto().fill(1, 20, 1).message(2, key).number(3, 10));
  Spec spec;
  spec.flags = {2};
  const Proto block =
      Proto().message(1, Proto().message(1, spec.header()).message(2, spec.commit())).message(2, validators);
  const Decoded d = decode(block, pinned());
  CHECK(d.sheet.notes().empty());
  REQUIRE(d.sheet.signature_rows().size() == 1);
  const claim::SignatureRow& row = d.sheet.signature_rows()[0];
  CHECK(row.scheme == Scheme::secp256k1_ecdsa);
  CHECK(row.flags == kSigLowS);
  CHECK(row.msg.space() == Space::scratch);
  CHECK(row.msg.len() == 32);
  bool hash160 = false;
  for (const claim::HashRow& hash : d.sheet.hash_rows()) hash160 |= hash.hash == Hash::hash160;
  CHECK(hash160);
}

TEST_CASE("keys of types that cannot be judged leave the block undecided") {
  Proto validators;
  validators.message(1, Proto().fill(1, 20, 1).message(2, Proto().fill(3, 48, 1)).number(3, 10));
  Spec spec;
  spec.flags = {2};
  const Proto block =
      Proto().message(1, Proto().message(1, spec.header()).message(2, spec.commit())).message(2, validators);
  const Decoded d = decode(block, pinned());
  CHECK(d.undecided(Code::cometbft_key_type));
  CHECK(d.sheet.signature_rows().empty());
}

TEST_CASE("rules between the parts") {
  const auto note = [](auto change) {
    Spec spec;
    change(spec);
    return decode(spec.block(), pinned()).only_note();
  };
  CHECK(note([](Spec&) {}) == Code::ok);
  CHECK(note([](Spec& s) { s.chain_id = "other"; }) == Code::cometbft_chain_id);
  CHECK(note([](Spec& s) { s.commit_height = 11; }) == Code::cometbft_height);
  CHECK(note([](Spec& s) { s.flags = {2, 2, 2}; }) == Code::cometbft_commit_size);
  CHECK(note([](Spec& s) { s.flags = {2, 2, 2, 2, 1}; }) == Code::cometbft_commit_size);
  CHECK(note([](Spec& s) { s.height = 0; }) == Code::not_canonical);
  CHECK(note([](Spec& s) { s.height = ~u64{0}; }) == Code::cometbft_height);
  CHECK(note([](Spec& s) { s.round = ~u64{0}; }) == Code::field_value);
  CHECK(note([](Spec& s) { s.flags[0] = 4; }) == Code::cometbft_vote_flag);
  CHECK(note([](Spec& s) { s.chain_id = std::string(51, 'x'); }) == Code::length_out_of_range);
  CHECK(note([](Spec& s) { s.seconds = i64{1} << 40; }) == Code::field_value);
  CHECK(note([](Spec& s) { s.powers[2] = 0; }) == Code::not_canonical);
  CHECK(note([](Spec& s) { s.powers[2] = ~u64{0} - 9; }) == Code::cometbft_power);
  CHECK(note([](Spec& s) { s.powers = {kTotalPowerMax, 1, 1, 1}; }) == Code::cometbft_power);
  CHECK(note([](Spec& s) { s.powers = {kTotalPowerMax - 3, 1, 1, 1}; }) == Code::ok);

  Spec none;
  none.powers.clear();
  none.flags.clear();
  CHECK(decode(none.block(), pinned()).only_note() == Code::empty);
}

TEST_CASE("a vote beside another validator's address, and a validator that stands twice") {
  Spec spec;
  Proto commit;
  commit.number(1, 10).message(3, block_id_of(0xaa, 0xbb));
  for (const usize i : {0, 2, 1, 3}) commit.message(4, spec.vote(i));
  const Proto block =
      Proto().message(1, Proto().message(1, spec.header()).message(2, commit)).message(2, spec.validators());
  CHECK(decode(block, pinned()).invalid(Code::cometbft_vote_address));

  Proto twice;
  for (const usize i : {0, 1, 1, 3}) twice.message(1, spec.validator(i));
  const Proto repeated =
      Proto().message(1, Proto().message(1, spec.header()).message(2, spec.commit())).message(2, twice);
  const Decoded d = decode(repeated, pinned());
  CHECK(d.invalid(Code::cometbft_validator_repeated));
  CHECK(d.invalid(Code::cometbft_vote_address));
}

TEST_CASE("absent votes must be empty, present ones whole") {
  const auto with_vote = [](const Proto& vote) {
    Spec spec;
    spec.powers = {10};
    const Proto commit = Proto().number(1, 10).message(3, block_id_of(0xaa, 0xbb)).message(4, vote);
    return decode(
        Proto().message(1, Proto().message(1, spec.header()).message(2, commit)).message(2, spec.validators()),
        pinned());
  };
  const Proto zero = time_of(-62135596800);
  CHECK(with_vote(Proto().number(1, 1).message(3, zero)).only_note() == Code::ok);
  CHECK(with_vote(Proto().number(1, 1)).only_note() == Code::ok);
  CHECK(with_vote(Proto().number(1, 1).message(3, time_of(0))).only_note() == Code::cometbft_vote_absent);
  CHECK(with_vote(Proto().number(1, 1).message(3, time_of(-62135596800, 1))).only_note() == Code::cometbft_vote_absent);
  CHECK(with_vote(Proto().number(1, 1).fill(2, 20, 1)).only_note() == Code::cometbft_vote_absent);
  CHECK(with_vote(Proto().number(1, 1).fill(4, 64, 1)).only_note() == Code::cometbft_vote_absent);
  CHECK(with_vote(Proto().number(1, 2).message(3, zero).fill(4, 64, 1)).only_note() == Code::field_missing);
  CHECK(with_vote(Proto().number(1, 2).fill(2, 20, 1).fill(4, 64, 1)).only_note() == Code::field_missing);
  CHECK(with_vote(Proto().number(1, 2).fill(2, 19, 1).message(3, zero)).only_note() == Code::length_out_of_range);
  CHECK(with_vote(Proto().number(1, 2).fill(2, 20, 1).message(3, zero)).only_note() == Code::signature_missing);
  CHECK(with_vote(Proto().number(1, 2).fill(2, 20, 1).message(3, zero).fill(4, 63, 1)).only_note() ==
        Code::signature_encoding);
  CHECK(with_vote(Proto().number(1, 2).fill(2, 20, 1).message(3, zero).fill(4, 65, 1)).only_note() ==
        Code::signature_encoding);
}

TEST_CASE("one encoding per block: unknown, repeated, missing and swapped fields") {
  const Spec spec;
  const auto block = [&](const Proto& header) {
    return decode(
        Proto().message(1, Proto().message(1, header).message(2, spec.commit())).message(2, spec.validators()),
        pinned());
  };
  CHECK(block(spec.header().number(15, 1)).only_note() == Code::field_unknown);
  CHECK(block(spec.header().fill(14, 20, 0x12)).only_note() == Code::field_repeated);
  CHECK(block(spec.header().fill(9, 32, 0x0e)).only_note() == Code::field_repeated);
  CHECK(block(Proto().text(2, "chain")).only_note() == Code::field_missing);
  CHECK(block(Proto().text(2, "chain").message(1, Proto())).only_note() == Code::not_canonical);
  CHECK(block(Proto().number(1, 1)).only_note() == Code::wire_type);
  CHECK(block(Proto().message(1, Proto().raw({0x08, 0x8b, 0x00}))).only_note() == Code::not_canonical);
  CHECK(block(Proto().message(1, Proto().raw({0x08, 0x00}))).only_note() == Code::not_canonical);

  const Decoded off = decode(Proto().raw({0x0a, 0x02, 0x18, 0x01}), pinned());
  CHECK(off.only_note() == Code::field_unknown);
  CHECK(off.sheet.notes()[0].byte_off == 2);
  CHECK(decode(Proto(), pinned()).only_note() == Code::field_missing);
  CHECK(decode(spec.block().raw({0x00}), pinned()).only_note() == Code::field_value);
  CHECK(decode(spec.block().raw({0x1a}), pinned()).only_note() == Code::truncated);
}

TEST_CASE("every prefix and every flipped byte is answered") {
  const std::vector<u8> whole = Spec{}.block().out();
  const std::vector<u8> anchor = AnchorSpec{}.anchor().out();
  for (usize len = 0; len < whole.size(); ++len) {
    claim::Sheet sheet(Bytes(whole).first(len), anchor, Limits{});
    CHECK(decode_cometbft_light_block(Bytes(whole).first(len), anchor, Limits{}, sheet).what == nullptr);
    CHECK(sheet.notes().size() == 1);
    CHECK(sheet.claims().empty());
  }
  for (usize at = 0; at < whole.size(); ++at) {
    for (const u8 flip : {0x01, 0x80, 0xff}) {
      std::vector<u8> bytes = whole;
      bytes[at] = static_cast<u8>(bytes[at] ^ flip);
      claim::Sheet sheet(bytes, anchor, Limits{});
      CHECK(decode_cometbft_light_block(bytes, anchor, Limits{}, sheet).what == nullptr);
      CHECK((sheet.claims().empty() || sheet.nodes().size() > 1));
    }
  }
}

TEST_CASE("without trust a block is undecided, with every row stated") {
  const Decoded d = decode(Spec{}.block(), Proto().text(1, "chain"));
  CHECK(d.only_note() == Code::cometbft_no_anchor);
  CHECK(d.undecided(Code::cometbft_no_anchor));
  CHECK(d.sheet.signature_rows().size() == 4);
}

TEST_CASE("adjacent blocks: the announced validators, and the last block when it is known") {
  Spec spec;
  spec.height = spec.commit_height = 6;
  AnchorSpec anchor;
  const Decoded d = decode(spec.block(), anchor.anchor());
  CHECK(d.only_note() == Code::ok);
  CHECK(d.bound(Code::cometbft_next_validators));
  CHECK_FALSE(d.bound(Code::cometbft_last_block));
  CHECK(d.nodes_of(Kind::signer) == 0);
  anchor.with_hash = true;
  CHECK(decode(spec.block(), anchor.anchor()).bound(Code::cometbft_last_block));
}

TEST_CASE("skipping: the trusted set must have signed") {
  AnchorSpec anchor;
  const Decoded all = decode(Spec{}.block(), anchor.anchor());
  CHECK(all.only_note() == Code::ok);
  CHECK(all.bound(Code::cometbft_trusted_validators_hash));
  CHECK(all.nodes_of(Kind::signer) == 4);
  CHECK(all.sheet.signature_rows().size() == 4);  // shared: both sets hold the same keys

  // Validators 3 and 4 of the block are 1 and 2 of the trusted set, in other places.
  anchor.members.first_key = 3;
  const Decoded half = decode(Spec{}.block(), anchor.anchor());
  CHECK(half.only_note() == Code::ok);
  CHECK(half.nodes_of(Kind::signer) == 2);

  // One of four: exactly a quarter is not more than a third.
  anchor.members.first_key = 4;
  const Decoded one = decode(Spec{}.block(), anchor.anchor());
  CHECK(one.undecided(Code::cometbft_not_enough_trust));
  CHECK(one.only_note() == Code::cometbft_not_enough_trust);
  CHECK(one.sheet.signature_rows().empty());
  CHECK(one.nodes_of(Kind::commit) == 0);

  anchor.with_set = false;
  CHECK(decode(Spec{}.block(), anchor.anchor()).undecided(Code::cometbft_no_trusted_validators));
}

TEST_CASE("skipping: exact thresholds of the trust level") {
  AnchorSpec anchor;
  const auto enough = [&](std::vector<u64> powers, u64 numerator, u64 denominator) {
    anchor.members.powers = powers;
    anchor.members.first_key = 4;  // of the trusted set only its first member signs
    anchor.numerator = numerator;
    anchor.denominator = denominator;
    return decode(Spec{}.block(), anchor.anchor()).only_note() == Code::ok;
  };
  CHECK_FALSE(enough({1, 1, 1}, 1, 3));
  CHECK(enough({2, 2, 1}, 1, 3));  // 5 / 3 = 1
  CHECK_FALSE(enough({2, 1, 1}, 1, 2));
  CHECK(enough({3, 1, 1}, 1, 2));
  CHECK_FALSE(enough({5}, 1, 1));
  CHECK_FALSE(enough({kTotalPowerMax / 3, kTotalPowerMax / 3 * 2}, 1, 3));
  CHECK(enough({kTotalPowerMax / 3 + 1, kTotalPowerMax / 3 * 2 - 1}, 1, 3));
}

TEST_CASE("skipping with another key behind a known address: a row of its own") {
  AnchorSpec anchor;
  Proto set;
  for (usize i = 0; i < 4; ++i) {
    set.message(1, Proto().fill(1, 20, static_cast<u8>(1 + i)).message(2, Proto().fill(1, 32, 0x55)).number(3, 10));
  }
  const Proto trusted = Proto().number(1, 5).message(2, time_of(900)).fill(4, 32, 0x0c).message(5, set);
  const Proto bytes = Proto().text(1, "chain").message(4, trusted).message(5, time_of(200)).message(6, time_of(1050));
  const Decoded d = decode(Spec{}.block(), bytes);
  CHECK(d.only_note() == Code::ok);
  CHECK(d.sheet.signature_rows().size() == 8);
}

TEST_CASE("time and height") {
  const auto note = [](auto change) {
    Spec spec;
    AnchorSpec anchor;
    change(spec, anchor);
    return decode(spec.block(), anchor.anchor()).only_note();
  };
  CHECK(note([](Spec&, AnchorSpec&) {}) == Code::ok);
  // Trusted at 900 s for 200 s; the block at 1000 s and 5 ns.
  CHECK(note([](Spec&, AnchorSpec& a) { a.now = 1099; }) == Code::ok);
  CHECK(note([](Spec&, AnchorSpec& a) { a.now = 1100; }) == Code::cometbft_trust_expired);
  CHECK(note([](Spec&, AnchorSpec& a) { a.now = 990, a.drift = 10; }) == Code::cometbft_header_from_future);
  CHECK(note([](Spec&, AnchorSpec& a) { a.now = 991, a.drift = 10; }) == Code::ok);
  CHECK(note([](Spec& s, AnchorSpec&) { s.seconds = 899; }) == Code::cometbft_time_not_later);
  CHECK(note([](Spec& s, AnchorSpec&) { s.seconds = 900; }) == Code::ok);  // five nanoseconds later
  CHECK(note([](Spec& s, AnchorSpec&) { s.height = s.commit_height = 5; }) == Code::cometbft_height_not_later);
  CHECK(note([](Spec& s, AnchorSpec&) { s.height = s.commit_height = 4; }) == Code::cometbft_height_not_later);
}

TEST_CASE("early stop states no more signatures than the thresholds need") {
  AnchorSpec anchor;
  anchor.early_stop = true;
  Spec spec;
  spec.flags = {3, 2, 2, 2};
  spec.powers = {1, 10, 10, 1};
  anchor.members.powers = {1, 10, 10, 1};
  const Decoded d = decode(spec.block(), anchor.anchor());
  CHECK(d.nodes_of(Kind::vote) == 2);    // 20 of 22; the vote for nil is passed over
  CHECK(d.nodes_of(Kind::signer) == 1);  // 10 of 22
  CHECK(d.sheet.signature_rows().size() == 2);
}

TEST_CASE("limits: too many votes or rows are undecided, never invalid") {
  Limits limits;
  limits.rows_max = 3;
  const Decoded d = decode(Spec{}.block(), pinned(), limits);
  CHECK(d.undecided(Code::limit_exceeded));
  limits.rows_max = 20;
  CHECK(decode(Spec{}.block(), pinned(), limits).undecided(Code::limit_exceeded));
}

TEST_CASE("anchors: what is not of the documented form is the caller's mistake") {
  const auto what = [](const Proto& anchor) { return decode(Spec{}.block(), anchor).error.what != nullptr; };
  CHECK_FALSE(what(pinned()));
  CHECK(what(Proto()));
  CHECK(what(Proto().text(1, "")));
  CHECK(what(Proto().text(1, "chain").fill(2, 31, 1)));
  CHECK(what(Proto().text(1, "chain").number(14, 1)));
  CHECK(what(Proto().text(1, "chain").number(8, 1)));
  const auto level = [&](u64 numerator, u64 denominator) {
    return what(Proto().text(1, "chain").number(8, numerator).number(9, denominator));
  };
  CHECK_FALSE(level(1, 3));
  CHECK_FALSE(level(1, 1));
  CHECK(level(33, 100));
  CHECK(level(4, 3));
  CHECK(level(~u64{0} / 3 + 2, ~u64{0}));
  AnchorSpec spec;
  CHECK_FALSE(what(spec.anchor()));
  spec.period = 0;
  CHECK(what(spec.anchor()));
  CHECK(what(Proto().text(1, "chain").message(4, AnchorSpec{}.trusted())));
}

}  // namespace
}  // namespace isthmus::chain::cometbft
