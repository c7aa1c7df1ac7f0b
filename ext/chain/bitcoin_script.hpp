// Bitcoin scripts as bytes: operations, standard shapes, counts of signature operations. Nothing is executed.
//
// Shapes are exact: a script that differs by one opcode or by a longer push is `other`, and what depends on it stays
// undecided. Cost: each script byte is read once per question.
#pragma once

#include <vector>

#include "base/span.hpp"

namespace isthmus::chain::bitcoin {

inline constexpr u32 kElementLenMax = 520;
inline constexpr u32 kScriptLenMax = 10'000;
inline constexpr u32 kStackItemsMax = 1'000;
inline constexpr u32 kMultisigKeysMax = 20;

inline constexpr u8 kOp0 = 0x00;
inline constexpr u8 kOpPushdata4 = 0x4e;
inline constexpr u8 kOp1Negate = 0x4f;
inline constexpr u8 kOpReserved = 0x50;
inline constexpr u8 kOp1 = 0x51;
inline constexpr u8 kOp16 = 0x60;
inline constexpr u8 kOpIf = 0x63;
inline constexpr u8 kOpEndif = 0x68;
inline constexpr u8 kOpDup = 0x76;
inline constexpr u8 kOpEqual = 0x87;
inline constexpr u8 kOpEqualverify = 0x88;
inline constexpr u8 kOpNumequal = 0x9c;
inline constexpr u8 kOpGreaterthanorequal = 0xa2;
inline constexpr u8 kOpHash160 = 0xa9;
inline constexpr u8 kOpCodeseparator = 0xab;
inline constexpr u8 kOpChecksig = 0xac;
inline constexpr u8 kOpChecksigverify = 0xad;
inline constexpr u8 kOpCheckmultisig = 0xae;
inline constexpr u8 kOpCheckmultisigverify = 0xaf;
inline constexpr u8 kOpChecksigadd = 0xba;

struct Op {
  u8 opcode;
  u32 off;       // the opcode
  u32 data_off;  // pushed bytes, for opcodes up to OP_PUSHDATA4
  u32 data_len;
};

// Goes through a script's operations. At a push that is cut off next() is false and at() is behind the opcode and the
// length bytes that could be read, not at the end: the reference node's serialiser stops there as well.
class ScriptReader {
 public:
  explicit ScriptReader(Bytes script) : script_(script) {}
  bool next(Op& op);
  u32 at() const { return at_; }
  bool malformed() const { return malformed_; }

 private:
  Bytes script_;
  u32 at_ = 0;
  bool malformed_ = false;
};

enum class Shape : u8 { other, p2pk, p2pkh, p2sh, multisig, witness };

// A recognised script. `off`, `len`: the key (p2pk), the hash (p2pkh, p2sh) or the program (witness) within the script.
struct Template {
  Shape shape = Shape::other;
  u8 witness_version = 0;
  u8 need = 0;       // multisig: signatures; at least 1
  u8 key_count = 0;  // multisig: keys, need..20
  u32 off = 0;
  u32 len = 0;
};

Template classify(Bytes script);

// The keys of a multisig template: key i at keys[i].off, .len (33 or 65 bytes).
struct KeyPlace {
  u32 off;
  u32 len;
};
void multisig_keys(Bytes script, const Template& shape, KeyPlace keys[kMultisigKeysMax]);

// Bytes of `<32-byte key> opcode`.
inline constexpr u32 kTapKeyStride = 34;

// A tapscript that only checks signatures: key i is the 32 bytes at 1 + kTapKeyStride * i.
struct TapTemplate {
  u8 key_count = 0;      // 1..20
  u8 need = 1;           // non-empty signatures,
  bool or_more = false;  // at least or exactly
};

// `<key> OP_CHECKSIG`, or `<key> OP_CHECKSIG <key> OP_CHECKSIGADD ... m OP_NUMEQUAL` (or OP_GREATERTHANOREQUAL),
// followed by any number of `OP_0 OP_IF pushes OP_ENDIF`. The branch of those is not taken, but its pushes must still
// be well formed and at most 520 bytes long, and opcode 80 in it would make the whole script succeed. False: another
// script.
bool classify_tapscript(Bytes script, TapTemplate& out);

// Signature operations of a script as the block limit counts them: up to where it can be read; a multisig counts 20, or
// with `accurate` its number of keys when that is a small-number opcode directly before it.
u32 count_sigops(Bytes script, bool accurate);

// The bytes that the last operation of an input script pushes; false when an operation is no push or is cut off.
bool last_push(Bytes script, Bytes& data);

// BIP141: 4 to 42 bytes, a small-number opcode and one push of the rest.
bool is_witness_program(Bytes script, u8& version, Bytes& program);

// The push of `item` that FindAndDelete looks for: the length in one byte below 76, else behind OP_PUSHDATA1, 2 or 4.
std::vector<u8> push_of(Bytes item);

// True iff push_of(item) begins at some operation of `script`: FindAndDelete would remove it.
bool contains_push(Bytes script, Bytes item);

}  // namespace isthmus::chain::bitcoin
