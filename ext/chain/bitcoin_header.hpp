// Bitcoin's header rules: compact targets, proof of work, change of difficulty, median time past, version floors.
//
// Rules of the reference node's contextual header check with BIP94 for testnet4. Cost: one hash row and one comparison
// row per header, a sort of eleven times. Nothing here hashes: links and proofs of work are stated as claims.
#pragma once

#include "chain/bitcoin_params.hpp"
#include "claim/sheet.hpp"

namespace isthmus::chain::bitcoin {

inline constexpr usize kHeaderLen = 80;

// An unsigned 256-bit integer, words from the least significant.
struct U256 {
  u64 w[4] = {0, 0, 0, 0};

  bool operator==(const U256&) const = default;
  bool operator<(const U256& other) const;
  bool is_zero() const { return (w[0] | w[1] | w[2] | w[3]) == 0; }
};

// The target of a compact form; false when it is negative, zero or above 256 bits.
bool target_from_bits(u32 bits, U256& target);
// The compact form; lower digits are cut off, which is part of the rule.
u32 bits_from_target(const U256& target);
// Bits of the header that opens a period. `bits` must have a target; times are of the first and last header before it.
u32 retarget(u32 bits, u32 first_time, u32 last_time, u32 limit_bits);
// Expected hashes behind a header: 2^256 / (target + 1), rounded down; target > 0.
U256 work_of(const U256& target);
// Sum modulo 2^256.
U256 add(const U256& a, const U256& b);

// Fields of the 80 bytes at `header`.
inline u32 header_version(const u8* header) { return load_le32(header); }
inline u32 header_time(const u8* header) { return load_le32(header + 68); }
inline u32 header_bits(const u8* header) { return load_le32(header + 72); }

// Headers by height: those of the input from `first_height` on, and the anchor's before it.
class Lineage {
 public:
  // parents: n * 80 bytes that end at first_height - 1 (n <= first_height); opener: the header that opens the period
  // of that parent, or empty; input: headers from first_height on; first_median: median time past before first_height,
  // or 0.
  Lineage(u32 first_height, Bytes parents, Bytes opener, Bytes input, u32 first_median);

  // The 80 bytes of that header, or null when it is not known.
  const u8* at(u32 height) const;
  u32 first_height() const { return first_height_; }
  u32 oldest_parent() const { return first_height_ - static_cast<u32>(parents_.size() / kHeaderLen); }
  u32 opener_height() const { return opener_height_; }
  bool has_opener() const { return !opener_.empty(); }

  // Median time of the up to eleven headers before `height`; false when one of them is not known. height > 0.
  bool median_time_past(u32 height, u32& median) const;

 private:
  u32 first_height_;
  u32 opener_height_;
  u32 first_median_;
  Bytes parents_;
  Bytes opener_;
  Bytes input_;
};

// The bits that blocks of the present period have when they do not use the easiest target: those of its first header,
// or of any later one that are not the limit.
class PeriodBits {
 public:
  PeriodBits(const Lineage& lineage, u32 limit_bits);
  // Goes past the header of that height; heights ascend.
  void pass(u32 height, u32 bits);
  bool known() const { return known_; }
  u32 bits() const { return bits_; }

 private:
  u32 limit_bits_;
  u32 bits_ = 0;
  bool known_ = false;
};

// What one header is checked against.
struct HeaderContext {
  const Params& params;
  const Lineage& lineage;
  u64 now;       // unix seconds; 0: not given
  bool trusted;  // the anchor vouches for this header's hash, so only its proof of work is checked
};

// States the rules of the header at `height`, which is a known one of the lineage, at `node`. `hash` is its hash; its
// bytes stand at `byte_off` of the input. `period` must have passed every known header before it.
void state_header(claim::Sheet& sheet, claim::NodeId node, const HeaderContext& context, u32 height,
                  const PeriodBits& period, claim::Ref hash, u64 byte_off);

}  // namespace isthmus::chain::bitcoin
