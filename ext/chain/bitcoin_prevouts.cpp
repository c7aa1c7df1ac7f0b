// The outputs that a block spends: from the anchor's container, and from the block itself where the anchor's
// identifiers say which transaction is which. A decoder cannot hash, so identifiers are hints, and each of them is a
// claim of its own.
#include <algorithm>
#include <numeric>

#include "chain/bitcoin_block.hpp"

namespace isthmus::chain::bitcoin {

using claim::Ref;

void BlockDecoder::resolve_prevouts() {
  prevouts_.assign(set_.ins.size(), {});
  findings_.assign(set_.ins.size(), Finding::none);
  take_container();
  hints_usable_ = anchor_.txids.size() == 32 * set_.txs.size();
  if (!anchor_.txids.empty() && !hints_usable_) sheet_.undecided(claim::kRoot, Code::bitcoin_txid_hint);
  if (!hints_usable_) return;
  const std::vector<u32> order = sorted_hints();
  for (u32 i = 1; i < set_.txs.size(); ++i) {
    const Tx& tx = set_.txs[i];
    for (u32 in = tx.in_first; in < tx.in_first + tx.in_count; ++in) {
      const u32 maker = find_hint(order, set_.bytes.data() + set_.ins[in].off);
      if (maker != kUnknown) {
        resolve_in_block(i, in, maker);
      } else if (prevouts_[in].known && prevouts_[in].height == anchor_.height) {
        findings_[in] = Finding::differs;
      }
    }
  }
}

// Container entries belong to the inputs of all transactions but the first, in order.
void BlockDecoder::take_container() {
  if (!anchor_.has_prevouts) return;
  const usize first = set_.txs[0].in_count;
  container_usable_ = anchor_.prevouts.size() == set_.ins.size() - first;
  if (!container_usable_) {
    // Perhaps the container is of another block, perhaps the block was altered: neither may be blamed.
    container_ignored_ = true;
    sheet_.undecided(claim::kRoot, Code::bitcoin_prevouts_count);
    return;
  }
  std::copy(anchor_.prevouts.begin(), anchor_.prevouts.end(), prevouts_.begin() + static_cast<std::ptrdiff_t>(first));
  for (usize in = first; in < prevouts_.size(); ++in) {
    const u32 height = prevouts_[in].height;
    if (height != kUnknown && height > anchor_.height) findings_[in] = Finding::differs;
  }
}

std::vector<u32> BlockDecoder::sorted_hints() const {
  std::vector<u32> order(set_.txs.size());
  std::iota(order.begin(), order.end(), 0);
  const u8* const txids = anchor_.txids.data();
  std::sort(order.begin(), order.end(), [txids](u32 a, u32 b) {
    const int difference = memcmp(txids + 32 * usize{a}, txids + 32 * usize{b}, 32);
    return difference != 0 ? difference < 0 : a < b;
  });
  return order;
}

// The first transaction of that identifier, or kUnknown.
u32 BlockDecoder::find_hint(const std::vector<u32>& order, const u8* txid) const {
  const u8* const txids = anchor_.txids.data();
  const auto at = std::lower_bound(order.begin(), order.end(), txid, [txids](u32 a, const u8* wanted) {
    return memcmp(txids + 32 * usize{a}, wanted, 32) < 0;
  });
  return at != order.end() && memcmp(txids + 32 * usize{*at}, txid, 32) == 0 ? *at : kUnknown;
}

// Input `in` of transaction `tx` spends an output of transaction `maker` of the same block.
void BlockDecoder::resolve_in_block(u32 tx, u32 in, u32 maker) {
  const Prevout given = prevouts_[in];
  const u32 index = load_le32(set_.bytes.data() + set_.ins[in].off + 32);
  const Tx& from = set_.txs[maker];
  if (maker >= tx || index >= from.out_count) {
    findings_[in] = Finding::missing;
    return;
  }
  const TxOut& out = set_.outs[from.out_first + index];
  Prevout made;
  made.value = sheet_.input(out.off, 8);
  made.serialised = sheet_.input(out.off + 8, out.end() - out.off - 8);
  made.script = sheet_.input(out.script_off, out.script_len);
  made.script_bytes = set_.script_of(out);
  made.amount = set_.value_of(out);
  made.height = anchor_.height;
  made.coinbase = maker == 0;
  made.known = true;
  prevouts_[in] = made;
  if (!given.known) return;
  const bool same = given.amount == made.amount && given.coinbase == made.coinbase &&
                    (given.height == made.height || given.height == kUnknown) &&
                    std::equal(given.script_bytes.begin(), given.script_bytes.end(), made.script_bytes.begin(),
                               made.script_bytes.end());
  if (!same) findings_[in] = Finding::differs;
}

}  // namespace isthmus::chain::bitcoin
