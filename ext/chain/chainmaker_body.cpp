// Transactions and trees; see chainmaker_claims.hpp.
#include <algorithm>

#include "chain/chainmaker_claims.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using claim::Compare;
using claim::Kind;

constexpr u32 kTxIdLenMax = 64;
constexpr u8 kResultTag = 0x22;          // Transaction.result
constexpr u8 kContractResultTag = 0x12;  // Result.contract_result
constexpr usize kVarintLenMax = 10;

void put_length(std::vector<u8>& out, u8 tag, usize length) {
  out.push_back(tag);
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<u8>(length | 0x80));
  out.push_back(static_cast<u8>(length));
}

usize length_len(usize length) {
  usize len = 1;
  for (; length >= 0x80; length >>= 7) ++len;
  return len;
}

u32 end_of(Ref ref) { return ref.off + ref.len(); }

Ref input_between(const Sheet& sheet, u32 first, u32 end) { return sheet.input(first, end - first); }

// The transaction as if no gas had been used: the field left out, and the two lengths around it rewritten. All else is
// taken where it lies.
void state_leaf_without_gas(Sheet& sheet, Ref out, const Transaction& tx, Hash hash) {
  const usize contract_len = tx.contract_result.value.len() - tx.gas_used.whole.len();
  const usize contract_whole = 1 + length_len(contract_len) + contract_len;
  const usize result_len = tx.result.value.len() - tx.contract_result.whole.len() + contract_whole;
  std::vector<u8> raw;
  raw.reserve(2 + 2 * kVarintLenMax);
  put_length(raw, kResultTag, result_len);
  const u32 split = static_cast<u32>(raw.size());
  put_length(raw, kContractResultTag, contract_len);
  const Ref lengths = sheet.text(raw);
  if (!sheet.within_limits()) return;
  sheet.hash_into(out, hash,
                  {input_between(sheet, tx.body.off, tx.result.whole.off), lengths.sub(0, split),
                   input_between(sheet, tx.result.value.off, tx.contract_result.whole.off),
                   lengths.sub(split, lengths.len() - split),
                   input_between(sheet, tx.contract_result.value.off, tx.gas_used.whole.off),
                   input_between(sheet, end_of(tx.gas_used.whole), end_of(tx.body))});
}

std::span<const Signed> endorsers_of(const Block& block, const Transaction& tx) {
  return std::span(block.endorsers).subspan(tx.endorser_first, tx.endorser_count);
}

// A nonce for each transaction and the count of them are in the header's hash, so that a list with its tail repeated
// (CVE-2012-2459) is caught twice.
void check_repeated(const Case& c, NodeId node) {
  std::vector<const Transaction*> sorted;
  sorted.reserve(c.block.txs.size());
  for (const Transaction& tx : c.block.txs) sorted.push_back(&tx);
  const auto less = [&](const Transaction* left, const Transaction* right) {
    const Bytes l = c.sheet.bytes(left->tx_id);
    const Bytes r = c.sheet.bytes(right->tx_id);
    const int order = memcmp(l.data(), r.data(), std::min(l.size(), r.size()));
    if (order != 0) return order < 0;
    return l.size() != r.size() ? l.size() < r.size() : left->off < right->off;
  };
  std::sort(sorted.begin(), sorted.end(), less);
  for (usize i = 1; i < sorted.size(); ++i) {
    if (!same_bytes(c.sheet, sorted[i - 1]->tx_id, sorted[i]->tx_id)) continue;
    c.sheet.fail(node, Code::chainmaker_tx_repeated, sorted[i]->off);
  }
}

// Root of a list, or the empty root of an empty one.
void require_root(const Case& c, NodeId node, Ref leaves, Ref root, Code code, bool mutable_tree) {
  if (leaves.len() == 0) {
    return c.sheet.require(node, code, c.sheet.compare(Compare::equal, root, c.sheet.input(0, 0)));
  }
  const Sheet::TreeResult tree = c.sheet.tree(Tree::chainmaker, leaves, c.anchor.hash);
  c.sheet.require(node, code, c.sheet.compare(Compare::equal, tree.root, root));
  if (!mutable_tree) c.sheet.require(node, Code::merkle_mutated, tree.claim);
}

void state_rw_sets(const Case& c, const std::vector<NodeId>& nodes) {
  const Block& block = c.block;
  if (!block.has_rw_sets) return;
  if (block.rw_sets.size() != block.txs.size()) {
    return c.sheet.fail(claim::kRoot, Code::chainmaker_rw_set_order);
  }
  for (usize i = 0; i < block.txs.size() && c.sheet.within_limits(); ++i) {
    const RwSet& set = block.rw_sets[i];
    const Transaction& tx = block.txs[i];
    if (!same_bytes(c.sheet, set.tx_id, tx.tx_id)) {
      c.sheet.fail(nodes[i], Code::chainmaker_rw_set_order, set.body.off);
    }
    c.sheet.require(nodes[i], Code::chainmaker_rw_set_hash,
                    c.sheet.compare(Compare::equal, c.sheet.hash(c.anchor.hash, {set.body}), tx.rw_set_hash));
  }
}

void state_rw_set_root(const Case& c, NodeId node) {
  std::vector<u8> leaves;
  leaves.reserve(kHashLen * c.block.txs.size());
  for (const Transaction& tx : c.block.txs) {
    if (tx.rw_set_hash.len() == 0) return c.sheet.fail(node, Code::chainmaker_rw_set_root, tx.off);
    const Bytes hash = c.sheet.bytes(tx.rw_set_hash);
    leaves.insert(leaves.end(), hash.begin(), hash.end());
  }
  require_root(c, node, c.sheet.text(leaves), c.block.header.rw_set_root, Code::chainmaker_rw_set_root, true);
}

}  // namespace

void state_leaf(Sheet& sheet, Ref out, const Transaction& tx, u64 version, const Anchor& anchor) {
  if (anchor.format == Format::v1_0) {
    return sheet.hash_into(out, anchor.hash, {tx.request_header, tx.payload, tx.result.value});
  }
  if (anchor.format == Format::v1 || version < kLeafWithoutGas || !tx.gas_used.present) {
    return sheet.hash_into(out, anchor.hash, {tx.body});
  }
  state_leaf_without_gas(sheet, out, tx, anchor.hash);
}

void state_transaction(const Case& c, NodeId node, const Transaction& tx, std::span<const Signed> endorsers,
                       bool genesis) {
  Sheet& sheet = c.sheet;
  if (!same_bytes(sheet, tx.chain_id, c.anchor.chain_id)) sheet.fail(node, Code::chainmaker_chain_id, tx.off);
  if (tx.tx_id.len() == 0 || tx.tx_id.len() > kTxIdLenMax) sheet.fail(node, Code::chainmaker_tx_id, tx.off);
  if (tx.expiration != 0 && tx.expiration <= tx.timestamp) sheet.fail(node, Code::chainmaker_expiration, tx.off);
  if (genesis) {
    // Nobody signs the first configuration: its node holds by its hashes, which an anchor pins.
    sheet.require(node, Code::chainmaker_chain_id, sheet.compare(Compare::equal, tx.chain_id, c.anchor.chain_id));
    return;
  }
  const Ref request[] = {tx.request_header, tx.payload};
  const std::span<const Ref> payload = std::span(request).subspan(c.anchor.format == Format::v2 ? 1 : 0);
  if (tx.sender.present) {
    c.signers.bind(node, Code::chainmaker_sender_false, tx.sender, payload);
  } else {
    sheet.fail(node, Code::chainmaker_sender_missing, tx.off);
  }
  for (u32 i = 0; i < endorsers.size() && sheet.within_limits(); ++i) {
    const NodeId here = sheet.all(node, Kind::endorser, i);
    c.signers.bind(here, Code::chainmaker_endorser_false, endorsers[i], std::span(&tx.endorsed, 1));
  }
  if (tx.payer.present) {
    c.signers.bind(sheet.all(node, Kind::payer, 0), Code::chainmaker_payer_false, tx.payer, payload);
  }
  state_policy(c, node, tx, endorsers);
}

void state_body(const Case& c) {
  const Block& block = c.block;
  Sheet& sheet = c.sheet;
  const NodeId node = sheet.all(claim::kRoot, Kind::merkle, index_of(block.header.height));
  if (block.header.tx_count != block.txs.size()) sheet.fail(node, Code::chainmaker_tx_count, block.header.off);
  check_repeated(c, node);
  const bool genesis = block.header.height == 0;
  const Ref leaves = sheet.reserve(kHashLen * block.txs.size());
  if (!sheet.within_limits()) return;
  std::vector<NodeId> nodes;
  nodes.reserve(block.txs.size());
  for (usize i = 0; i < block.txs.size() && sheet.within_limits(); ++i) {
    const Transaction& tx = block.txs[i];
    nodes.push_back(sheet.all(claim::kRoot, Kind::tx, static_cast<u32>(i)));
    state_leaf(sheet, leaves.sub(static_cast<u32>(kHashLen * i), kHashLen), tx, block.header.version, c.anchor);
    state_transaction(c, nodes.back(), tx, endorsers_of(block, tx), genesis);
  }
  if (!sheet.within_limits()) return;
  require_root(c, node, leaves, block.header.tx_root, Code::chainmaker_tx_root, false);
  state_rw_set_root(c, node);
  state_rw_sets(c, nodes);
  if (block.txs.empty()) return;
  const bool config = is_config(sheet, block.txs[0], c.anchor);
  if (config && (block.header.block_type & kConfigBlock) == 0 && c.anchor.format == Format::v2) {
    sheet.fail(nodes[0], Code::chainmaker_config_type, block.txs[0].off);
  }
  if (config) sheet.fact("chain_config", block.txs[0].contract_value);
}

void state_path(const Case& c, NodeId node, Ref leaf, u64 index, std::span<const Ref> siblings) {
  Sheet& sheet = c.sheet;
  const Header& header = c.block.header;
  if (index >= header.tx_count) return sheet.fail(node, Code::chainmaker_path_index, header.off);
  usize depth = 0;
  for (u64 width = header.tx_count; width > 1; width = (width + 1) / 2) ++depth;
  if (siblings.size() != depth) return sheet.fail(node, Code::chainmaker_path_length, header.off);
  Ref running = leaf;
  u64 width = header.tx_count;
  for (const Ref sibling : siblings) {
    if (index == width - 1 && index % 2 == 0) {
      sheet.require(node, Code::chainmaker_path_sibling, sheet.compare(Compare::equal, running, sibling));
    }
    running =
        index % 2 == 0 ? sheet.hash(c.anchor.hash, {running, sibling}) : sheet.hash(c.anchor.hash, {sibling, running});
    index /= 2;
    width = (width + 1) / 2;
  }
  sheet.require(node, Code::chainmaker_tx_root, sheet.compare(Compare::equal, running, header.tx_root));
}

bool is_config(const Sheet& sheet, const Transaction& tx, const Anchor& anchor) {
  if (tx.code != 0 || tx.contract_value.len() == 0) return false;
  if (anchor.format != Format::v2) return tx.tx_type == kUpdateChainConfig;
  return is_text(sheet, tx.contract_name, "CHAIN_CONFIG");
}

}  // namespace isthmus::chain::chainmaker
