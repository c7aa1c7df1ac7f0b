// ChainMaker (Chang'an Chain): is this block, header or transaction the chain's?
//
//   chainmaker-block    common.BlockInfo {1: Block, 2: repeated TxRWSet}, or common.Block alone
//   chainmaker-header   Block without its transactions: {1: BlockHeader, 2: DAG (optional), 4: AdditionalData,
//                       5: Proof {1: Transaction, 2: repeated bytes sibling} of transaction 0, for configuration
//                       blocks}
//   chainmaker-tx       {1: TransactionInfo (or TransactionInfoWithRWSet), 2: chainmaker-header's input without field
//   5,
//                       3: repeated bytes sibling, from the leaf to the root}
//
// each in the one encoding that chain/chainmaker_parse.hpp describes. Anchor: chain/chainmaker_anchor.hpp. Versions 2.0
// to 2.3; of 1.0 to 1.2 transactions were seen verifying, blocks were not at hand.
//
//   valid       every hash, signature and root belongs together, and the anchor leads to the block: by its hash, by
//   more
//               than two thirds of the validators, or, where the chain has no such certificate, by the one proposer.
//               The fact `trust` says which
//   invalid     a rule is broken
//   undecided   chainmaker_no_anchor, chainmaker_certificate_missing, chainmaker_other_config (fetch the configuration
//               block in between), chainmaker_config_missing, chainmaker_not_included, chainmaker_member_unknown,
//               chainmaker_key_type, chainmaker_sm2_engine
//
// Stricter than nodes that follow the chain, which skip the signatures of transactions that they hold already, do not
// count false endorsements, and tie no vote to its voter; each of these has a code of its own.
//
// Facts: block_hash, chain_id, pre_block_hash, tx_root, rw_set_root, trust (text), and as 8 bytes, little-endian,
// height, pre_conf_height, tx_count, timestamp, block_type; chain_config, the bytes of the new configuration that the
// block holds.
#include "chain/chain.hpp"
#include "chain/chainmaker_claims.hpp"

namespace isthmus::chain {

namespace chainmaker {
namespace {

using claim::Kind;
using wire::field_bit;

constexpr u64 kProofRepeated = field_bit(2);
constexpr u64 kTxInputRepeated = field_bit(3);
constexpr usize kDepthMax = 64;

// A transaction and its way to the root.
struct Proof {
  Transaction tx;
  std::vector<Signed> endorsers;
  std::vector<Ref> siblings;
  bool present = false;
};

struct TxInput {
  Proof proof;
  TxPlace place;
  Block block;
  bool has_block = false;
};

void take_sibling(ProtobufReader& reader, std::vector<Ref>& siblings) {
  if (siblings.size() >= kDepthMax) return reader.refuse(Code::length_out_of_range);
  siblings.push_back(ref_of(reader, reader.as_bytes_exactly(kHashLen).size()));
}

void take_transaction(ProtobufReader& reader, Proof& proof, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message(kTransactionRepeated);
  proof.tx = read_transaction(nested, proof.endorsers, context);
  proof.tx.body = ref_of(reader, nested.size());
  proof.tx.off = reader.off();
}

Proof read_proof(ProtobufReader reader, const ParseContext& context) {
  Proof proof;
  proof.present = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        take_transaction(reader, proof, context);
        break;
      case 2:
        take_sibling(reader, proof.siblings);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return proof;
}

// TransactionInfo or TransactionInfoWithRWSet.
void read_info(ProtobufReader reader, TxInput& input, const ParseContext& context) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        take_transaction(reader, input.proof, context);
        break;
      case 2:
        input.place.height = reader.as_u64();
        break;
      case 3:
        input.place.block_hash = ref_of(reader, reader.as_bytes_exactly(kHashLen).size());
        break;
      case 4:
        input.place.index = reader.as_u32();
        break;
      case 5:
        input.place.timestamp = reader.as_i64();
        break;
      case 6: {
        const ProtobufReader nested = reader.as_message(kRwSetRepeated);
        input.place.rw_set = read_rw_set(nested, context);
        input.place.rw_set.body = ref_of(reader, nested.size());
        input.place.has_rw_set = true;
        break;
      }
      default:
        reader.unknown();
    }
  }
  reader.require(1);
}

TxInput read_tx_input(ProtobufReader reader, const ParseContext& context) {
  TxInput input;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        read_info(reader.as_message(), input, context);
        break;
      case 2:
        input.block = read_block(reader.as_message(kBlockRepeated), context);
        input.has_block = true;
        if (input.block.proof.present) reader.unknown();
        break;
      case 3:
        take_sibling(reader, input.proof.siblings);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return input;
}

// The leaf of a proof, and its way to the header's root.
void state_inclusion(const Case& c, NodeId node, const Proof& proof, u64 index) {
  const Ref leaf = c.sheet.reserve(kHashLen);
  if (!c.sheet.within_limits()) return;
  state_leaf(c.sheet, leaf, proof.tx, c.block.header.version, c.anchor);
  state_path(c, node, leaf, index, proof.siblings);
}

// Transaction 0 of a block that is marked as holding a configuration. A failed one changes nothing, and its proof says
// so.
void state_config(const Case& c, const Proof& proof) {
  const Header& header = c.block.header;
  if (!proof.present) {
    if (c.anchor.follow && (header.block_type & kConfigBlock) != 0) {
      c.sheet.undecided(claim::kRoot, Code::chainmaker_config_missing, header.off);
    }
    return;
  }
  const NodeId node = c.sheet.all(claim::kRoot, Kind::tx, 0);
  state_inclusion(c, node, proof, 0);
  if (!is_config(c.sheet, proof.tx, c.anchor)) return;
  if ((header.block_type & kConfigBlock) == 0) c.sheet.fail(node, Code::chainmaker_config_type, proof.tx.off);
  c.sheet.fact("chain_config", proof.tx.contract_value);
}

void state_read_write_set(const Case& c, NodeId node, const TxInput& input) {
  const RwSet& set = input.place.rw_set;
  if (!same_bytes(c.sheet, set.tx_id, input.proof.tx.tx_id)) {
    c.sheet.fail(node, Code::chainmaker_rw_set_order, set.body.off);
  }
  c.sheet.require(
      node, Code::chainmaker_rw_set_hash,
      c.sheet.compare(claim::Compare::equal, c.sheet.hash(c.anchor.hash, {set.body}), input.proof.tx.rw_set_hash));
}

// Zero and absent are the same in the encoding: a place that says nothing is not asked.
bool is_place_of(const Case& c, const TxPlace& place) {
  const Header& header = c.block.header;
  if (place.height != 0 && place.height != header.height) return false;
  if (place.timestamp != 0 && place.timestamp != header.timestamp) return false;
  return place.block_hash.len() == 0 || same_bytes(c.sheet, place.block_hash, header.block_hash);
}

void state_tx_input(const Case& c, const TxInput& input) {
  const NodeId node = c.sheet.all(claim::kRoot, Kind::tx, input.place.index);
  const bool genesis = input.has_block && c.block.header.height == 0;
  state_transaction(c, node, input.proof.tx, input.proof.endorsers, genesis);
  if (input.place.has_rw_set) state_read_write_set(c, node, input);
  c.sheet.fact("tx_id", input.proof.tx.tx_id);
  c.sheet.fact("contract_result", input.proof.tx.contract_value);
  if (!input.has_block) {
    if (!c.anchor.signed_only) c.sheet.undecided(node, Code::chainmaker_not_included, input.proof.tx.off);
    return;
  }
  if (!is_place_of(c, input.place)) c.sheet.fail(node, Code::chainmaker_path_place, input.proof.tx.off);
  state_inclusion(c, node, input.proof, input.place.index);
  state_header(c);
  state_facts(c, state_trust(c));
}

// The proof in a header's input.
Proof read_header_proof(const Sheet& sheet, const Block& block, const ParseContext& context) {
  if (!block.proof.present) return {};
  const Ref value = block.proof.value;
  return read_proof(ProtobufReader(sheet.bytes(value), *context.error, {.repeated = kProofRepeated}, value.off),
                    context);
}

}  // namespace
}  // namespace chainmaker

AnchorError decode_chainmaker_block(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace chainmaker;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const ParseContext context{anchor.format, limits.rows_max, &error};
  const Block block = read_block_or_info(input, sheet.bytes(anchor.chain_id), context);
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(claim::Kind::block, index_of(block.header.height));
  Signers signers(sheet, anchor, block.header.timestamp);
  const Case c{sheet, anchor, block, signers, context};
  state_header(c);
  state_body(c);
  state_facts(c, state_trust(c));
  return {};
}

AnchorError decode_chainmaker_header(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace chainmaker;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const ParseContext context{anchor.format, limits.rows_max, &error, true};
  const Block block = read_block(ProtobufReader(input, error, {.repeated = kBlockRepeated}), context);
  const Proof proof = read_header_proof(sheet, block, context);
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(claim::Kind::block, index_of(block.header.height));
  Signers signers(sheet, anchor, block.header.timestamp);
  const Case c{sheet, anchor, block, signers, context};
  state_header(c);
  state_config(c, proof);
  state_facts(c, state_trust(c));
  return {};
}

AnchorError decode_chainmaker_tx(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace chainmaker;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const ParseContext context{anchor.format, limits.rows_max, &error, true};
  const TxInput tx = read_tx_input(ProtobufReader(input, error, {.repeated = kTxInputRepeated}), context);
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(claim::Kind::block, index_of(tx.has_block ? tx.block.header.height : tx.place.height));
  const i64 time = tx.has_block ? tx.block.header.timestamp : tx.place.timestamp;
  Signers signers(sheet, anchor, time != 0 ? time : tx.proof.tx.timestamp);
  state_tx_input({sheet, anchor, tx.block, signers, context}, tx);
  return {};
}

}  // namespace isthmus::chain
