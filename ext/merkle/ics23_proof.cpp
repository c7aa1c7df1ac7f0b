#include "merkle/ics23_proof.hpp"

namespace isthmus::merkle::ics23 {
namespace {

using wire::field_bit;
using wire::ProtobufReader;
using wire::WireError;

constexpr usize kEntriesMax = usize{1} << 16;
constexpr usize kStepsMax = usize{1} << 20;
constexpr usize kProofsMax = 16;  // stores within stores; IBC has two

// The bound of read_proof: no step is written in less than two bytes, or one where its index alone is, and no existence
// in less than four (its header and an empty leaf step).
static_assert(sizeof(InnerOp) + sizeof(u32) <= 22 * 2 && sizeof(u32) <= 22 && sizeof(Existence) <= 22 * 4);

class Reader {
 public:
  Reader(Proof& proof, u32 depth_max) : proof_(proof), depth_max_(depth_max) {}

  bool read(Bytes bytes) {
    ProtobufReader reader(bytes, error_);
    if (reader.next()) {
      switch (reader.number()) {
        case 1:
          add_entry().exist = read_existence(reader);
          break;
        case 2:
          read_absence(reader, add_entry());
          break;
        case 3:
        case 4:
          compressed_ = reader.number() == 4;
          proof_.is_batch = true;
          read_batch(reader.as_message(field_bit(1) | field_bit(2)));
          break;
        default:
          reader.unknown();
      }
      if (reader.next()) reader.unknown();  // a second member of the oneof
    }
    return !error_.failed() && !too_large_ && has_steps();
  }

 private:
  Entry& add_entry() {
    too_large_ |= proof_.entries.size() == kEntriesMax;
    if (too_large_) return spare_;
    return proof_.entries.emplace_back();
  }

  void read_batch(ProtobufReader reader) {
    while (reader.next() && !too_large_) {
      if (reader.number() == 1) {
        read_entry(reader.as_message());
      } else if (reader.number() == 2 && compressed_) {
        add_op(reader.as_message());
      } else {
        reader.unknown();
      }
    }
  }

  void read_entry(ProtobufReader reader) {
    Entry& entry = add_entry();
    if (!reader.next()) return;
    if (reader.number() == 1) {
      entry.exist = read_existence(reader);
    } else if (reader.number() == 2) {
      read_absence(reader, entry);
    } else {
      reader.unknown();
    }
    if (reader.next()) reader.unknown();
  }

  void read_absence(ProtobufReader& at, Entry& entry) {
    ProtobufReader reader = at.as_message();
    while (reader.next()) {
      switch (reader.number()) {
        case 1:
          reader.as_bytes();  // the key once more, which nothing binds; the caller's counts
          break;
        case 2:
          entry.left = read_existence(reader);
          break;
        case 3:
          entry.right = read_existence(reader);
          break;
        default:
          reader.unknown();
      }
    }
  }

  // Returns its index in existences.
  u32 read_existence(ProtobufReader& at) {
    ProtobufReader reader = at.as_message(compressed_ ? 0 : field_bit(4));
    Existence existence;
    existence.path_at = static_cast<u32>(proof_.path.size());
    while (reader.next() && !too_large_) {
      switch (reader.number()) {
        case 1:
          existence.key = reader.as_bytes();
          break;
        case 2:
          existence.value = reader.as_bytes();
          break;
        case 3:
          read_leaf_op(reader.as_message(), existence.leaf);
          break;
        case 4:
          read_path(reader, existence.path_at);
          break;
        default:
          reader.unknown();
      }
    }
    reader.require(3);
    existence.path_len = static_cast<u32>(proof_.path.size()) - existence.path_at;
    proof_.existences.push_back(existence);
    return static_cast<u32>(proof_.existences.size() - 1);
  }

  // One step, or the indexes of all steps of a compressed proof.
  void read_path(ProtobufReader& reader, usize path_at) {
    if (!compressed_) {
      add_step(static_cast<u32>(proof_.ops.size()), path_at);
      add_op(reader.as_message());
      return;
    }
    Bytes packed = reader.as_bytes();
    while (!packed.empty() && !too_large_) {
      u32 index = 0;
      if (!take_packed_u32(packed, index)) return reader.refuse(Code::field_value);
      add_step(index, path_at);
    }
  }

  void add_step(u32 index, usize path_at) {
    too_large_ |= proof_.path.size() == kStepsMax || proof_.path.size() - path_at == depth_max_;
    if (!too_large_) proof_.path.push_back(index);
  }

  void add_op(ProtobufReader reader) {
    too_large_ |= proof_.ops.size() == kStepsMax;
    if (!too_large_) read_inner_op(reader, proof_.ops.emplace_back());
  }

  // The table of a compressed proof stands behind the indexes into it.
  bool has_steps() const {
    for (const u32 index : proof_.path) {
      if (index >= proof_.ops.size()) return false;
    }
    return !proof_.entries.empty();
  }

  Proof& proof_;
  u32 depth_max_;
  bool compressed_ = false;
  bool too_large_ = false;
  Entry spare_;
  WireError error_;
};

LengthOp as_length_op(ProtobufReader& reader) {
  const i32 number = reader.as_i32();
  if (number < 0 || number > kLengthOpLast) reader.refuse(Code::field_value);
  return static_cast<LengthOp>(number);
}

}  // namespace

HashOp as_hash_op(ProtobufReader& reader) {
  const i32 number = reader.as_i32();
  if (number < 0 || number > kHashOpLast) reader.refuse(Code::field_value);
  return static_cast<HashOp>(number);
}

bool take_packed_u32(Bytes& packed, u32& value) {
  constexpr usize kLenMax = 5;
  u64 wide = 0;
  for (usize i = 0; i < kLenMax && i < packed.size(); ++i) {
    wide |= u64{packed[i] & 0x7fu} << (7 * i);
    if (packed[i] >= 0x80) continue;
    if ((i != 0 && packed[i] == 0) || wide > 0x7fffffff) return false;
    packed = packed.subspan(i + 1);
    value = static_cast<u32>(wide);
    return true;
  }
  return false;
}

void read_leaf_op(ProtobufReader reader, LeafOp& op) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        op.hash = as_hash_op(reader);
        break;
      case 2:
        op.prehash_key = as_hash_op(reader);
        break;
      case 3:
        op.prehash_value = as_hash_op(reader);
        break;
      case 4:
        op.length = as_length_op(reader);
        break;
      case 5:
        op.prefix = reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
}

void read_inner_op(ProtobufReader reader, InnerOp& op) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        op.hash = as_hash_op(reader);
        break;
      case 2:
        op.prefix = reader.as_bytes();
        break;
      case 3:
        op.suffix = reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
}

bool read_proof(Bytes bytes, u32 depth_max, Proof& proof) { return Reader(proof, depth_max).read(bytes); }

bool read_merkle_proof(Bytes bytes, std::vector<Bytes>& proofs) {
  WireError error;
  ProtobufReader reader(bytes, error, {.repeated = field_bit(1)});
  while (reader.next()) {
    if (reader.number() != 1) reader.unknown();
    if (proofs.size() == kProofsMax) return false;
    proofs.push_back(reader.as_bytes());
  }
  return !error.failed() && !proofs.empty();
}

}  // namespace isthmus::merkle::ics23
