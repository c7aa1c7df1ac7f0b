// The structures of a CometBFT light block as they lie in protobuf bytes: tendermint.types.LightBlock and its parts
// (cometbft proto/tendermint/types/{types,validator,evidence}.proto), with every variable-length part kept as a Ref.
//
// The reader is stricter than a node's, which skips unknown fields, lets a repeated field win and takes any order: here
// one light block has one encoding, the one that gogoproto writes (ascending fields, defaults left out, the messages
// that the Go types hold by value always present). Hashed and signed parts can therefore be used in place: re-encoding
// them would give the same bytes. Cost: one pass over the tags.
#pragma once

#include <vector>

#include "claim/sheet.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::cometbft {

using claim::Ref;
using claim::Space;
using wire::ProtobufReader;
using wire::WireError;

__extension__ typedef __int128 i128;

inline constexpr usize kAddressLen = 20;
inline constexpr usize kHashLen = 32;
// A block id of nothing: its part set header, empty.
inline constexpr usize kEmptyBlockIdLen = 2;
inline constexpr usize kChainIdLenMax = 50;
// types.MaxTotalVotingPower: int64's largest value / 8, so that products with small fractions cannot overflow.
inline constexpr u64 kTotalPowerMax = (u64{1} << 60) - 1;

// google.protobuf.Timestamp within the years 1 to 9999.
struct Time {
  i64 seconds = 0;
  u32 nanos = 0;
  Ref body;  // the message's bytes

  i128 in_nanos() const { return static_cast<i128>(seconds) * 1'000'000'000 + nanos; }
};

// Go's zero time, 0001-01-01T00:00:00Z, which an absent vote carries.
inline constexpr i64 kZeroTimeSeconds = -62135596800;

struct BlockId {
  Ref body;   // the message's bytes, which are also those of CanonicalBlockID
  Ref hash;   // 0 or 32 bytes
  Ref parts;  // the part set header's bytes
  u32 parts_total = 0;
  Ref parts_hash;
};

struct Header {
  Ref version;  // the message's bytes
  u64 block_protocol = 0;
  Ref chain_id;
  u64 height = 0;  // 1 to 2^63 - 1
  Time time;
  BlockId last_block_id;
  Ref last_commit_hash;
  Ref data_hash;
  Ref validators_hash;  // 32 bytes; the other hashes 0 or 32, the application's any length
  Ref next_validators_hash;
  Ref consensus_hash;
  Ref app_hash;
  Ref last_results_hash;
  Ref evidence_hash;
  Ref proposer_address;
};

enum class Flag : u8 { absent = 1, block = 2, nil = 3 };

struct CommitSig {
  Ref address;
  Ref time;  // the timestamp message's bytes
  Ref signature;
  u32 off;  // in the input
  Flag flag;
};

struct Commit {
  u64 height = 0;
  u32 round = 0;
  BlockId block_id;
  std::vector<CommitSig> votes;
  u64 off = 0;
};

enum class KeyType : u8 { ed25519, secp256k1, unsupported };

struct Validator {
  Ref address;
  Ref pub_key;  // the PublicKey message's bytes
  Ref key;
  u64 power;  // 1 to kTotalPowerMax
  u32 off;
  KeyType type;
};

struct ValidatorSet {
  std::vector<Validator> validators;
  u64 total_power = 0;
};

struct LightBlock {
  Header header;
  Commit commit;
  ValidatorSet validators;
};

// tendermint.types.Vote as it lies in evidence.
struct Vote {
  u32 type = 0;  // 1 prevote, 2 precommit
  u64 height = 0;
  u32 round = 0;
  BlockId block_id;
  Ref time;
  Ref address;
  u32 index = 0;
  Ref signature;
};

// Each reads one message to its end. On an error the reader's WireError is set and the result is not to be used.
// `space` says where the outermost bytes lie; `count_max` bounds repeated parts (beyond it: limit_exceeded).
struct ParseContext {
  Space space = Space::input;
  u32 count_max = 0;
};

Time read_time(ProtobufReader reader, const ParseContext& context);
ValidatorSet read_validator_set(ProtobufReader reader, const ParseContext& context);
LightBlock read_light_block(ProtobufReader reader, const ParseContext& context);
Vote read_vote(ProtobufReader reader, const ParseContext& context);

// The Ref of the current bytes or message field of `reader`.
inline Ref ref_of(const ProtobufReader& reader, Bytes bytes, Space space) {
  return Ref::make(space, reader.value_off(), bytes.size());
}

inline constexpr u64 kValidatorSetRepeated = wire::field_bit(1);

}  // namespace isthmus::chain::cometbft
