// The claims that a ChainMaker block makes, stated in a sheet: header, transactions, trees, proposer, certificate.
//
// Rules: utils/v2/{block,transaction}.go (hashes, what is signed), common/v2/crypto/hash/merkle.go, consensus-tbft/v2
// and consensus-maxbft/v2 (certificates), chainconf/v2 (which configuration holds). Cost for each transaction: one hash
// of its bytes, one of its read and write set, and for each signer one signature row with, but for SM2, one hash of the
// payload that all its signers share.
#pragma once

#include "chain/chainmaker_signers.hpp"

namespace isthmus::chain::chainmaker {

// The parts of one input, and what was stated about them so far.
struct Case {
  Sheet& sheet;
  const Anchor& anchor;
  const Block& block;
  Signers& signers;
  ParseContext context;
};

bool is_text(const Sheet& sheet, Ref ref, std::string_view text);

// A place prints 32 bits.
inline u32 index_of(u64 number) { return number > ~u32{0} ? ~u32{0} : static_cast<u32>(number); }

// Bytes that are not of the documented form: invalid, but for a limit that the caller set.
void note_wire_error(Sheet& sheet, const WireError& error);

// The header's hash.
Ref state_block_hash(Sheet& sheet, const Header& header, const Anchor& anchor);
// Chain, height, link to the trusted block, configuration, hash, pin; the DAG where it is given.
void state_header(const Case& c);
// Whether the anchor names this very block.
inline bool is_pinned(const Anchor& anchor) { return anchor.block_hash.len() != 0; }

// Into `out`: the leaf of a transaction in a block of this version.
void state_leaf(Sheet& sheet, Ref out, const Transaction& tx, u64 version, const Anchor& anchor);
// At `node`: the transaction's own rules and signatures.
void state_transaction(const Case& c, NodeId node, const Transaction& tx, std::span<const Signed> endorsers,
                       bool genesis);
// At `node`: enough of the right ones endorsed, where the anchor has a policy for the transaction's resource.
void state_policy(const Case& c, NodeId node, const Transaction& tx, std::span<const Signed> endorsers);
// Transactions, read and write sets, both roots.
void state_body(const Case& c);
// At `node`: the leaf is number `index` of the header's tree.
void state_path(const Case& c, NodeId node, Ref leaf, u64 index, std::span<const Ref> siblings);

// Whether a transaction holds a new configuration, in its contract result.
bool is_config(const Sheet& sheet, const Transaction& tx, const Anchor& anchor);

// The proposer's signature, and the certificate of the validators. Returns in words what the block then rests on.
std::string_view state_trust(const Case& c);

void state_facts(const Case& c, std::string_view trust);

}  // namespace isthmus::chain::chainmaker
