// Blocks, headers and members; see chainmaker_parse.hpp.
#include "chain/chainmaker_parse.hpp"

#include <algorithm>

#include "chain/chainmaker_parts.hpp"

namespace isthmus::chain::chainmaker {
namespace {

constexpr u64 kDagRepeated = field_bit(2);
constexpr u64 kExtraRepeated = field_bit(1);
constexpr u64 kBlockInfoRepeated = field_bit(2);

// --- members and signatures

Member read_member_v2(ProtobufReader reader) {
  Member member;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        member.org_id = take(reader);
        break;
      case 2:
        member.type = static_cast<MemberType>(take_u31(reader));
        break;
      case 3:
        member.info = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  return member;
}

Member read_member_v1(ProtobufReader reader) {
  Member member;
  member.type = MemberType::certificate_hash;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        member.org_id = take(reader);
        break;
      case 2:
        member.info = take(reader);
        break;
      case 3:
        reader.as_bool();
        member.type = MemberType::certificate;
        break;
      default:
        reader.unknown();
    }
  }
  return member;
}

// --- blocks

// Adds what lies between the fields that the hash leaves out.
class HashedParts {
 public:
  HashedParts(Header& header, Ref body) : header_(header), end_(body.off + body.len()), at_(body.off) {}

  void leave_out(const Field& field) {
    add(field.whole.off);
    at_ = field.whole.off + field.whole.len();
  }
  void finish() { add(end_); }

 private:
  void add(u32 end) {
    if (end == at_) return;
    header_.hashed.push_back(between(at_, end));
    header_.hashed_len += end - at_;
  }

  Header& header_;
  u32 end_;
  u32 at_;
};

void take_left_out(ProtobufReader& reader, HashedParts& parts, Ref& into) {
  into = take(reader);
  parts.leave_out(field_of(reader));
}

void take_block_hash(ProtobufReader& reader, HashedParts& parts, Ref& into) {
  into = take_hash(reader);
  parts.leave_out(field_of(reader));
}

Header read_header_v2(ProtobufReader reader, Ref body) {
  Header header;
  HashedParts parts(header, body);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        header.version = reader.as_u32();
        break;
      case 2:
        header.block_type = take_u31(reader);
        break;
      case 3:
        header.chain_id = take(reader);
        break;
      case 4:
        header.height = reader.as_u64();
        break;
      case 5:
        take_block_hash(reader, parts, header.block_hash);
        break;
      case 6:
        header.pre_block_hash = take_hash(reader);
        break;
      case 7:
        header.pre_conf_height = reader.as_u64();
        break;
      case 8:
        header.tx_count = reader.as_u32();
        break;
      case 9:
        header.tx_root = take_hash(reader);
        break;
      case 10:
        header.dag_hash = take_hash(reader);
        break;
      case 11:
        header.rw_set_root = take_hash(reader);
        break;
      case 12:
        header.timestamp = reader.as_i64();
        break;
      case 13:
        header.consensus_args = take(reader);
        break;
      case 14:
        header.proposer.signer = read_member(reader.as_message(), Format::v2);
        header.proposer.off = reader.off();
        header.proposer.present = true;
        break;
      case 15:
        take_left_out(reader, parts, header.proposer.signature);
        break;
      default:
        reader.unknown();
    }
  }
  parts.finish();
  return header;
}

// The proposer is bytes that hold a SerializedMember.
void take_proposer_v1(ProtobufReader& reader, Header& header, const ParseContext& context) {
  const Bytes bytes = reader.as_bytes();
  header.proposer.signer = read_member(ProtobufReader(bytes, *context.error, {}, reader.value_off()), Format::v1);
  header.proposer.off = reader.off();
  header.proposer.present = true;
}

Header read_header_v1(ProtobufReader reader, Ref body, const ParseContext& context) {
  Header header;
  HashedParts parts(header, body);
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        header.chain_id = take(reader);
        break;
      case 2:
        header.height = take_u63(reader);
        break;
      case 3:
        header.pre_block_hash = take_hash(reader);
        break;
      case 4:
        take_block_hash(reader, parts, header.block_hash);
        break;
      case 5:
        header.pre_conf_height = take_u63(reader);
        break;
      case 6:
        reader.as_bytes();
        break;
      case 7:
        header.dag_hash = take_hash(reader);
        break;
      case 8:
        header.rw_set_root = take_hash(reader);
        break;
      case 9:
        header.tx_root = take_hash(reader);
        break;
      case 10:
        header.timestamp = reader.as_i64();
        break;
      case 11:
        take_proposer_v1(reader, header, context);
        break;
      case 12:
        header.consensus_args = take(reader);
        break;
      case 13:
        header.tx_count = take_u63(reader);
        break;
      case 14:
        take_left_out(reader, parts, header.proposer.signature);
        break;
      default:
        reader.unknown();
    }
  }
  parts.finish();
  return header;
}

Header take_header(ProtobufReader& reader, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message();
  const Ref body = body_of(reader, nested);
  Header header = context.format == Format::v2 ? read_header_v2(nested, body) : read_header_v1(nested, body, context);
  header.off = reader.off();
  header.present = true;
  return header;
}

// Packed numbers of 32 bits (v1: not negative), each in its shortest form.
void check_packed(ProtobufReader& reader, Bytes bytes, Format format) {
  const u64 most = format == Format::v2 ? 0xffffffffu : 0x7fffffffu;
  usize at = 0;
  while (at < bytes.size()) {
    u64 value = 0;
    usize len = 0;
    u8 byte = 0x80;
    while ((byte & 0x80) != 0 && len < 5 && at + len < bytes.size()) {
      byte = bytes[at + len];
      value |= u64{byte & 0x7Fu} << (7 * len++);
    }
    if ((byte & 0x80) != 0 || value > most) return reader.refuse(Code::field_value);
    if (len > 1 && byte == 0) return reader.refuse(Code::not_canonical);
    at += len;
  }
}

void read_dag(ProtobufReader reader, Format format) {
  while (reader.next()) {
    if (reader.number() != 2) {
      reader.unknown();
      continue;
    }
    ProtobufReader neighbors = reader.as_message();
    while (neighbors.next()) {
      if (neighbors.number() != 1) neighbors.unknown();
      check_packed(neighbors, neighbors.as_bytes(), format);
    }
  }
}

// What no hash covers may have its defaults written out: writers of maps differ.
void read_extra_entry(ProtobufReader& parent, std::vector<Extra>& extras, const ParseContext& context) {
  const Bytes bytes = parent.as_bytes();
  ProtobufReader reader(bytes, *context.error, {.omit_defaults = false}, parent.value_off());
  Extra extra;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        extra.key = take(reader);
        break;
      case 2:
        extra.value = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  if (!is_full(parent, extras, context)) extras.push_back(extra);
}

void read_additional_data(ProtobufReader reader, std::vector<Extra>& extras, const ParseContext& context) {
  while (reader.next()) {
    if (reader.number() == 1) {
      read_extra_entry(reader, extras, context);
    } else {
      reader.unknown();
    }
  }
}

void take_transaction(ProtobufReader& reader, Block& block, const ParseContext& context) {
  if (is_full(reader, block.txs, context)) return;
  const ProtobufReader nested = reader.as_message(kTransactionRepeated);
  Transaction tx = read_transaction(nested, block.endorsers, context);
  tx.body = body_of(reader, nested);
  tx.off = reader.off();
  block.txs.push_back(tx);
}

void take_rw_set(ProtobufReader& reader, Block& block, const ParseContext& context) {
  if (is_full(reader, block.rw_sets, context)) return;
  const ProtobufReader nested = reader.as_message(kRwSetRepeated);
  RwSet set = read_rw_set(nested, context);
  set.body = body_of(reader, nested);
  block.rw_sets.push_back(set);
  block.has_rw_sets = true;
}

Block read_block_info(ProtobufReader reader, const ParseContext& context) {
  Block block;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        block = read_block(reader.as_message(kBlockRepeated), context);
        break;
      case 2:
        take_rw_set(reader, block, context);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return block;
}

// Whether the input's field 1 is a header, and not a block that begins with one. A header of v2 begins with a varint
// (block_version), one of v1 with the chain's id; a block begins with field 1 as a message, and the header in it is
// longer than the chain's id.
bool is_bare_block(Bytes input, Bytes chain_id, Format format) {
  WireError error;
  ProtobufReader outer(input, error, {.repeated = ~u64{0}, .ascending = false});
  if (!outer.next() || outer.number() != 1) return false;
  ProtobufReader inner = outer.as_message();
  if (!inner.next()) return false;
  if (format == Format::v2) return inner.number() != 1 || inner.type() == wire::WireType::varint;
  if (inner.number() != 1) return true;
  const Bytes first = inner.as_bytes();
  return std::equal(first.begin(), first.end(), chain_id.begin(), chain_id.end());
}

}  // namespace

Member read_member(ProtobufReader reader, Format format) {
  return format == Format::v2 ? read_member_v2(reader) : read_member_v1(reader);
}

Signed read_signed(ProtobufReader reader, u64 off, Format format) {
  Signed entry;
  entry.off = off;
  entry.present = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        entry.signer = read_member(reader.as_message(), format);
        break;
      case 2:
        entry.signature = take(reader);
        break;
      default:
        reader.unknown();
    }
  }
  return entry;
}

Block read_block(ProtobufReader reader, const ParseContext& context) {
  Block block;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        block.header = take_header(reader, context);
        break;
      case 2: {
        const ProtobufReader nested = reader.as_message(kDagRepeated);
        block.dag = field_of(reader);
        read_dag(nested, context.format);
        break;
      }
      case 3:
        if (context.header_only) reader.unknown();
        take_transaction(reader, block, context);
        break;
      case 4:
        read_additional_data(reader.as_message(kExtraRepeated), block.extras, context);
        break;
      case 5:
        if (!context.header_only) reader.unknown();
        reader.as_bytes();
        block.proof = field_of(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return block;
}

Block read_block_or_info(Bytes input, Bytes chain_id, const ParseContext& context) {
  if (is_bare_block(input, chain_id, context.format)) {
    return read_block(ProtobufReader(input, *context.error, {.repeated = kBlockRepeated}), context);
  }
  return read_block_info(ProtobufReader(input, *context.error, {.repeated = kBlockInfoRepeated}), context);
}

}  // namespace isthmus::chain::chainmaker
