// The claims of a FISCO BCOS header, its signatures and its body, stated in a sheet.
//
// Rules: version 2 libconsensus/pbft/PBFTEngine.cpp (checkBlock, checkSign), libethcore/Block.cpp, libdevcore/
// TrieHash2.cpp; version 3 bcos-pbft/engine/BlockValidator.cpp, bcos-crypto/merkle/Merkle.h. Where the node is lenient
// (an index that signs twice, blocks without transactions that need no signature, cached hashes) this is not.
// Cost: one hash a header, one recovery (or SM2 verification) a signature, two hashes a transaction and one a receipt.
#pragma once

#include <string>
#include <vector>

#include "chain/fisco.hpp"

namespace isthmus::chain::fisco {

// What a verdict proves when it is valid, in the order in which it is put together.
struct Proved {
  bool ordered = false;    // a quorum signed the header, or the anchor names it
  bool included = false;   // the transactions are those of the header's root
  bool effective = false;  // the receipts are those of the header's root, and no given one tells an error
};

// One root over digests that stand wherever they stand.
class Leaves {
 public:
  Leaves(Sheet& sheet, const Anchor& anchor, usize count);
  // Hash of the segments as the next leaf.
  Ref add(std::span<const Ref> hashed);
  // A digest of the input as the next leaf.
  void add_digest(Ref digest);
  // The leaves' root under the anchor's rule for trees (2.2.0 and later).
  Ref root();

 private:
  Sheet& sheet_;
  const Anchor& anchor_;
  Ref run_;
  std::vector<Ref> leaves_;
  bool in_run_ = true;
};

void note_problems(Sheet& sheet, NodeId node, const std::vector<Problem>& problems);

// Bytes that are not of the documented form: invalid, but for a limit that the caller set.
void note_wire_error(Sheet& sheet, const WireError& error);

// The header, who signed it and what the anchor says of it, under the root; facts included. Returns false iff nothing
// more can be said of the block, because its hash is not known.
bool state_header(Sheet& sheet, const Block& block, const Anchor& anchor, bool unsigned_source);

// At `node`: who signed the transaction whose hash is `hash`, and that it is of the anchor's chain. Returns the
// sender's address, 0 bytes when nobody signed.
Ref state_sender(Sheet& sheet, NodeId node, const Transaction& tx, Ref hash, const Anchor& anchor);

// The last fact: what a valid verdict proves.
void state_proved(Sheet& sheet, const Proved& proved);

// Root of a Merkle Patricia trie of RLP(i) -> values, as releases before rc2 have it.
Ref state_trie_root(Sheet& sheet, Hash hash, const std::vector<Ref>& values);

}  // namespace isthmus::chain::fisco
