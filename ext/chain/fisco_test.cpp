// What the FISCO BCOS decoders state and note. Hashes and signatures are arbitrary here: made chains with right ones
// are the business of tests/chains.
#include <doctest/doctest.h>

#include "chain/cometbft_builder_test.hpp"
#include "chain/fisco_claims.hpp"

namespace isthmus::chain::fisco {
namespace {

using claim::Kind;
using cometbft::testing::Decoded;
using cometbft::testing::Proto;

using Raw = std::vector<u8>;

void append(Raw& out, const Raw& more) { out.insert(out.end(), more.begin(), more.end()); }

// --- RLP

Raw rlp_behind(u8 kind, const Raw& payload) {
  Raw out;
  if (payload.size() <= 55) {
    out = {static_cast<u8>(kind + payload.size())};
  } else if (payload.size() < 256) {
    out = {static_cast<u8>(kind + 56), static_cast<u8>(payload.size())};
  } else {
    out = {static_cast<u8>(kind + 57), static_cast<u8>(payload.size() >> 8), static_cast<u8>(payload.size())};
  }
  append(out, payload);
  return out;
}

Raw rlp_string(const Raw& value) { return value.size() == 1 && value[0] < 0x80 ? value : rlp_behind(0x80, value); }

Raw rlp_number(u8 value) { return value == 0 ? Raw{0x80} : rlp_string({value}); }

Raw rlp_list(const std::vector<Raw>& items) {
  Raw payload;
  for (const Raw& item : items) append(payload, item);
  return rlp_behind(0xc0, payload);
}

struct SpecV2 {
  u8 number = 5;
  u8 sealer = 1;
  std::vector<u8> ids = {1, 2, 3, 4};   // each id is 64 times its byte
  std::vector<u8> signers = {0, 1, 2};  // indices
  usize signature_len = 65;
  u8 recovery_id = 1;
  usize transactions = 2;
  bool receipts = true;

  Raw header() const {
    std::vector<Raw> sealers;
    for (const u8 id : ids) sealers.push_back(rlp_string(Raw(64, id)));
    return rlp_list({rlp_string(Raw(32, 9)), rlp_string(Raw(32, 8)), rlp_string(Raw(32, 7)), rlp_string(Raw(32, 6)),
                     rlp_string(Raw(32, 5)), rlp_string(Raw(256, 0)), rlp_number(number), rlp_number(0), rlp_number(0),
                     rlp_number(100), rlp_list({}), rlp_number(sealer), rlp_list(sealers)});
  }
  Raw transaction(u8 nonce) const {
    return rlp_list({rlp_number(nonce), rlp_number(1), rlp_number(1), rlp_number(9), rlp_string({}), rlp_number(0),
                     rlp_string({1, 2}), rlp_number(1), rlp_number(1), rlp_string({}), rlp_number(27),
                     rlp_string(Raw(32, 3)), rlp_string(Raw(32, 4))});
  }
  Raw receipt() const {
    const Raw log = rlp_list({rlp_string(Raw(20, 1)), rlp_list({rlp_string(Raw(32, 2))}), rlp_string({})});
    return rlp_list({rlp_string(Raw(32, 1)), rlp_number(9), rlp_string(Raw(20, 0)), rlp_string(Raw(256, 0)),
                     rlp_number(0), rlp_string({}), rlp_list({log})});
  }
  Raw signature_list() const {
    std::vector<Raw> pairs;
    for (const u8 signer : signers) {
      Raw signature(signature_len, 0x11);
      if (!signature.empty()) signature.back() = recovery_id;
      pairs.push_back(rlp_list({rlp_number(signer), rlp_string(signature)}));
    }
    return rlp_list(pairs);
  }
  Raw blob() const {
    Raw body, table(8 + 4 * transactions);
    store_le32(table.data(), static_cast<u32>(transactions));
    for (usize i = 0; i < transactions; ++i) {
      append(body, transaction(static_cast<u8>(i + 1)));
      store_le32(table.data() + 8 + 4 * i, static_cast<u32>(body.size()));
    }
    append(table, body);
    return table;
  }
  Raw block(const Raw& blob_bytes) const {
    std::vector<Raw> list;
    for (usize i = 0; i < (receipts ? transactions : 0); ++i) list.push_back(receipt());
    return rlp_list({header(), rlp_string(blob_bytes), rlp_string(Raw(32, 0xaa)), signature_list(), rlp_list(list)});
  }
  Raw block() const { return block(blob()); }
};

Proto sealers(Proto anchor, const std::vector<u8>& ids) {
  for (const u8 id : ids) anchor.message(3, Proto().fill(1, 64, id).number(2, 1));
  return anchor;
}

Proto anchor_v2(u32 version = 0x020700ff) { return sealers(Proto().number(1, version), {1, 2, 3, 4}); }

struct Run {
  Run(const Raw& given, const Proto& anchor_message, Decode decode = decode_fisco_block)
      : input(given), anchor(anchor_message.out()), sheet(input, anchor, Limits{}) {
    error = decode(input, anchor, Limits{}, sheet);
  }
  bool notes(Code code) const {
    for (const claim::Note& note : sheet.notes()) {
      if (note.code == code) return true;
    }
    return false;
  }
  Code first() const { return sheet.notes().empty() ? Code::ok : sheet.notes()[0].code; }
  Raw input, anchor;
  claim::Sheet sheet;
  AnchorError error;
};

TEST_CASE("version 2: rows of an ordinary block") {
  const Run run(SpecV2{}.block(), anchor_v2());
  CHECK(run.error.what == nullptr);
  CHECK(run.sheet.notes().empty());
  CHECK(run.sheet.recover_rows().size() == 3 + 2);  // signers, senders
  CHECK(run.sheet.tree_rows().size() == 2);
  // header; hash, signed part and address of two transactions; two receipts
  CHECK(run.sheet.hash_rows().size() == 1 + 2 * 3 + 2);
  for (const claim::Node& node : run.sheet.nodes()) {
    if (node.kind == Kind::signatures) CHECK(node.need == 3);
  }
}

TEST_CASE("version 2: roots of earlier releases") {
  const Run blob(SpecV2{}.block(), anchor_v2(0x020000ff));
  CHECK(blob.sheet.notes().empty());
  CHECK(blob.sheet.tree_rows().empty());
  CHECK(blob.sheet.hash_rows().size() == 1 + 2 * 3 + 2 + 2);
  // Before rc2 the parts stand in another order, and transactions are a list.
  CHECK(Run(SpecV2{}.block(), anchor_v2(0x02000001)).first() == Code::wire_type);
  const SpecV2 spec;
  const Raw tx = rlp_list({rlp_number(1), rlp_number(1), rlp_number(1), rlp_number(9), rlp_string({}), rlp_number(0),
                           rlp_string({1}), rlp_number(28), rlp_string(Raw(32, 3)), rlp_string(Raw(32, 4))});
  const Raw first = rlp_list(
      {spec.header(), rlp_list({tx}), rlp_list({spec.receipt()}), rlp_string(Raw(32, 0xaa)), spec.signature_list()});
  const Run run(first, anchor_v2(0x02000001));
  CHECK(run.sheet.notes().empty());
  CHECK(run.sheet.hash_rows().size() == 1 + 3 + 1 + 1 + 1);  // one node in each trie is its root
}

TEST_CASE("version 2: the blob's offsets") {
  const SpecV2 spec;
  const auto with = [&](usize at, u32 value) {
    Raw blob = spec.blob();
    store_le32(blob.data() + at, value);
    return Run(spec.block(blob), anchor_v2()).first();
  };
  CHECK(with(0, 3) != Code::ok);  // one offset is read out of a transaction
  CHECK(with(0, 0xffffffff) == Code::truncated);
  CHECK(with(4, 1) == Code::fisco_transactions_blob);       // not from the beginning
  CHECK(with(8, 0) == Code::fisco_transactions_blob);       // nothing
  CHECK(with(8, 0xffff) == Code::fisco_transactions_blob);  // beyond the end
  CHECK(with(12, 1) == Code::fisco_transactions_blob);      // falling
  Raw longer = spec.blob();
  longer.push_back(0);
  CHECK(Run(spec.block(longer), anchor_v2()).first() == Code::fisco_transactions_blob);
  CHECK(Run(spec.block(Raw{1, 0}), anchor_v2()).first() == Code::truncated);
}

TEST_CASE("signatures that are refused before any number is looked at") {
  SpecV2 repeated;
  repeated.signers = {0, 1, 1};
  CHECK(Run(repeated.block(), anchor_v2()).notes(Code::fisco_signer_repeated));
  SpecV2 stranger;
  stranger.signers = {0, 1, 4};
  CHECK(Run(stranger.block(), anchor_v2()).notes(Code::fisco_signer_index));
  SpecV2 other_id;
  other_id.recovery_id = 2;
  CHECK(Run(other_id.block(), anchor_v2()).notes(Code::fisco_recovery_id));
  for (const usize len : {0, 64, 66, 128}) {
    SpecV2 sized;
    sized.signature_len = len;
    CHECK(Run(sized.block(), anchor_v2()).notes(Code::signature_encoding));
  }
  // With SM2 a signature of version 2 carries its key.
  SpecV2 sm;
  sm.signature_len = 128;
  sm.recovery_id = 0x11;
  CHECK(Run(sm.block(), sealers(Proto().number(1, 0x020700ff).number(2, 1), {0x11, 0x11, 3, 4}))
            .notes(Code::fisco_sealers));
}

TEST_CASE("sealers: pinned, changed, repeated") {
  SpecV2 changed;
  changed.ids = {1, 2, 3, 5};
  CHECK(Run(changed.block(), anchor_v2()).notes(Code::fisco_sealers));
  Proto overlap = anchor_v2();
  overlap.number(4, 1);
  const Run run(changed.block(), overlap);
  CHECK(run.sheet.notes().empty());
  u64 old_weight = 0;
  for (const claim::Node& node : run.sheet.nodes()) {
    if (node.kind != Kind::signer) continue;
    if (run.sheet.nodes()[node.parent].kind == Kind::old_signatures) old_weight += node.weight;
  }
  CHECK(old_weight == 3);
  SpecV2 twice;
  twice.ids = {1, 2, 3, 3};
  CHECK(Run(twice.block(), sealers(Proto().number(1, 0x020700ff), {1, 2, 3, 3})).notes(Code::fisco_sealer_repeated));
  SpecV2 outside;
  outside.sealer = 4;
  CHECK(Run(outside.block(), anchor_v2()).notes(Code::fisco_sealer_index));
}

TEST_CASE("nothing is trusted without an anchor, and no block without signatures") {
  CHECK(Run(SpecV2{}.block(), Proto().number(1, 0x020700ff)).notes(Code::fisco_no_anchor));
  SpecV2 unsigned_block;
  unsigned_block.signers = {};
  const Run run(unsigned_block.block(), anchor_v2());
  bool has_empty_quorum = false;
  for (const claim::Node& node : run.sheet.nodes()) has_empty_quorum |= node.kind == Kind::signatures;
  CHECK(has_empty_quorum);  // which the judge never takes for valid
}

TEST_CASE("receipts: as many as transactions, or none") {
  SpecV2 without;
  without.receipts = false;
  CHECK(Run(without.block(), anchor_v2()).sheet.tree_rows().size() == 1);
  const SpecV2 spec;
  const Raw one = rlp_list({spec.header(), rlp_string(spec.blob()), rlp_string(Raw(32, 0xaa)), spec.signature_list(),
                            rlp_list({spec.receipt()})});
  CHECK(Run(one, anchor_v2()).notes(Code::fisco_receipt_count));
}

TEST_CASE("a transaction that stands twice, whatever stands between") {
  const SpecV2 spec;
  const Raw tx = spec.transaction(1);
  Raw other = tx;  // of the same nonce
  other.back() ^= 1;
  const auto repeated = [&](const std::vector<Raw>& txs) {
    Raw blob(8 + 4 * txs.size()), body;
    store_le32(blob.data(), static_cast<u32>(txs.size()));
    for (usize i = 0; i < txs.size(); ++i) {
      append(body, txs[i]);
      store_le32(blob.data() + 8 + 4 * i, static_cast<u32>(body.size()));
    }
    append(blob, body);
    return Run(spec.block(blob), anchor_v2()).notes(Code::fisco_transaction_repeated);
  };
  CHECK(repeated({tx, tx}));
  CHECK(repeated({tx, other, tx}));
  CHECK_FALSE(repeated({tx, other}));
  CHECK_FALSE(repeated({other, tx, spec.transaction(2)}));
}

TEST_CASE("anchors that are refused") {
  const Raw block = SpecV2{}.block();
  const auto refused = [&](const Proto& anchor) { return Run(block, anchor).error.what != nullptr; };
  CHECK(!refused(anchor_v2()));
  CHECK(refused(Proto()));  // no version
  CHECK(refused(Proto().number(1, 0x01000000)));
  CHECK(refused(Proto().number(1, 0x04000000)));
  CHECK(refused(Proto().number(1, 0x03000000).number(2, 2)));
  CHECK(refused(Proto().number(1, 0x03000000).message(3, Proto().fill(1, 63, 1).number(2, 1))));
  CHECK(refused(Proto().number(1, 0x03000000).message(3, Proto().fill(1, 64, 1))));  // no weight
  CHECK(refused(Proto().number(1, 0x020700ff).message(3, Proto().fill(1, 64, 1).number(2, 2))));
  const Proto heavy = Proto().fill(1, 64, 1).number(2, kWeightMax);
  CHECK(!refused(Proto().number(1, 0x03000000).message(3, heavy)));
  CHECK(refused(Proto().number(1, 0x03000000).message(3, heavy).message(3, heavy)));
  CHECK(refused(Proto().number(1, 0x03000000).fill(5, 31, 1)));
  CHECK(refused(Proto().number(1, 0x03000000).message(6, Proto().number(1, 5))));  // no hash
  CHECK(refused(Proto().number(1, 0x03000000).number(9, 1)));
}

// --- statements and proofs

Proto statement(const Raw& header) { return Proto().bytes(1, header).fill(2, 32, 0xaa); }

TEST_CASE("statements: fields that are missing") {
  const Run run(Proto().fill(2, 32, 0xaa).text(5, "logsBloom").text(5, "dbHash").out(), anchor_v2(),
                decode_fisco_header);
  CHECK(run.notes(Code::fisco_field_missing));
  REQUIRE(run.sheet.facts().size() == 1);
  const Bytes names = run.sheet.bytes(run.sheet.facts()[0].ref);
  CHECK(std::string(names.begin(), names.end()) == "logsBloom,dbHash");
  CHECK(Run(Proto().fill(2, 32, 1).out(), anchor_v2(), decode_fisco_header).first() == Code::field_missing);
  CHECK(Run(Proto().text(5, "a b").out(), anchor_v2(), decode_fisco_header).first() == Code::field_value);
  Proto many;
  for (int i = 0; i < 65; ++i) many.text(5, "a");
  CHECK(Run(many.out(), anchor_v2(), decode_fisco_header).first() == Code::length_out_of_range);
  // Without signatures a header is undecided, unless the anchor names it.
  const Raw unsigned_header = statement(SpecV2{}.header()).text(5, "signatureList").out();
  CHECK(Run(unsigned_header, anchor_v2(), decode_fisco_header).first() == Code::fisco_field_missing);
  Proto pinned = anchor_v2();
  pinned.fill(5, 32, 1);
  CHECK(Run(unsigned_header, pinned, decode_fisco_header).sheet.notes().empty());
}

TEST_CASE("proofs: shapes that no tree has") {
  using Sides = std::pair<usize, usize>;
  const auto code_of = [](u32 version, const std::vector<Sides>& levels, u64 index_plus_one) {
    Proto path;
    for (const auto& [left, right] : levels) {
      Proto level;
      if (left != 0) level.fill(1, 32 * left, 1);
      if (right != 0) level.fill(2, 32 * right, 2);
      path.message(1, level);
    }
    Proto pinned = Proto().number(1, version).fill(5, 32, 1);
    Proto proof =
        Proto().message(1, statement(SpecV2{}.header()).text(5, "signatureList")).fill(3, 32, 3).message(4, path);
    if (index_plus_one != 0) proof.number(8, index_plus_one);
    return Run(proof.out(), pinned, decode_fisco_proof).first();
  };
  const u32 v2 = 0x020700ff;
  CHECK(code_of(v2, {}, 1) == Code::ok);
  CHECK(code_of(v2, {{2, 2}}, 3) == Code::ok);
  CHECK(code_of(v2, {{15, 0}}, 16) == Code::ok);
  CHECK(code_of(v2, {{15, 1}}, 0) == Code::fisco_proof_shape);  // sixteen siblings
  CHECK(code_of(v2, {{0, 16}}, 0) == Code::fisco_proof_shape);
  CHECK(code_of(v2, {{16, 0}}, 0) == Code::fisco_proof_shape);
  CHECK(code_of(v2, {{0, 0}}, 0) == Code::fisco_proof_shape);          // a root alone has no level
  CHECK(code_of(v2, {{0, 3}, {0, 1}}, 0) == Code::fisco_proof_shape);  // right of the last group
  CHECK(code_of(v2, {{0, 0}, {1, 0}}, 17) == Code::ok);                // the seventeenth leaf is alone in its group
  CHECK(code_of(v2, {{0, 15}, {0, 1}}, 1) == Code::ok);
  CHECK(code_of(v2, {{0, 15}, {0, 1}}, 2) == Code::fisco_proof_index);
  CHECK(code_of(v2, std::vector<Sides>(15, {0, 15}), 1) == Code::ok);
  CHECK(code_of(v2, std::vector<Sides>(16, {0, 15}), 1) == Code::fisco_proof_shape);  // an index beyond 60 bits
  CHECK(code_of(v2, std::vector<Sides>(65, {0, 15}), 1) == Code::length_out_of_range);
}

}  // namespace
}  // namespace isthmus::chain::fisco
