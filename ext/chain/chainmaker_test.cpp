#include <doctest/doctest.h>

#include <string>

#include "chain/chain.hpp"
#include "chain/chainmaker_anchor.hpp"
#include "chain/chainmaker_parse.hpp"
#include "chain/cometbft_builder_test.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using claim::Kind;
using cometbft::testing::Decoded;
using cometbft::testing::Proto;

// Node ids of 32 zero bytes and of 31 and a one.
constexpr const char* kNodeZero = "QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51";
constexpr const char* kNodeOne = "QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh52";

Proto bare_anchor(u64 mode = 3) { return Proto().text(1, "chain").number(2, 1).number(3, mode).number(4, 1); }

Proto node(const char* id, const char* org = "org") { return Proto().text(1, org).text(2, id); }

Proto pinned() { return bare_anchor().number(5, 2).fill(12, 32, 0xaa); }

// A transaction with gas, its result and the payer behind it.
Proto transaction(u64 gas, const std::string& id = "id") {
  const Proto contract = Proto().text(2, "value").text(3, "OK").number(4, gas).message(5, Proto().text(1, "topic"));
  return Proto()
      .message(1, Proto().text(1, "chain").text(3, id))
      .message(4, Proto().message(2, contract).fill(3, 32, 0x33))
      .message(5, Proto().fill(2, 8, 0x44));
}

Proto header(u64 version, u64 count, u64 height = 7) {
  Proto out;
  out.number(1, version).text(3, "chain");
  if (height != 0) out.number(4, height);
  out.fill(5, 32, 0xbb).fill(6, 32, 0x66);
  if (count != 0) out.number(8, count);
  return out.fill(9, 32, 0x99).fill(10, 32, 0x10).fill(11, 32, 0x11).number(12, 1000);
}

Proto block(u64 version, std::initializer_list<Proto> txs) {
  Proto out;
  out.message(1, header(version, txs.size())).message(2, Proto());
  for (const Proto& tx : txs) out.message(3, tx);
  return out;
}

Decoded decode(const Proto& input, const Proto& anchor = pinned(), const Limits& limits = {}) {
  return Decoded(decode_chainmaker_block, input, anchor, limits);
}

std::vector<u8> joined(const claim::Sheet& sheet, const claim::HashRow& row) {
  std::vector<u8> out;
  for (u32 i = 0; i < row.segment_count; ++i) {
    const Bytes piece = sheet.bytes(sheet.refs()[row.segment_first + i]);
    out.insert(out.end(), piece.begin(), piece.end());
  }
  return out;
}

// Whether some hash row is of exactly these bytes.
bool hashes(const Decoded& d, const std::vector<u8>& bytes) {
  for (const claim::HashRow& row : d.sheet.hash_rows()) {
    if (joined(d.sheet, row) == bytes) return true;
  }
  return false;
}

TEST_CASE("chainmaker: the leaf leaves the gas out from version 2300 on, and nothing else") {
  Proto bare =
      Proto()
          .message(1, Proto().text(1, "chain").text(3, "id"))
          .message(4, Proto()
                          .message(2, Proto().text(2, "value").text(3, "OK").message(5, Proto().text(1, "topic")))
                          .fill(3, 32, 0x33))
          .message(5, Proto().fill(2, 8, 0x44));
  for (const u64 gas : {u64{1}, u64{300}, ~u64{0}}) {
    const Proto tx = transaction(gas);
    CHECK(hashes(decode(block(2300, {tx})), bare.out()));
    CHECK_FALSE(hashes(decode(block(2300, {tx})), tx.out()));
    CHECK(hashes(decode(block(2299, {tx})), tx.out()));
    CHECK_FALSE(hashes(decode(block(2299, {tx})), bare.out()));
  }
}

TEST_CASE("chainmaker: lengths around the gas shrink by a byte where they cross 128") {
  // 127 bytes without the gas, 130 with it.
  const std::string text(119, 'x');
  const auto contract = [&](u64 gas) {
    Proto out;
    out.text(2, text).text(3, "OK");
    if (gas != 0) out.number(4, gas);
    return out;
  };
  const auto tx = [&](u64 gas) {
    return Proto().message(1, Proto().text(1, "chain").text(3, "id")).message(4, Proto().message(2, contract(gas)));
  };
  REQUIRE(contract(0).out().size() < 128);
  REQUIRE(contract(300).out().size() >= 128);
  CHECK(hashes(decode(block(2300, {tx(300)})), tx(0).out()));
}

TEST_CASE("chainmaker: the header's hash leaves out its own hash and the signature") {
  const Proto signed_header = header(2300, 0).message(14, Proto().text(1, "org")).fill(15, 70, 0x15);
  Proto bare;
  bare.number(1, 2300).text(3, "chain").number(4, 7).fill(6, 32, 0x66).fill(9, 32, 0x99);
  bare.fill(10, 32, 0x10).fill(11, 32, 0x11).number(12, 1000).message(14, Proto().text(1, "org"));
  CHECK(hashes(decode(Proto().message(1, signed_header)), bare.out()));
}

TEST_CASE("chainmaker: Block and BlockInfo are told apart by their first header") {
  const Proto bare = block(2300, {transaction(1)});
  for (const Proto& input : {bare, Proto().message(1, bare)}) {
    const Decoded d = decode(input);
    CHECK(d.error.what == nullptr);
    CHECK(d.nodes_of(Kind::tx) == 1);
    CHECK_FALSE(d.invalid(Code::field_unknown));
  }
}

TEST_CASE("chainmaker: bytes that are not the one encoding") {
  const auto code = [](const Proto& input) { return decode(input).only_note(); };
  CHECK(code(Proto()) == Code::field_missing);
  CHECK(code(Proto().message(1, header(2300, 0)).message(5, Proto())) == Code::field_unknown);
  CHECK(code(Proto().message(1, header(2300, 0)).message(1, header(2300, 0))) == Code::field_repeated);
  CHECK(code(Proto().message(1, header(2300, 0)).message(3, Proto())) == Code::field_missing);
  CHECK(code(Proto().message(1, header(2300, 0).number(7, 1))) == Code::not_canonical);
  CHECK(code(Proto().message(1, Proto().number(1, 2300).fill(5, 31, 1))) == Code::length_out_of_range);
  const auto dag = [](std::initializer_list<u8> packed) {
    const Proto neighbor = Proto().bytes(1, Bytes(packed.begin(), packed.size()));
    return Proto().message(1, header(2300, 0)).message(2, Proto().message(2, neighbor));
  };
  CHECK(code(dag({0x80, 0x00})) == Code::not_canonical);
  CHECK(code(dag({0xff, 0xff, 0xff, 0xff, 0x1f})) == Code::field_value);
  CHECK(code(dag({0x80})) == Code::field_value);
}

TEST_CASE("chainmaker: limits leave it undecided") {
  Limits limits;
  limits.rows_max = 3;
  const Decoded d =
      decode(block(2300, {transaction(1, "a"), transaction(1, "b"), transaction(1, "c"), transaction(1, "d")}),
             pinned(), limits);
  CHECK(d.undecided(Code::limit_exceeded));
}

TEST_CASE("chainmaker: repeated identifiers, and counts") {
  CHECK(decode(block(2300, {transaction(1), transaction(2)})).invalid(Code::chainmaker_tx_repeated));
  CHECK_FALSE(decode(block(2300, {transaction(1, "a"), transaction(2, "b")})).invalid(Code::chainmaker_tx_repeated));
  const Proto more = Proto().message(1, header(2300, 2)).message(3, transaction(1));
  CHECK(decode(more).invalid(Code::chainmaker_tx_count));
}

TEST_CASE("chainmaker: anchors") {
  const auto what = [](const Proto& anchor) { return decode(block(2300, {}), anchor).error.what; };
  CHECK(what(pinned()) == nullptr);
  CHECK(what(bare_anchor()) != nullptr);  // no consensus
  CHECK(what(bare_anchor().number(5, 3)) != nullptr);
  CHECK(what(bare_anchor().number(5, 7)) != nullptr);
  CHECK(what(bare_anchor(4).number(5, 2)) != nullptr);
  for (const u64 zero : {2, 3, 4, 5})
    CHECK(what(Proto().text(1, "chain").number(static_cast<u32>(zero), 0)) != nullptr);
  CHECK(what(Proto().text(1, "chain").text(4, "SM3")) != nullptr);
  CHECK(what(bare_anchor().number(5, 2).message(6, node(kNodeZero)).message(6, node(kNodeOne))) == nullptr);
  CHECK(what(bare_anchor().number(5, 2).message(6, node(kNodeZero)).message(6, node(kNodeZero))) != nullptr);
  for (const char* const id :
       {"", "0", "Qm", "1QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51",
        "QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh5l", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}) {
    CHECK(what(bare_anchor().number(5, 2).message(6, node(id))) != nullptr);
  }
  CHECK(what(bare_anchor(1).number(5, 2).message(8, Proto().fill(1, 8, 1))) != nullptr);
  CHECK(what(bare_anchor(3).number(5, 2).message(10, Proto().fill(1, 8, 1).fill(2, 8, 1))) != nullptr);
  const auto policy = [&](const Proto& each) { return what(bare_anchor().number(5, 2).message(11, each)); };
  CHECK(policy(Proto().text(1, "a-b").number(2, 3)) == nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 8)) != nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 6)) != nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 6).number(5, 2)) == nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 7).number(5, 3).number(6, 2)) != nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 1).text(4, "Admin")) == nullptr);
  CHECK(policy(Proto().text(1, "a-b").number(2, 1).text(4, "king")) != nullptr);
}

TEST_CASE("chainmaker: a transaction alone is undecided unless its signatures are all that is asked for") {
  const Proto input = Proto().message(1, Proto().message(1, transaction(1)));
  const Decoded asked(decode_chainmaker_tx, input, bare_anchor().number(5, 2));
  CHECK(asked.undecided(Code::chainmaker_not_included));
  CHECK(asked.invalid(Code::chainmaker_sender_missing));
  const Decoded signed_only(decode_chainmaker_tx, input, bare_anchor().number(5, 2).number(16, 1));
  CHECK_FALSE(signed_only.undecided(Code::chainmaker_not_included));
}

TEST_CASE("chainmaker: version 1 hashes the header as field 1 of a block, and takes its own field numbers") {
  const auto v1_header = [](bool whole) {
    Proto out;
    out.text(1, "chain").number(2, 7).fill(3, 32, 0x33);
    if (whole) out.fill(4, 32, 0x44);
    out.text(6, "v1.2.0").fill(7, 32, 0x77).fill(8, 32, 0x88).fill(9, 32, 0x99).number(10, 1000);
    out.message(11, Proto().text(1, "org").fill(2, 32, 0x22)).number(13, 1);
    if (whole) out.fill(14, 70, 0x14);
    return out;
  };
  const Proto tx_header = Proto().text(1, "chain").message(2, Proto().text(1, "org").fill(2, 32, 0x22)).text(4, "id");
  const Proto result = Proto().message(2, Proto().number(4, 9)).fill(3, 32, 0x33);
  const Proto tx = Proto().message(1, tx_header).text(2, "payload").fill(3, 70, 0x55).message(4, result);
  const Proto block = Proto().message(1, v1_header(true)).message(3, tx);
  const auto anchor = [](u64 format) {
    return Proto().text(1, "chain").number(2, format).number(3, 1).number(4, 1).number(5, 2).fill(12, 32, 0xaa);
  };
  for (const Proto& input : {block, Proto().message(1, block)}) {
    const Decoded d = decode(input, anchor(2));
    CHECK(d.error.what == nullptr);
    CHECK(hashes(d, Proto().message(1, v1_header(false)).out()));
    CHECK(hashes(d, tx.out()));
    // The member is named by a hash that the anchor does not hold.
    CHECK(d.undecided(Code::chainmaker_member_unknown));
  }
  std::vector<u8> early = tx_header.out();
  for (const u8 letter : std::string("payload")) early.push_back(letter);
  const std::vector<u8> tail = result.out();
  early.insert(early.end(), tail.begin(), tail.end());
  CHECK(hashes(decode(block, anchor(3)), early));
  CHECK(decode(block, anchor(1)).sheet.notes().size() == 1);
  CHECK(decode(Proto().message(1, header(2300, 0)), anchor(2)).sheet.notes().size() == 1);
}

TEST_CASE("chainmaker: endorsers of version 1 sign the payload before their endorsements") {
  const Proto front = Proto().text(1, "chain").text(2, "SYSTEM").text(3, "METHOD").number(5, 4);
  Proto payload = front;
  payload.message(6, Proto().fill(2, 70, 0x66)).message(6, Proto().fill(2, 70, 0x67));
  const Proto tx_header = Proto().text(1, "chain").number(3, 4).text(4, "id");
  const std::vector<u8> input = Proto().message(1, tx_header).bytes(2, payload.out()).out();
  WireError error;
  std::vector<Signed> endorsers;
  const Transaction tx = read_transaction(ProtobufReader(input, error, {.repeated = kTransactionRepeated}), endorsers,
                                          {Format::v1, 100, &error});
  REQUIRE_FALSE(error.failed());
  REQUIRE(endorsers.size() == 2);
  claim::Sheet sheet(input, {}, Limits{});
  const Bytes endorsed = sheet.bytes(tx.endorsed);
  CHECK(std::vector<u8>(endorsed.begin(), endorsed.end()) == front.out());
}

TEST_CASE("chainmaker: headers take no transactions, blocks no proof") {
  const Proto with_txs = block(2300, {transaction(1)});
  CHECK(Decoded(decode_chainmaker_header, with_txs, pinned()).only_note() == Code::field_unknown);
  const Proto proof = Proto().message(1, transaction(1));
  const Proto with_proof = Proto().message(1, header(2300, 1)).message(5, proof);
  CHECK(Decoded(decode_chainmaker_header, with_proof, pinned()).nodes_of(Kind::tx) == 1);
  CHECK(decode(with_proof).only_note() == Code::field_unknown);
  const Proto info = Proto().message(1, Proto().message(1, transaction(1))).message(2, with_proof);
  CHECK(Decoded(decode_chainmaker_tx, info, pinned()).only_note() == Code::field_unknown);
}

}  // namespace
}  // namespace isthmus::chain::chainmaker
