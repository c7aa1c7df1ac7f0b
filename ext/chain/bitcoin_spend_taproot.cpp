// Taproot spends (BIP341, BIP342): key path, and the script path of one leaf at the root.
#include <algorithm>

#include "chain/bitcoin_spend.hpp"

namespace isthmus::chain::bitcoin {
namespace {

using claim::Ref;

constexpr u8 kAnnexTag = 0x50;
constexpr u8 kLeafTapscript = 0xc0;
constexpr u8 kLeafMask = 0xfe;
constexpr u32 kControlBase = 33;
constexpr u32 kControlNode = 32;
constexpr u32 kControlNodesMax = 128;
constexpr u32 kSchnorrLen = 64;

}  // namespace

void SpendStater::state_taproot(Ref program) {
  if (rules_.taproot_unsure) return undecided(Code::bitcoin_script_rules_unknown);
  if (!rules_.taproot) return undecided(Code::bitcoin_script_not_template);
  u32 count = in_->witness_count;
  if (count == 0) return fail(Code::bitcoin_witness_program);
  // The last three items: script, control block, annex; oldest first.
  WitnessItem items[3];
  u32 kept = 0;
  WitnessReader reader(set_, *in_);
  for (WitnessItem item; reader.next(item);) {
    if (kept == std::size(items)) {
      std::move(items + 1, std::end(items), items);
      --kept;
    }
    items[kept++] = item;
  }
  Ref annex;
  const WitnessItem& last = items[kept - 1];
  if (count >= 2 && last.data_len != 0 && set_.bytes[last.data_off] == kAnnexTag) {
    annex = sheet_.input(last.off, last.end() - last.off);
    --kept;
    --count;
  }
  if (count == 1) return state_key_path(program, items[kept - 1], annex);
  state_script_path(program, items[kept - 2], items[kept - 1], count - 2, annex);
}

// 64 bytes, or 65 with a hash type that is not 0.
bool SpendStater::read_schnorr(const WitnessItem& item, Ref& sig, u8& hash_type) {
  hash_type = item.data_len == kSchnorrLen + 1 ? set_.bytes[item.data_off + kSchnorrLen] : 0;
  sig = sheet_.input(item.data_off, std::min(item.data_len, kSchnorrLen));
  return item.data_len == kSchnorrLen || (item.data_len == kSchnorrLen + 1 && hash_type != 0);
}

void SpendStater::state_key_path(Ref program, const WitnessItem& item, Ref annex) {
  Ref sig;
  u8 hash_type;
  if (!read_schnorr(item, sig, hash_type)) return fail(Code::bitcoin_hash_type);
  // A digest covers every spent output of the transaction.
  if (!prevouts_complete_) return undecided(Code::bitcoin_prevouts_missing);
  Ref digest;
  if (!digests_.taproot(input_, hash_type, {annex, {}}, digest)) return fail(Code::bitcoin_hash_type);
  sheet_.require(node_, Code::signature_false, sheet_.signature(Scheme::secp256k1_bip340, 0, program, sig, digest));
}

// `below` items lie under the script.
void SpendStater::state_script_path(Ref program, const WitnessItem& script, const WitnessItem& control, u32 below,
                                    Ref annex) {
  const u32 nodes_len = control.data_len - std::min(control.data_len, kControlBase);
  if (control.data_len < kControlBase || nodes_len % kControlNode != 0 || nodes_len > kControlNode * kControlNodesMax) {
    return fail(Code::bitcoin_control_block);
  }
  // Inner nodes sort their children by value, which no row can express.
  if (nodes_len != 0) return undecided(Code::bitcoin_tap_branches);
  const u8 first = set_.bytes[control.data_off];
  const Ref internal_key = sheet_.input(control.data_off + 1, 32);
  const Ref leaf =
      literals_.tagged(Tag::leaf, std::initializer_list<Ref>{literals_.byte(first & kLeafMask),
                                                             sheet_.input(script.off, script.end() - script.off)});
  const Ref tweak = literals_.tagged(Tag::tweak, std::initializer_list<Ref>{internal_key, leaf});
  u8 commitment[kControlBase];
  commitment[0] = first & 1;
  memcpy(commitment + 1, set_.bytes.data() + control.data_off + 1, 32);
  sheet_.require(node_, Code::bitcoin_tap_commitment,
                 sheet_.signature(Scheme::secp256k1_taproot_tweak, 0, program, sheet_.text(Bytes(commitment)), tweak));
  TapTemplate shape;
  if ((first & kLeafMask) != kLeafTapscript ||
      !classify_tapscript(set_.bytes.subspan(script.data_off, script.data_len), shape)) {
    return undecided(Code::bitcoin_script_not_template);
  }
  // The script takes one item per key and leaves one; the final stack must hold nothing else.
  if (below != shape.key_count) return fail(Code::bitcoin_stack);
  state_tapscript(leaf, script, shape, annex);
}

// The first key takes the topmost item. An empty signature counts as none; any other must verify or the script fails.
void SpendStater::state_tapscript(Ref leaf, const WitnessItem& script, const TapTemplate& shape, Ref annex) {
  WitnessReader reader(set_, *in_);
  WitnessItem item;
  u32 given = 0;
  for (u32 key = shape.key_count; key-- > 0 && reader.next(item);) {
    if (item.data_len == 0) continue;
    ++given;
    Ref sig;
    u8 hash_type;
    if (!read_schnorr(item, sig, hash_type)) return fail(Code::bitcoin_hash_type);
    if (!prevouts_complete_) return undecided(Code::bitcoin_prevouts_missing);
    Ref digest;
    if (!digests_.taproot(input_, hash_type, {annex, leaf}, digest)) return fail(Code::bitcoin_hash_type);
    const Ref key_ref = sheet_.input(script.data_off + 1 + kTapKeyStride * key, 32);
    sheet_.require(node_, Code::signature_false, sheet_.signature(Scheme::secp256k1_bip340, 0, key_ref, sig, digest));
  }
  if (given < shape.need || (given > shape.need && !shape.or_more)) fail(Code::signature_missing);
}

}  // namespace isthmus::chain::bitcoin
