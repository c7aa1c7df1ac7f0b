#include "merkle/ics23_spec.hpp"

#include <algorithm>

#include "merkle/ics23_proof.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::merkle::ics23 {
namespace {

using wire::ProtobufReader;
using wire::WireError;

constexpr u32 kDepthDefault = 128;  // of a spec that names none (cosmos/ics23 #352)
constexpr usize kChildrenMax = 256;

bool starts_with(Bytes bytes, Bytes prefix) {
  return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

// ---- the two stores whose prefixes are known ----

// Go's binary.ReadVarint: zigzag, at most ten bytes, not necessarily the shortest form.
bool take_varint(Bytes& in, i64& value) {
  u64 raw = 0;
  for (usize i = 0; i < 10; ++i) {
    if (i >= in.size()) return false;
    if (i == 9 && in[i] > 1) return false;
    raw |= static_cast<u64>(in[i] & 0x7f) << (7 * i);
    if (in[i] < 0x80) {
      in = in.subspan(i + 1);
      value = static_cast<i64>(raw >> 1) ^ -static_cast<i64>(raw & 1);
      return true;
    }
  }
  return false;
}

// An IAVL node begins with its height, size and version. What follows in a prefix tells which child is proven: the
// length byte of a left one, or a whole left child and the length byte of the right one.
bool is_iavl_prefix(Bytes prefix, u32 layer) {
  i64 height = 0, size = 0, version = 0;
  if (!take_varint(prefix, height) || !take_varint(prefix, size) || !take_varint(prefix, version)) return false;
  if (height < 0 || height < i64{layer} || size < 0 || version < 0) return false;
  if (layer == 0) return prefix.empty() && height == 0 && size == 1;
  return prefix.size() == 1 || prefix.size() == 34;
}

bool is_tendermint_prefix(const InnerOp& op) {
  if (op.prefix.empty() || op.prefix[0] != 1) return false;
  return op.suffix.empty() || op.prefix.size() == 1;
}

// A store by the numbers that the reference compares; prefixes and child order are not among them.
struct Numbers {
  HashOp hash, prehash_key, prehash_value;
  LengthOp length;
  HashOp inner_hash;
  i64 prefix_min, prefix_max, child_size;
  usize children;
};
constexpr Numbers kIavl = {
    HashOp::sha256, HashOp::no_hash, HashOp::sha256, LengthOp::var_proto, HashOp::sha256, 4, 12, 33, 2};
constexpr Numbers kTendermint = {
    HashOp::sha256, HashOp::no_hash, HashOp::sha256, LengthOp::var_proto, HashOp::sha256, 1, 1, 32, 2};

bool has_numbers(const Spec& spec, const Numbers& n) {
  const LeafOp& leaf = spec.leaf;
  const InnerSpec& inner = spec.inner;
  return leaf.hash == n.hash && leaf.prehash_key == n.prehash_key && leaf.prehash_value == n.prehash_value &&
         leaf.length == n.length && inner.hash == n.inner_hash && inner.prefix_min == n.prefix_min &&
         inner.prefix_max == n.prefix_max && inner.child_size == n.child_size && inner.child_order.size() == n.children;
}

// ---- reading a spec ----

bool read_child_order(Bytes packed, std::vector<u32>& out) {
  while (!packed.empty()) {
    u32 branch = 0;
    if (out.size() == kChildrenMax || !take_packed_u32(packed, branch)) return false;
    out.push_back(branch);
  }
  return true;
}

bool is_permutation(const std::vector<u32>& order) {
  bool met[kChildrenMax] = {};
  for (const u32 branch : order) {
    if (branch >= order.size() || met[branch]) return false;
    met[branch] = true;
  }
  return !order.empty();
}

bool read_inner_spec(ProtobufReader reader, InnerSpec& spec) {
  bool well_formed = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        well_formed = read_child_order(reader.as_bytes(), spec.child_order);
        break;
      case 2:
        spec.child_size = reader.as_i32();
        break;
      case 3:
        spec.prefix_min = reader.as_i32();
        break;
      case 4:
        spec.prefix_max = reader.as_i32();
        break;
      case 5:
        spec.empty_child = reader.as_bytes();
        break;
      case 6:
        spec.hash = as_hash_op(reader);
        break;
      default:
        reader.unknown();
    }
    if (!well_formed) return false;
  }
  return true;
}

const char* wrong_with(const Spec& spec, i32 depth_max, i32 depth_min) {
  const InnerSpec& inner = spec.inner;
  const LeafOp& leaf = spec.leaf;
  if (!is_permutation(inner.child_order)) return "inner_spec.child_order: not each of 0 to n - 1 once, n at most 256";
  if (inner.child_size < 1) return "inner_spec.child_size: less than 1";
  if (inner.prefix_min < 0 || inner.prefix_max < inner.prefix_min) {
    return "inner_spec: expected 0 <= min_prefix_length <= max_prefix_length";
  }
  if (inner.prefix_max >= inner.prefix_min + inner.child_size) {
    return "inner_spec: max_prefix_length is not less than min_prefix_length + child_size, so that a prefix could hide "
           "a child";
  }
  if (depth_max < 0 || depth_min < 0) return "a negative depth";
  if (leaf.hash == HashOp::no_hash || inner.hash == HashOp::no_hash) return "a leaf and a node must be hashed";
  if (leaf.length == LengthOp::var_rlp) return "leaf_spec.length: var_rlp is not computed, as in the reference";
  return nullptr;
}

// ---- where a child lies ----

// Lengths of a step's prefix and suffix when the child is branch `branch`.
struct Padding {
  i64 prefix_min, prefix_max, suffix;
};

i64 position_of(const InnerSpec& spec, u32 branch) {
  return std::find(spec.child_order.begin(), spec.child_order.end(), branch) - spec.child_order.begin();
}

Padding padding_of(const InnerSpec& spec, u32 branch) {
  const i64 before = position_of(spec, branch);
  const i64 behind = static_cast<i64>(spec.child_order.size()) - 1 - before;
  return {before * spec.child_size + spec.prefix_min, before * spec.child_size + spec.prefix_max,
          behind * spec.child_size};
}

bool has_padding(const InnerOp& op, const Padding& padding) {
  const i64 prefix = static_cast<i64>(op.prefix.size());
  return prefix >= padding.prefix_min && prefix <= padding.prefix_max &&
         static_cast<i64>(op.suffix.size()) == padding.suffix;
}

// The branch that the step's child is; the number of children if its lengths fit none.
u32 branch_of(const InnerSpec& spec, const InnerOp& op) {
  const u32 count = static_cast<u32>(spec.child_order.size());
  u32 branch = 0;
  while (branch < count && !has_padding(op, padding_of(spec, branch))) ++branch;
  return branch;
}

// Whether the child at position `position` behind `from` in `bytes` is the empty child.
bool is_empty_child(const InnerSpec& spec, Bytes bytes, i64 from, i64 position) {
  const i64 at = from + position * spec.child_size;
  if (at < 0 || at + spec.child_size > static_cast<i64>(bytes.size())) return false;
  return equal(spec.empty_child, bytes.subspan(static_cast<usize>(at), static_cast<usize>(spec.child_size)));
}

bool left_branches_are_empty(const InnerSpec& spec, const InnerOp& op) {
  const u32 left = branch_of(spec, op);
  if (left == 0 || left == spec.child_order.size()) return false;
  const i64 from = static_cast<i64>(op.prefix.size()) - i64{left} * spec.child_size;
  for (u32 i = 0; i < left; ++i) {
    if (!is_empty_child(spec, op.prefix, from, position_of(spec, i))) return false;
  }
  return true;
}

bool right_branches_are_empty(const InnerSpec& spec, const InnerOp& op) {
  const u32 count = static_cast<u32>(spec.child_order.size());
  const u32 branch = branch_of(spec, op);
  if (branch == count) return false;
  const u32 right = count - 1 - branch;
  if (right == 0 || static_cast<i64>(op.suffix.size()) != i64{right} * spec.child_size) return false;
  for (u32 i = 0; i < right; ++i) {
    if (!is_empty_child(spec, op.suffix, 0, position_of(spec, i))) return false;
  }
  return true;
}

bool is_left_step(const InnerSpec& spec, const InnerOp& left, const InnerOp& right) {
  const u32 left_branch = branch_of(spec, left);
  const u32 right_branch = branch_of(spec, right);
  return right_branch < spec.child_order.size() && right_branch == left_branch + 1;
}

}  // namespace

const char* read_spec(Bytes bytes, Spec& spec) {
  WireError error;
  ProtobufReader reader(bytes, error);
  i32 depth_max = 0, depth_min = 0;
  bool well_formed = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        read_leaf_op(reader.as_message(), spec.leaf);
        break;
      case 2:
        well_formed = read_inner_spec(reader.as_message(), spec.inner) && well_formed;
        break;
      case 3:
        depth_max = reader.as_i32();
        break;
      case 4:
        depth_min = reader.as_i32();
        break;
      case 5:
        spec.prehash_key_before_comparison = reader.as_bool();
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  if (!well_formed || error.failed()) return "not a ProofSpec of known hashes in canonical protobuf form";
  if (const char* wrong = wrong_with(spec, depth_max, depth_min)) return wrong;
  spec.depth_max = depth_max == 0 ? kDepthDefault : static_cast<u32>(depth_max);
  spec.depth_min = static_cast<u32>(depth_min);
  spec.is_iavl = has_numbers(spec, kIavl);
  spec.is_tendermint = has_numbers(spec, kTendermint);
  return nullptr;
}

bool fits_leaf(const Spec& spec, const LeafOp& op) {
  if (spec.is_iavl && !is_iavl_prefix(op.prefix, 0)) return false;
  return op.hash == spec.leaf.hash && op.prehash_key == spec.leaf.prehash_key &&
         op.prehash_value == spec.leaf.prehash_value && op.length == spec.leaf.length &&
         starts_with(op.prefix, spec.leaf.prefix);
}

bool fits_inner(const Spec& spec, const InnerOp& op, u32 layer) {
  if (op.hash != spec.inner.hash) return false;
  if (spec.is_iavl && !is_iavl_prefix(op.prefix, layer)) return false;
  if (spec.is_tendermint && !is_tendermint_prefix(op)) return false;
  if (starts_with(op.prefix, spec.leaf.prefix)) return false;  // a node must not be read as a leaf
  const i64 prefix = static_cast<i64>(op.prefix.size());
  const i64 left_max = (static_cast<i64>(spec.inner.child_order.size()) - 1) * spec.inner.child_size;
  if (prefix < spec.inner.prefix_min || prefix > spec.inner.prefix_max + left_max) return false;
  return static_cast<i64>(op.suffix.size()) % spec.inner.child_size == 0;
}

bool is_left_most(const InnerSpec& spec, Path path) {
  const Padding first = padding_of(spec, 0);
  return std::all_of(path.begin(), path.end(), [&](const InnerOp* step) {
    return has_padding(*step, first) || left_branches_are_empty(spec, *step);
  });
}

bool is_right_most(const InnerSpec& spec, Path path) {
  const Padding last = padding_of(spec, static_cast<u32>(spec.child_order.size()) - 1);
  return std::all_of(path.begin(), path.end(), [&](const InnerOp* step) {
    return has_padding(*step, last) || right_branches_are_empty(spec, *step);
  });
}

bool are_neighbours(const InnerSpec& spec, Path left, Path right) {
  // The steps that both paths share, from the root down.
  while (!left.empty() && !right.empty() && equal(left.back()->prefix, right.back()->prefix) &&
         equal(left.back()->suffix, right.back()->suffix)) {
    left = left.first(left.size() - 1);
    right = right.first(right.size() - 1);
  }
  if (left.empty() || right.empty()) return false;  // one path inside the other, where the reference has no answer
  return is_left_step(spec, *left.back(), *right.back()) && is_right_most(spec, left.first(left.size() - 1)) &&
         is_left_most(spec, right.first(right.size() - 1));
}

}  // namespace isthmus::merkle::ics23
