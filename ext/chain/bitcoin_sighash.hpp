// Signature hashes of one transaction as hash rows: legacy, BIP143 (witness v0), BIP341 and BIP342 (Taproot).
//
// What all inputs share is stated once per transaction: blanked input lists (41 bytes of text per input), three BIP143
// and five BIP341 digests. A row then names the shared parts and its own few bytes, so a sheet grows with the inputs
// and never with inputs times size. (Hashing a legacy transaction still reads its whole size per input: that is the
// rule.)
#pragma once

#include <vector>

#include "chain/bitcoin_anchor.hpp"
#include "chain/bitcoin_tx.hpp"
#include "claim/sheet.hpp"

namespace isthmus::chain::bitcoin {

inline constexpr u32 kSighashNone = 2;
inline constexpr u32 kSighashSingle = 3;
inline constexpr u32 kSighashAnyoneCanPay = 0x80;

// Names of BIP341's tagged hashes.
enum class Tag : u8 { leaf, tweak, sighash };

// Short byte strings that many rows of one sheet name; each is written once.
class Literals {
 public:
  explicit Literals(claim::Sheet& sheet) : sheet_(sheet) {}
  claim::Ref zeros();  // 32 zero bytes
  claim::Ref one();    // 01 and 31 zero bytes: the digest of a SINGLE without its output
  claim::Ref byte(u8 value);
  claim::Ref hash_type(u32 value);  // 4 bytes
  claim::Ref size(u64 value);       // compactSize
  claim::Ref tag(Tag tag);          // SHA-256 of the tag's name

  // SHA-256(SHA-256(name) || SHA-256(name) || message).
  claim::Ref tagged(Tag tag, std::span<const claim::Ref> message);

 private:
  claim::Sheet& sheet_;
  claim::Ref zeros_, one_;
  claim::Ref bytes_[256];
  claim::Ref hash_types_[256];
  claim::Ref sizes_[253];
  claim::Ref tags_[3];
  std::vector<claim::Ref> message_;
};

// What a Taproot digest covers beyond the transaction. Refs of length 0 are absent.
struct TaprootExtra {
  claim::Ref annex;  // behind its length
  claim::Ref leaf;   // tapleaf hash: a script path without an executed OP_CODESEPARATOR
};

class TxDigests {
 public:
  TxDigests(claim::Sheet& sheet, Literals& literals, const TxSet& set)
      : sheet_(sheet), literals_(literals), set_(set) {}

  // Turns to a transaction of the set. Spent outputs, one per input, are needed for taproot() only; they must stay
  // alive.
  void begin(const Tx& tx, std::span<const Prevout> prevouts);

  // `code`: the pieces of the script code, its OP_CODESEPARATORs left out. `code_len` is the length written before it:
  // the sum of the pieces' lengths but for a script that is cut off.
  claim::Ref legacy(u32 input, std::span<const claim::Ref> code, u64 code_len, u32 hash_type);

  // `code`: the script code behind its length; `value`: 8 bytes.
  claim::Ref v0(u32 input, claim::Ref code, claim::Ref value, u32 hash_type);

  // False: the hash type does not exist, or is SINGLE without an output of that index. Every prevout must be known.
  bool taproot(u32 input, u8 hash_type, const TaprootExtra& extra, claim::Ref& digest);

 private:
  using Ref = claim::Ref;
  // A value that is made when it is first asked for, per transaction.
  struct Lazy {
    Ref ref;
    bool made = false;
  };

  const TxIn& in(u32 input) const { return set_.ins[tx_->in_first + input]; }
  const TxOut& out(u32 output) const { return set_.outs[tx_->out_first + output]; }
  Ref version() const { return sheet_.input(tx_->off, 4); }
  Ref locktime() const { return sheet_.input(tx_->locktime_off, 4); }
  Ref outputs() const { return sheet_.input(tx_->first_output, tx_->outputs_end - tx_->first_output); }
  Ref output(u32 i) const { return sheet_.input(out(i).off, out(i).end() - out(i).off); }
  Ref outpoint(u32 i) const { return sheet_.input(in(i).off, kOutpointLen); }
  Ref sequence(u32 i) const { return sheet_.input(in(i).sequence_off(), 4); }

  Ref blanked(bool zero_sequences);
  Ref empty_outputs(u32 count);
  Ref all_outpoints();
  Ref all_sequences();
  Ref digest_of(Lazy& lazy, Hash hash, Ref message);
  Ref scripts_digest();
  Ref amounts();
  void push_legacy_inputs(u32 input, std::span<const Ref> code, u64 code_len, u32 hash_type);
  void push_legacy_outputs(u32 input, u32 hash_type);

  claim::Sheet& sheet_;
  Literals& literals_;
  const TxSet& set_;
  const Tx* tx_ = nullptr;
  std::span<const Prevout> prevouts_;
  Lazy blanked_[2], empty_outputs_, outpoints_, sequences_, amounts_;
  Lazy prevouts_twice_, sequences_twice_, outputs_twice_;
  Lazy prevouts_once_, amounts_once_, scripts_once_, sequences_once_, outputs_once_;
  std::vector<Ref> row_;
  std::vector<u8> bytes_;
};

}  // namespace isthmus::chain::bitcoin
