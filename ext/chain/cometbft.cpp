// CometBFT light blocks ("cometbft-light-block"): is this header the one that the chain committed at its height?
//
// Input: tendermint.types.LightBlock {1: SignedHeader {1: Header, 2: Commit}, 2: ValidatorSet} in the one encoding that
// chain/cometbft_parse.hpp describes. Anchor: chain/cometbft_anchor.hpp. Chains since Tendermint 0.34.
//
//   valid       header, validators and commit belong together, and the anchor leads to them
//   invalid     a rule is broken
//   undecided   cometbft_no_anchor: nothing was trusted; cometbft_trust_expired: the trusted header is too old;
//               cometbft_not_enough_trust: too little of the trusted set signed, a header in between is needed (the
//               votes are then not looked at); cometbft_no_trusted_validators; cometbft_key_type
//
// Stricter than the light client of the reference in what is checked, never in what an honest chain produces: all
// signatures that are present (the anchor's early_stop checks as few as the reference), the address beside each vote,
// distinct validators. Facts: header_hash, height (8 bytes, little-endian), time (8 bytes of seconds and 4 of
// nanoseconds, little-endian), validators_hash, next_validators_hash, app_hash, chain_id, total_power (8 bytes).
#include "chain/chain.hpp"
#include "chain/cometbft_claims.hpp"

namespace isthmus::chain {

namespace cometbft {
namespace {

void state_facts(claim::Sheet& sheet, const LightBlock& block, Ref header_hash) {
  const Header& header = block.header;
  u8 height[8];
  store_le64(height, header.height);
  u8 time[12];
  store_le64(time, static_cast<u64>(header.time.seconds));
  store_le32(time + 8, header.time.nanos);
  u8 power[8];
  store_le64(power, block.validators.total_power);
  sheet.fact("header_hash", header_hash);
  sheet.fact("height", sheet.text(height));
  sheet.fact("time", sheet.text(time));
  sheet.fact("validators_hash", header.validators_hash);
  sheet.fact("next_validators_hash", header.next_validators_hash);
  sheet.fact("app_hash", header.app_hash);
  sheet.fact("chain_id", header.chain_id);
  sheet.fact("total_power", sheet.text(power));
}

}  // namespace
}  // namespace cometbft

AnchorError decode_cometbft_light_block(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace cometbft;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const LightBlock block = read_light_block(ProtobufReader(input, error), {Space::input, limits.rows_max});
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(claim::Kind::block, index_of(block.header.height));
  const Ref header_hash = state_light_block(sheet, claim::kRoot, block, anchor, false);
  state_facts(sheet, block, header_hash);
  return {};
}

}  // namespace isthmus::chain
