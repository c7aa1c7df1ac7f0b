#include "chain/bitcoin_script.hpp"

#include <algorithm>

namespace isthmus::chain::bitcoin {
namespace {

constexpr u32 kKeyLenShort = 33;
constexpr u32 kKeyLenLong = 65;

// A small number at script[at]: OP_1..OP_16, or 17..20 pushed as one byte. Moves `at` behind it; 0 when there is none.
u8 read_small(Bytes script, usize& at) {
  if (at < script.size() && script[at] >= kOp1 && script[at] <= kOp16) return static_cast<u8>(script[at++] - kOp1 + 1);
  if (at + 2 <= script.size() && script[at] == 1 && script[at + 1] > 16 && script[at + 1] <= kMultisigKeysMax) {
    at += 2;
    return script[at - 1];
  }
  return 0;
}

bool key_push_at(Bytes script, usize at) {
  return at < script.size() && (script[at] == kKeyLenShort || script[at] == kKeyLenLong) &&
         at + 1 + script[at] <= script.size();
}

bool classify_multisig(Bytes script, Template& out) {
  usize at = 0;
  const u8 need = read_small(script, at);
  u32 count = 0;
  while (need != 0 && count < kMultisigKeysMax && key_push_at(script, at)) {
    at += 1 + usize{script[at]};
    ++count;
  }
  if (need == 0 || count < need || read_small(script, at) != count) return false;
  if (at + 1 != script.size() || script[at] != kOpCheckmultisig) return false;
  out.shape = Shape::multisig;
  out.need = need;
  out.key_count = static_cast<u8>(count);
  return true;
}

bool classify_pay(Bytes script, Template& out) {
  const usize len = script.size();
  if (len == 25 && script[0] == kOpDup && script[1] == kOpHash160 && script[2] == 20 && script[23] == kOpEqualverify &&
      script[24] == kOpChecksig) {
    out = {Shape::p2pkh, 0, 0, 0, 3, 20};
    return true;
  }
  if (len == 23 && script[0] == kOpHash160 && script[1] == 20 && script[22] == kOpEqual) {
    out = {Shape::p2sh, 0, 0, 0, 2, 20};
    return true;
  }
  if ((len == kKeyLenShort + 2 || len == kKeyLenLong + 2) && script[0] == len - 2 && script[len - 1] == kOpChecksig) {
    out = {Shape::p2pk, 0, 0, 0, 1, static_cast<u32>(len - 2)};
    return true;
  }
  return false;
}

}  // namespace

bool ScriptReader::next(Op& op) {
  if (at_ >= script_.size()) return false;
  op = {script_[at_], at_, 0, 0};
  ++at_;
  if (op.opcode > kOpPushdata4) return true;
  u32 len = op.opcode;
  if (op.opcode > 0x4b) {
    const u32 width = 1u << (op.opcode - 0x4c);
    if (script_.size() - at_ < width) {
      malformed_ = true;
      return false;
    }
    len = 0;
    for (u32 i = 0; i < width; ++i) len |= u32{script_[at_ + i]} << (8 * i);
    at_ += width;
  }
  if (script_.size() - at_ < len) {
    malformed_ = true;
    return false;
  }
  op.data_off = at_;
  op.data_len = len;
  at_ += len;
  return true;
}

bool is_witness_program(Bytes script, u8& version, Bytes& program) {
  if (script.size() < 4 || script.size() > 42 || usize{script[1]} + 2 != script.size()) return false;
  if (script[0] != kOp0 && (script[0] < kOp1 || script[0] > kOp16)) return false;
  version = script[0] == kOp0 ? 0 : static_cast<u8>(script[0] - kOp1 + 1);
  program = script.subspan(2);
  return true;
}

Template classify(Bytes script) {
  Template out;
  u8 version;
  Bytes program;
  if (is_witness_program(script, version, program)) {
    return {Shape::witness, version, 0, 0, 2, static_cast<u32>(program.size())};
  }
  if (classify_pay(script, out) || classify_multisig(script, out)) return out;
  return {};
}

void multisig_keys(Bytes script, const Template& shape, KeyPlace keys[kMultisigKeysMax]) {
  usize at = 0;
  read_small(script, at);
  for (u32 i = 0; i < shape.key_count; ++i) {
    keys[i] = {static_cast<u32>(at + 1), script[at]};
    at += 1 + usize{script[at]};
  }
}

namespace {

// Runs of `OP_0 OP_IF pushes OP_ENDIF` to the end of the script.
bool is_unexecuted(Bytes script) {
  ScriptReader reader(script);
  Op op;
  while (reader.next(op)) {
    if (op.opcode != kOp0 || !reader.next(op) || op.opcode != kOpIf) return false;
    do {
      if (!reader.next(op)) return false;
      const bool pushes = op.opcode <= kOp16 && op.opcode != kOpReserved && op.data_len <= kElementLenMax;
      if (!pushes && op.opcode != kOpEndif) return false;
    } while (op.opcode != kOpEndif);
  }
  return !reader.malformed();
}

// A push of a 32-byte key and `opcode` at script[at].
bool tap_key_at(Bytes script, usize at, u8 opcode) {
  return script.size() - at >= kTapKeyStride && script[at] == 32 && script[at + kTapKeyStride - 1] == opcode;
}

}  // namespace

bool classify_tapscript(Bytes script, TapTemplate& out) {
  out = {};
  if (!tap_key_at(script, 0, kOpChecksig)) return false;
  usize at = kTapKeyStride;
  out.key_count = 1;
  while (out.key_count < kMultisigKeysMax && tap_key_at(script, at, kOpChecksigadd)) {
    at += kTapKeyStride;
    ++out.key_count;
  }
  if (out.key_count > 1) {
    if (script.size() - at < 2 || script[at] < kOp1 || script[at] > kOp16) return false;
    out.need = static_cast<u8>(script[at] - kOp1 + 1);
    out.or_more = script[at + 1] == kOpGreaterthanorequal;
    if (!out.or_more && script[at + 1] != kOpNumequal) return false;
    at += 2;
  }
  return is_unexecuted(script.subspan(at));
}

u32 count_sigops(Bytes script, bool accurate) {
  ScriptReader reader(script);
  Op op;
  u32 count = 0;
  u8 last = 0xff;
  while (reader.next(op)) {
    if (op.opcode == kOpChecksig || op.opcode == kOpChecksigverify) {
      ++count;
    } else if (op.opcode == kOpCheckmultisig || op.opcode == kOpCheckmultisigverify) {
      count += accurate && last >= kOp1 && last <= kOp16 ? last - kOp1 + 1u : kMultisigKeysMax;
    }
    last = op.opcode;
  }
  return count;
}

bool last_push(Bytes script, Bytes& data) {
  ScriptReader reader(script);
  Op op;
  data = {};
  while (reader.next(op)) {
    if (op.opcode > kOp16) return false;
    data = script.subspan(op.data_off, op.data_len);
  }
  return !reader.malformed();
}

namespace {

// Head of push_of(); returns its length, at most 5.
u32 push_head(usize len, u8 head[5]) {
  head[0] = static_cast<u8>(len);
  if (len <= 0x4b) return 1;
  const u32 width = len <= 0xff ? 1 : len <= 0xffff ? 2 : 4;
  head[0] = width == 1 ? 0x4c : width == 2 ? 0x4d : 0x4e;
  for (u32 i = 0; i < width; ++i) head[1 + i] = static_cast<u8>(len >> (8 * i));
  return 1 + width;
}

}  // namespace

std::vector<u8> push_of(Bytes item) {
  u8 head[5];
  const u32 head_len = push_head(item.size(), head);
  std::vector<u8> out(head, head + head_len);
  out.insert(out.end(), item.begin(), item.end());
  return out;
}

bool contains_push(Bytes script, Bytes item) {
  u8 head[5];
  const u32 head_len = push_head(item.size(), head);
  ScriptReader reader(script);
  Op op;
  for (;;) {
    const Bytes rest = script.subspan(reader.at());
    if (rest.size() >= head_len + item.size() && std::equal(head, head + head_len, rest.begin()) &&
        std::equal(item.begin(), item.end(), rest.begin() + head_len)) {
      return true;
    }
    if (!reader.next(op)) return false;
  }
}

}  // namespace isthmus::chain::bitcoin
