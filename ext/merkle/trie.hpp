// Roots of Ethereum's Merkle-Patricia tries (Yellow Paper, appendix D) over Keccak-256.
//
// No node is ever an object: items are sorted, the shape follows from the common prefixes of neighbours, and nodes are
// hashed from the leaves up, all whose children are known together, so that the lanes of the hash are filled. Keys may
// be of any length and one a prefix of another; a caller hashes the keys of a secure trie. Cost: a sort, one hash a
// node, about 150 bytes of memory an item; values are read where they lie.
#pragma once

#include <optional>

#include "base/span.hpp"

namespace isthmus::merkle {

inline constexpr usize kTrieRoot = 32;

// Two places of a list of keys, first < second, where the same key stands.
struct EqualKeys {
  usize first;
  usize second;
};

// Writes the root of the trie that holds values[i] under keys[i] (equally many, fewer than 2^31) to `root`. No value
// may be empty: a trie holds nothing under a key whose value is empty. Where keys are equal there is no root, and the
// first that repeats another is told, with that other.
std::optional<EqualKeys> trie_root(std::span<const Bytes> keys, std::span<const Bytes> values, u8* root);

// The root of the trie that holds nothing.
const u8* empty_trie_root();

// Roots of ordered lists, whose keys are the RLP of each index: list i holds values[ends[i - 1] .. ends[i]). The ends
// ascend to the number of values, which are fewer than 2^31 and none of them empty. Roots go to roots[32 i ..]; nodes
// of all lists share the lanes.
void list_roots(std::span<const Bytes> values, std::span<const usize> ends, u8* roots);

}  // namespace isthmus::merkle
