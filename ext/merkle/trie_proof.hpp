// Proofs in Ethereum's Merkle-Patricia tries, in the form of eth_getProof (EIP-1186): the hashed nodes on a key's path,
// root first. They show the value under a key, or that there is none.
//
// Strict: what a proof shows is bound to the root byte by byte, and one statement has one proof. Each node has the hash
// that its parent names, is canonical RLP of the shape of its kind, and is used; children that are shorter than a hash
// stand in their parent and nowhere else. A path is bounded by its key. Not asked for is what only the maker of a root
// can get wrong and no reader is fooled by, such as a branch with one child: the path of a key from a root is one in
// any case.
#pragma once

#include "base/span.hpp"

namespace isthmus::merkle {

enum class TrieAnswer : u8 {
  refused = 0,
  absent = 1,
  present = 2,
};

// Row i asks for keys[i] under roots[i], or under the only root, with the nodes from node_ends[i - 1] to node_ends[i],
// of which there are fewer than 2^31 in all.
struct TrieProofs {
  std::span<const Bytes> roots;
  std::span<const Bytes> keys;
  std::span<const Bytes> nodes;
  std::span<const usize> node_ends;
};

// What each proof shows, and the value (a part of its last node) where it is present. Any bytes may stand in the rows.
// Absence under the root of the empty trie takes no nodes, or the one node 80 that some providers give. Cost: one hash
// for each node that differs from those before, all in lanes; a row with more nodes than its key can have costs
// nothing.
void read_trie_proofs(const TrieProofs& proofs, std::span<TrieAnswer> answers, std::span<Bytes> values);

}  // namespace isthmus::merkle
