// The claims that a CometBFT light block makes, stated in a sheet: header hash, validator set, trust, commit.
//
// Rules: types/block.go (ValidateBasic, Hash), types/validation.go (VerifyCommit, VerifyCommitLight,
// VerifyCommitLightTrusting), light/verifier.go (adjacent and skipping verification), types/canonical.go (sign bytes).
// Cost: one SHA-256 of at most two blocks per header field, one of one block per validator and one per address, n inner
// nodes, one signature row and about 120 bytes of text per vote.
#pragma once

#include <vector>

#include "chain/cometbft_anchor.hpp"
#include "chain/cometbft_parse.hpp"
#include "claim/sheet.hpp"

namespace isthmus::chain::cometbft {

using claim::ClaimId;
using claim::NodeId;
using claim::Sheet;

bool same_bytes(const Sheet& sheet, Ref left, Ref right);

// Heights are 63 bits and a place prints 32; no chain is near that.
inline u32 index_of(u64 height) { return height > ~u32{0} ? ~u32{0} : static_cast<u32>(height); }

// The header's hash: RFC 6962 root over its fourteen fields, each in an encoding of its own. In amino a bare value had
// no field number, and an empty block id no bytes.
Ref state_header_hash(Sheet& sheet, const Header& header, Format format);

// The set's hash: RFC 6962 root over {1: public key, 2: power} of each validator. In amino the key was a string of
// bytes behind its type's prefix.
Ref state_validators_hash(Sheet& sheet, const ValidatorSet& set, Format format);

// At `node`: every address is the hash of its key, no validator stands twice, and every key can be judged.
void state_validators(Sheet& sheet, NodeId node, const ValidatorSet& set);

// Addresses of a set, for look-up.
class AddressBook {
 public:
  static constexpr u32 kNone = ~u32{0};

  AddressBook(const Sheet& sheet, const ValidatorSet& set);
  // Index of the validator with this address, or kNone.
  u32 find(Ref address) const;
  // Index of a validator whose address another one has as well, or kNone.
  u32 repeated() const;

 private:
  const Sheet& sheet_;
  std::vector<std::pair<Ref, u32>> sorted_;
};

// Sign bytes of votes that differ only in flag and time: length || CanonicalVote, built once and patched per vote.
class SignBytes {
 public:
  struct Place {
    u32 type;  // 1 prevote, 2 precommit
    u64 height;
    u32 round;
  };

  SignBytes(const Sheet& sheet, Place place, const BlockId& block_id, Ref chain_id, Format format);
  // The message of a vote as text; `time` is the timestamp message's bytes.
  Ref text(Sheet& sheet, bool for_block, Ref time);

 private:
  std::vector<u8> common_;    // type, height, round
  std::vector<u8> block_id_;  // field 4, left out in votes for nil
  std::vector<u8> tail_;      // field 6
  std::vector<u8> message_;
};

// The claim that the validator signed the message. Precondition: its key is of a supported type.
ClaimId state_signature(Sheet& sheet, const Validator& validator, Ref signature, Ref message);

// Bytes that are not of the documented form: invalid, but for a limit that the caller set.
void note_wire_error(Sheet& sheet, const WireError& error);

// Every rule for one light block under `node`, whose children it adds. `all_votes` overrides the anchor's early stop.
// Returns the header's computed hash.
Ref state_light_block(Sheet& sheet, NodeId node, const LightBlock& block, const Anchor& anchor, bool all_votes);

}  // namespace isthmus::chain::cometbft
