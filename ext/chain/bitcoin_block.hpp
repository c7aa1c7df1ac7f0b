// One block being decoded: the state that the block's rules share. Used by bitcoin_block.cpp and bitcoin_prevouts.cpp
// only.
#pragma once

#include <vector>

#include "chain/bitcoin_header.hpp"
#include "chain/bitcoin_spend.hpp"

namespace isthmus::chain::bitcoin {

class BlockDecoder {
 public:
  BlockDecoder(Bytes input, const Anchor& anchor, claim::Sheet& sheet)
      : input_(input),
        anchor_(anchor),
        params_(anchor.params()),
        sheet_(sheet),
        rules_(script_rules(anchor)),
        lineage_(anchor.height, anchor.parents, anchor.opener, input.first(input.size() < kHeaderLen ? 0 : kHeaderLen),
                 anchor.median) {}

  void decode();
  void decode_txids();

 private:
  // What is known about an input's spent output before its script is looked at.
  enum class Finding : u8 { none, missing, differs };

  void state_own_header();
  bool read_transactions();
  void state_merkle_root();
  bool check_size();
  u32 commitment_off() const;
  void state_witness_commitment();
  void find_double_spends();

  // bitcoin_prevouts.cpp
  void resolve_prevouts();
  void take_container();
  void resolve_in_block(u32 tx, u32 in, u32 maker);
  std::vector<u32> sorted_hints() const;
  u32 find_hint(const std::vector<u32>& order, const u8* txid) const;
  std::span<const Prevout> prevouts_of(const Tx& tx) const {
    return std::span(prevouts_).subspan(tx.in_first, tx.in_count);
  }

  void state_transactions();
  void check_transaction(claim::NodeId node, const Tx& tx);
  u32 height_push(u8 out[6]) const;
  void check_coinbase(claim::NodeId node, const Tx& tx);
  void check_input(claim::NodeId node, u32 tx, u32 in);
  void check_relative_locks(claim::NodeId node, const Tx& tx);
  u32 prevout_time(u32 in) const;
  void check_values(claim::NodeId node, const Tx& tx);
  void refuse_values(claim::NodeId node, const Tx& tx);
  void check_sigops();
  u64 prevout_sigops(const TxIn& in, const Prevout& prevout) const;
  void check_coinbase_value();

  Bytes input_;
  const Anchor& anchor_;
  const Params& params_;
  claim::Sheet& sheet_;
  ScriptRules rules_;
  Lineage lineage_;
  TxSet set_;
  std::vector<Prevout> prevouts_;  // by input of the block
  std::vector<Finding> findings_;  // by input of the block
  std::vector<u32> repeated_;      // by input of the block: 1 + the input before that spends the same output; 0 none
  claim::Ref txids_;
  claim::ClaimId merkle_claim_ = 0;
  u32 median_ = 0;  // median time past of the parent
  bool median_known_ = false;
  bool hints_usable_ = false;
  bool container_usable_ = false;
  bool container_ignored_ = false;
  bool committed_ = false;    // the coinbase commits to the witnesses
  bool all_known_ = true;     // every spent output that was asked for
  bool values_sound_ = true;  // no transaction creates value
  u64 fees_ = 0;
};

}  // namespace isthmus::chain::bitcoin
