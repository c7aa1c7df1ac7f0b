// What the caller of a Bitcoin decoder already trusts.
//
// Anchor message of bitcoin-block, bitcoin-headers and bitcoin-input (protobuf wire form, every field optional,
// ascending, none twice, zero values left out):
//   1 network    varint: 0 main, 1 testnet3, 2 signet, 3 regtest, 4 testnet4
//   2 height     varint below 2^31: of the block, of the first header, of the block that holds the transaction
//   3 hash       32 bytes, internal order: the hash that the block or first header must have; its header is then
//                trusted, so the rules that need headers before it are not checked
//   4 parents    n * 80 bytes: the headers before, ending with the parent (11 give the median time, 2016 a period)
//   5 opener     80 bytes: the header that opens the parent's period, at height (height - 1) / 2016 * 2016
//   6 prevouts   container of all outputs that the non-coinbase inputs spend, in order, those made in the same block
//                among them: u32 count, then each u64 value, u32 height that made it (ffffffff unknown), u8 coinbase
//                flag, compactSize length and script. The caller answers for the state before the block: that these
//                outputs exist unspent, and that no transaction of the block overwrites an unspent one (BIP30).
//   7 now        varint, unix seconds: no header may be more than two hours later
//   8 rules      varint, bitcoin-input only, replaces the script rules of the height: 1 always, 2 P2SH, 4 strict DER,
//                8 NULLDUMMY, 16 witness, 32 Taproot
//   9 txids      n * 32 bytes, internal order: the block's transaction identifiers. A hint that is checked: with it,
//                outputs made in the same block are found, and the container is compared with them.
//  10 prevout times  u32 each, in the container's order: median time past of the block before the one that made the
//                output, ffffffff unknown; for relative lock times in seconds (BIP68)
//  11 index      varint, bitcoin-input only: which input of the transaction
//  12 median     varint, unix seconds: median time past of the parent, for those who do not have eleven parents
// A message of another form is the caller's mistake (AnchorError), never a verdict.
#pragma once

#include <vector>

#include "chain/bitcoin_params.hpp"
#include "chain/chain.hpp"
#include "claim/sheet.hpp"

namespace isthmus::chain::bitcoin {

inline constexpr u32 kUnknown = ~u32{0};

// A spent output. Refs point into the anchor, the input or text.
struct Prevout {
  claim::Ref value;       // 8 bytes
  claim::Ref serialised;  // script behind its length
  claim::Ref script;
  Bytes script_bytes;
  u64 amount = 0;
  u32 height = kUnknown;  // of the block that made it
  bool coinbase = false;
  bool known = false;
};

// Script rules that depend on the block.
struct ScriptRules {
  bool p2sh = true;
  bool strict_der = true;
  bool null_dummy = true;
  bool witness = true;
  bool taproot = true;
  // The height is that of an exception and the hash is not given, so whether the rule holds is not known.
  bool p2sh_unsure = false;
  bool taproot_unsure = false;
};

struct Anchor {
  Bytes bytes;  // all of it
  u32 network = 0;
  u32 height = 0;
  Bytes hash;
  Bytes parents;
  Bytes opener;
  Bytes txids;
  Bytes prevout_times;
  std::vector<Prevout> prevouts;
  bool has_prevouts = false;
  u64 now = 0;
  u32 rules = 0;
  u32 index = 0;
  u32 median = 0;  // 0: not given

  const Params& params() const { return params_of(network); }
  // A part of the anchor as the sheet names it.
  claim::Ref ref(Bytes part) const {
    return claim::Ref::make(claim::Space::anchor, static_cast<usize>(part.data() - bytes.data()), part.size());
  }
};

// Fields that a chain takes, as bits 1 << number.
inline constexpr u32 kHeadersFields = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 12;
inline constexpr u32 kBlockFields = kHeadersFields | 1 << 6 | 1 << 9 | 1 << 10;
inline constexpr u32 kInputFields = 1 << 1 | 1 << 2 | 1 << 6 | 1 << 8 | 1 << 11;

// Parses `bytes`, which are the sheet's anchor; `fields` are allowed.
AnchorError parse_anchor(Bytes bytes, u32 fields, Anchor& anchor);

// Parses a container of spent outputs whose bytes stand at `base` of a sheet.
AnchorError parse_prevouts(Bytes container, claim::Ref base, std::vector<Prevout>& prevouts);

// States at `node` that the header at the front of the input, which hashes to `hash`, is the one that the anchor names
// and follows the anchor's last parent; undecided when the anchor says neither.
void state_link(claim::Sheet& sheet, claim::NodeId node, const Anchor& anchor, claim::Ref hash);

// The rules of the anchor's height, or the ones that it states.
ScriptRules script_rules(const Anchor& anchor);

}  // namespace isthmus::chain::bitcoin
