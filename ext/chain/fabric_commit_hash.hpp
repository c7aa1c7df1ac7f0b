// The commit hash of a Fabric block: a peer's running hash over validation flags and state updates
// (core/ledger/kvledger/kv_ledger.go addBlockCommitHash, txmgmt/txmgr/update_batch_bytes.go).
//
// SHA-256(varint(n) || flags || Updates || previous commit hash), where Updates lists the writes of the transactions
// that are flagged as valid, the last one to a key, sorted. Peers compute it the same way and nobody signs it: equal
// hashes say that two peers agree on everything since block 1, which is how far this check reaches. Cost: a sort of the
// block's writes.
#pragma once

#include "chain/fabric_tx.hpp"

namespace isthmus::chain::fabric {

// States at `node` that `recorded` is the commit hash of the block. Where a transaction changed only the metadata of a
// key that the block does not write, its value is part of the state: undecided.
void state_commit_hash(Sheet& sheet, NodeId node, u64 number, Ref flags, std::span<const Transaction> txs, Ref previous,
                       Ref recorded);

}  // namespace isthmus::chain::fabric
