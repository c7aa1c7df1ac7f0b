// Builds light blocks and anchors byte by byte for the tests of the CometBFT decoders. Hashes and signatures in them
// are arbitrary: these tests look at what a decoder states and notes, not at what the executor settles.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "claim/sheet.hpp"

namespace isthmus::chain::cometbft::testing {

class Proto {
 public:
  Proto& number(u32 field, u64 value) {
    varint(u64{field} << 3);
    varint(value);
    return *this;
  }
  Proto& bytes(u32 field, Bytes value) {
    varint(u64{field} << 3 | 2);
    varint(value.size());
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
  }
  Proto& text(u32 field, std::string_view value) {
    return bytes(field, Bytes(reinterpret_cast<const u8*>(value.data()), value.size()));
  }
  Proto& fill(u32 field, usize len, u8 byte) { return bytes(field, std::vector<u8>(len, byte)); }
  Proto& message(u32 field, const Proto& value) { return bytes(field, value.out_); }
  Proto& raw(std::initializer_list<u8> value) {
    out_.insert(out_.end(), value);
    return *this;
  }
  const std::vector<u8>& out() const { return out_; }

 private:
  void varint(u64 value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<u8>(value | 0x80));
    out_.push_back(static_cast<u8>(value));
  }
  std::vector<u8> out_;
};

inline Proto time_of(i64 seconds, u64 nanos = 0) {
  Proto out;
  if (seconds != 0) out.number(1, static_cast<u64>(seconds));
  if (nanos != 0) out.number(2, nanos);
  return out;
}

inline Proto block_id_of(u8 hash, u8 parts) {
  return Proto().fill(1, 32, hash).message(2, Proto().number(1, 1).fill(2, 32, parts));
}

// The parts of a block, each replaceable.
struct Spec {
  std::string chain_id = "chain";
  u64 height = 10;
  u64 commit_height = 10;
  u64 round = 0;
  i64 seconds = 1000;
  u8 hash = 0xaa;
  u8 last_hash = 0x09;
  u8 validators_hash = 0x0c;
  u8 app_hash = 0x0d;
  std::vector<u64> powers = {10, 10, 10, 10};
  std::vector<u32> flags = {2, 2, 2, 2};
  u8 first_key = 1;  // validator i has key and address of bytes first_key + i

  Proto header() const {
    return Proto()
        .message(1, Proto().number(1, 11).number(2, 1))
        .text(2, chain_id)
        .number(3, height)
        .message(4, time_of(seconds, 5))
        .message(5, block_id_of(last_hash, 0x08))
        .fill(6, 32, 0x0a)
        .fill(7, 32, 0x0b)
        .fill(8, 32, validators_hash)
        .fill(9, 32, 0x0e)
        .fill(10, 32, 0x0f)
        .fill(11, 32, app_hash)
        .fill(12, 32, 0x10)
        .fill(13, 32, 0x11)
        .fill(14, 20, 0x12);
  }
  Proto vote(usize i) const {
    if (flags[i] == 1) return Proto().number(1, 1).message(3, time_of(-62135596800));
    return Proto()
        .number(1, flags[i])
        .fill(2, 20, static_cast<u8>(first_key + i))
        .message(3, time_of(1001 + static_cast<i64>(i)))
        .fill(4, 64, 0x77);
  }
  Proto commit() const {
    Proto out;
    out.number(1, commit_height);
    if (round != 0) out.number(2, round);
    out.message(3, block_id_of(hash, 0xbb));
    for (usize i = 0; i < flags.size(); ++i) out.message(4, vote(i));
    return out;
  }
  Proto validator(usize i) const {
    const u8 name = static_cast<u8>(first_key + i);
    return Proto().fill(1, 20, name).message(2, Proto().fill(1, 32, name)).number(3, powers[i]);
  }
  Proto validators() const {
    Proto out;
    for (usize i = 0; i < powers.size(); ++i) out.message(1, validator(i));
    return out;
  }
  Proto block() const {
    return Proto().message(1, Proto().message(1, header()).message(2, commit())).message(2, validators());
  }
};

// An anchor with a trusted header of height 5 and the set of `members` for the next height.
struct AnchorSpec {
  u64 height = 5;
  i64 seconds = 900;
  i64 period = 200;
  i64 now = 1050;
  i64 drift = 10;
  bool with_set = true;
  Spec members;
  u64 numerator = 1;
  u64 denominator = 3;
  bool early_stop = false;
  bool with_hash = false;

  Proto trusted() const {
    Proto out;
    out.number(1, height).message(2, time_of(seconds));
    if (with_hash) out.fill(3, 32, 0x09);
    out.fill(4, 32, 0x0c);
    if (with_set) out.message(5, members.validators());
    return out;
  }
  Proto anchor() const {
    Proto out;
    out.text(1, "chain").message(4, trusted()).message(5, time_of(period)).message(6, time_of(now));
    out.message(7, time_of(drift)).number(8, numerator).number(9, denominator);
    if (early_stop) out.number(10, 1);
    return out;
  }
};

struct Decoded {
  std::vector<u8> input;
  std::vector<u8> anchor;
  claim::Sheet sheet;
  AnchorError error;

  Decoded(Decode decode, const Proto& input_proto, const Proto& anchor_proto, const Limits& limits = {})
      : input(input_proto.out()), anchor(anchor_proto.out()), sheet(input, anchor, limits) {
    error = decode(input, anchor, limits, sheet);
  }

  bool noted(Code code, Status status) const {
    for (const claim::Note& note : sheet.notes()) {
      if (note.code == code && note.status == status) return true;
    }
    return false;
  }
  bool invalid(Code code) const { return noted(code, Status::invalid); }
  bool undecided(Code code) const { return noted(code, Status::undecided); }
  // The only thing that was noted, or ok when nothing was.
  Code only_note() const {
    if (sheet.notes().empty()) return Code::ok;
    return sheet.notes().size() == 1 ? sheet.notes()[0].code : Code::part_failed;
  }
  usize nodes_of(claim::Kind kind) const {
    usize count = 0;
    for (const claim::Node& node : sheet.nodes()) count += node.kind == kind;
    return count;
  }
  const claim::Node* first_of(claim::Kind kind) const {
    for (const claim::Node& node : sheet.nodes()) {
      if (node.kind == kind) return &node;
    }
    return nullptr;
  }
  bool bound(Code code) const {
    for (const claim::Binding& binding : sheet.bindings()) {
      if (binding.code == code) return true;
    }
    return false;
  }
  Bytes fact(std::string_view name) const {
    for (const claim::Fact& fact : sheet.facts()) {
      if (fact.name == name) return sheet.bytes(fact.ref);
    }
    return {};
  }
};

}  // namespace isthmus::chain::cometbft::testing
