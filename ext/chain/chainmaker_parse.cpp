#include "chain/chainmaker_parse.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using wire::field_bit;
using wire::ProtobufRules;

constexpr u64 kPayloadRepeated = field_bit(8);
constexpr u64 kContractResultRepeated = field_bit(5);
constexpr u64 kEventRepeated = field_bit(5);
constexpr u64 kVoteRepeated = field_bit(7);
constexpr u64 kDagRepeated = field_bit(2);
constexpr u64 kExtraRepeated = field_bit(1);
constexpr u64 kBlockInfoRepeated = field_bit(2);
// v1: ContractMgmtPayload and SystemContractPayload share the numbers of parameters (4) and endorsements (6).
constexpr u64 kManagePayloadRepeated = field_bit(4) | field_bit(6);

Ref take(ProtobufReader& reader) { return ref_of(reader, reader.as_bytes().size()); }

// A hash that may be absent, but has 32 bytes where it stands.
Ref take_hash(ProtobufReader& reader) { return ref_of(reader, reader.as_bytes_exactly(kHashLen).size()); }

Ref body_of(const ProtobufReader& reader, const ProtobufReader& nested) { return ref_of(reader, nested.size()); }

Ref between(u64 first, u64 end) { return Ref::make(Space::input, first, end - first); }

Field field_of(const ProtobufReader& reader) {
  return {between(reader.off(), reader.end_off()), between(reader.value_off(), reader.end_off()), true};
}

// An enum or a count that is never negative.
u32 take_u31(ProtobufReader& reader) {
  const i32 value = reader.as_i32();
  if (value < 0) reader.refuse(Code::field_value);
  return value < 0 ? 0 : static_cast<u32>(value);
}

u64 take_u63(ProtobufReader& reader) {
  const i64 value = reader.as_i64();
  if (value < 0) reader.refuse(Code::field_value);
  return value < 0 ? 0 : static_cast<u64>(value);
}

// Heights and counts are unsigned in v2 and signed in v1.
u64 take_height(ProtobufReader& reader, Format format) {
  return format == Format::v2 ? reader.as_u64() : take_u63(reader);
}

template <class T>
bool is_full(ProtobufReader& reader, const std::vector<T>& list, const ParseContext& context) {
  if (list.size() < context.count_max) return false;
  reader.refuse(Code::limit_exceeded);
  return true;
}

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

Signed take_signed(ProtobufReader& reader, Format format) {
  return read_signed(reader.as_message(), reader.off(), format);
}

void take_endorser(ProtobufReader& reader, Transaction& tx, std::vector<Signed>& endorsers,
                   const ParseContext& context) {
  if (is_full(reader, endorsers, context)) return;
  endorsers.push_back(take_signed(reader, context.format));
  ++tx.endorser_count;
}

// --- transactions

constexpr u8 kTargetOrg[] = {'o', 'r', 'g', '_', 'i', 'd'};

void read_parameter(ProtobufReader reader, Transaction& tx) {
  bool is_org = false;
  while (reader.next()) {
    const Bytes bytes = reader.as_bytes();
    switch (reader.number()) {
      case 1:
        is_org = std::equal(bytes.begin(), bytes.end(), std::begin(kTargetOrg), std::end(kTargetOrg));
        break;
      case 2:
        if (is_org && tx.target_org.len() == 0) tx.target_org = ref_of(reader, bytes.size());
        break;
      default:
        reader.unknown();
    }
  }
}

void read_limit(ProtobufReader reader) {
  while (reader.next()) {
    if (reader.number() != 1) reader.unknown();
    reader.as_u64();
  }
}

void read_payload_v2(ProtobufReader reader, Transaction& tx) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        tx.chain_id = take(reader);
        break;
      case 2:
        tx.tx_type = take_u31(reader);
        break;
      case 3:
        tx.tx_id = take(reader);
        break;
      case 4:
        tx.timestamp = reader.as_i64();
        break;
      case 5:
        tx.expiration = reader.as_i64();
        break;
      case 6:
        tx.contract_name = take(reader);
        break;
      case 7:
        tx.method = take(reader);
        break;
      case 8:
        read_parameter(reader.as_message(), tx);
        break;
      case 9:
        reader.as_u64();
        break;
      case 10:
        read_limit(reader.as_message());
        break;
      default:
        reader.unknown();
    }
  }
}

void read_contract_id_v1(ProtobufReader reader) {
  while (reader.next()) {
    if (reader.number() == 3) {
      reader.as_i32();
      continue;
    }
    if (reader.number() > 3) reader.unknown();
    reader.as_bytes();
  }
}

// ContractMgmtPayload or SystemContractPayload: what endorsers sign is all of it before the endorsements, which are the
// last field.
void read_managed_payload_v1(ProtobufReader reader, Transaction& tx, std::vector<Signed>& endorsers,
                             const ParseContext& context) {
  const bool system = tx.tx_type == kUpdateChainConfig;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        reader.as_bytes();
        break;
      case 2:
        if (system) {
          tx.contract_name = take(reader);
        } else {
          read_contract_id_v1(reader.as_message());
        }
        break;
      case 3:
        tx.method = take(reader);
        break;
      case 4:
        read_parameter(reader.as_message(), tx);
        break;
      case 5:
        if (system) {
          reader.as_u64();
        } else {
          reader.as_bytes();
        }
        break;
      case 6:
        if (tx.endorser_count == 0) tx.endorsed = between(tx.payload.off, reader.off());
        take_endorser(reader, tx, endorsers, context);
        break;
      default:
        reader.unknown();
    }
  }
}

void read_tx_header_v1(ProtobufReader reader, Transaction& tx) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        tx.chain_id = take(reader);
        break;
      case 2:
        tx.sender.signer = read_member_v1(reader.as_message());
        tx.sender.off = reader.off();
        tx.sender.present = true;
        break;
      case 3:
        tx.tx_type = take_u31(reader);
        break;
      case 4:
        tx.tx_id = take(reader);
        break;
      case 5:
        tx.timestamp = reader.as_i64();
        break;
      case 6:
        tx.expiration = reader.as_i64();
        break;
      default:
        reader.unknown();
    }
  }
}

void read_event(ProtobufReader reader) {
  while (reader.next()) {
    if (reader.number() > 5) reader.unknown();
    reader.as_bytes();
  }
}

void read_contract_result(ProtobufReader reader, Transaction& tx, const ParseContext& context) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        tx.contract_code = reader.as_u32();
        break;
      case 2:
        tx.contract_value = take(reader);
        break;
      case 3:
        reader.as_bytes();
        break;
      case 4:
        if (context.format == Format::v2) {
          reader.as_u64();
        } else {
          reader.as_i64();
        }
        tx.gas_used = field_of(reader);
        break;
      case 5:
        read_event(reader.as_message(kEventRepeated));
        break;
      default:
        reader.unknown();
    }
  }
}

void read_result(ProtobufReader reader, Transaction& tx, const ParseContext& context) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        tx.code = take_u31(reader);
        break;
      case 2: {
        const ProtobufReader nested = reader.as_message(kContractResultRepeated);
        tx.contract_result = field_of(reader);
        read_contract_result(nested, tx, context);
        break;
      }
      case 3:
        tx.rw_set_hash = take_hash(reader);
        break;
      case 4:
        if (context.format == Format::v2) {
          reader.as_bytes();
        } else {
          reader.unknown();
        }
        break;
      default:
        reader.unknown();
    }
  }
}

void take_result(ProtobufReader& reader, Transaction& tx, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message();
  tx.result = field_of(reader);
  read_result(nested, tx, context);
}

Transaction read_transaction_v2(ProtobufReader reader, std::vector<Signed>& endorsers, const ParseContext& context) {
  Transaction tx;
  tx.endorser_first = static_cast<u32>(endorsers.size());
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        const ProtobufReader nested = reader.as_message(kPayloadRepeated);
        tx.payload = body_of(reader, nested);
        tx.endorsed = tx.payload;
        read_payload_v2(nested, tx);
        break;
      }
      case 2:
        tx.sender = take_signed(reader, context.format);
        break;
      case 3:
        take_endorser(reader, tx, endorsers, context);
        break;
      case 4:
        take_result(reader, tx, context);
        break;
      case 5:
        tx.payer = take_signed(reader, context.format);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return tx;
}

Transaction read_transaction_v1(ProtobufReader reader, std::vector<Signed>& endorsers, const ParseContext& context) {
  Transaction tx;
  tx.endorser_first = static_cast<u32>(endorsers.size());
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        const ProtobufReader nested = reader.as_message();
        tx.request_header = body_of(reader, nested);
        read_tx_header_v1(nested, tx);
        break;
      }
      case 2: {
        const Bytes bytes = reader.as_bytes();
        tx.payload = ref_of(reader, bytes.size());
        if (tx.tx_type != kManageUserContract && tx.tx_type != kUpdateChainConfig) break;
        const ProtobufRules rules{.repeated = kManagePayloadRepeated};
        read_managed_payload_v1(ProtobufReader(bytes, *context.error, rules, reader.value_off()), tx, endorsers,
                                context);
        break;
      }
      case 3:
        tx.sender.signature = take(reader);
        break;
      case 4:
        take_result(reader, tx, context);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return tx;
}

// --- read and write sets

void read_key_version(ProtobufReader reader) {
  while (reader.next()) {
    switch (reader.number()) {
      case 3:
        reader.as_bytes();
        break;
      case 4:
        reader.as_i32();
        break;
      default:
        reader.unknown();
    }
  }
}

void read_tx_read(ProtobufReader reader) {
  while (reader.next()) {
    if (reader.number() == 4) {
      read_key_version(reader.as_message());
      continue;
    }
    if (reader.number() > 4) reader.unknown();
    reader.as_bytes();
  }
}

void read_tx_write(ProtobufReader reader) {
  while (reader.next()) {
    if (reader.number() > 3) reader.unknown();
    reader.as_bytes();
  }
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
        header.proposer.signer = read_member_v2(reader.as_message());
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
  header.proposer.signer = read_member_v1(ProtobufReader(bytes, *context.error, {}, reader.value_off()));
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

// --- quorum certificates

Vote read_tbft_vote(ProtobufReader reader, Ref body, const ParseContext& context) {
  Vote vote;
  vote.body = body;
  vote.signed_[0] = body;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        vote.type = take_u31(reader);
        break;
      case 2:
        vote.voter = take(reader);
        break;
      case 3:
        vote.height = take_height(reader, context.format);
        break;
      case 4:
        vote.round = take_u31(reader);
        break;
      case 5:
        vote.hash = take(reader);
        break;
      case 6: {
        const ProtobufReader nested = reader.as_message();
        vote.endorsement = read_signed(nested, reader.off(), context.format);
        vote.signed_[0] = between(body.off, reader.off());
        vote.signed_[1] = between(reader.end_off(), body.off + body.len());
        break;
      }
      case 7:
        if (context.format != Format::v2) reader.unknown();
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return vote;
}

// An entry of the map: voter's name, vote.
Vote read_tbft_entry(ProtobufReader reader, const ParseContext& context) {
  Vote vote;
  Ref name;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        name = take(reader);
        break;
      case 2: {
        const ProtobufReader nested = reader.as_message(kVoteRepeated);
        vote = read_tbft_vote(nested, body_of(reader, nested), context);
        vote.off = reader.off();
        break;
      }
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  reader.require(2);
  vote.name = name;
  return vote;
}

Vote read_maxbft_vote(ProtobufReader reader, Ref body, const ParseContext& context) {
  Vote vote;
  vote.body = body;
  vote.signed_[0] = body;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        vote.hash = take(reader);
        break;
      case 2:
        vote.height = reader.as_u64();
        break;
      case 3:
        vote.round = reader.as_u64();
        break;
      case 4:
        vote.voter = take(reader);
        break;
      case 5:
        vote.epoch = reader.as_u64();
        break;
      case 6:
        vote.signed_[0] = between(body.off, reader.off());
        vote.endorsement = take_signed(reader, context.format);
        break;
      default:
        reader.unknown();
    }
  }
  vote.name = vote.voter;
  return vote;
}

}  // namespace

Transaction read_transaction(ProtobufReader reader, std::vector<Signed>& endorsers, const ParseContext& context) {
  return context.format == Format::v2 ? read_transaction_v2(reader, endorsers, context)
                                      : read_transaction_v1(reader, endorsers, context);
}

RwSet read_rw_set(ProtobufReader reader, const ParseContext&) {
  RwSet set;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        set.tx_id = take(reader);
        break;
      case 2:
        read_tx_read(reader.as_message());
        break;
      case 3:
        read_tx_write(reader.as_message());
        break;
      default:
        reader.unknown();
    }
  }
  return set;
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

Certificate read_tbft(ProtobufReader reader, const ParseContext& context) {
  Certificate certificate;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        certificate.type = take_u31(reader);
        break;
      case 2:
        certificate.height = take_height(reader, context.format);
        break;
      case 3:
        certificate.round = take_u31(reader);
        break;
      case 4:
        take_height(reader, context.format);
        break;
      case 5:
        certificate.majority = take(reader);
        break;
      case 6:
        if (is_full(reader, certificate.votes, context)) break;
        certificate.votes.push_back(read_tbft_entry(reader.as_message(), context));
        break;
      case 7:
        // votes_by_block tells the same votes again; the tally is made from field 6 alone, as a node does.
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  return certificate;
}

Certificate read_maxbft(ProtobufReader reader, const ParseContext& context) {
  Certificate certificate;
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
      continue;
    }
    if (is_full(reader, certificate.votes, context)) continue;
    const ProtobufReader nested = reader.as_message();
    Vote vote = read_maxbft_vote(nested, body_of(reader, nested), context);
    vote.off = reader.off();
    certificate.votes.push_back(vote);
  }
  return certificate;
}

u64 read_view(ProtobufReader reader, const ParseContext&) {
  u64 view = 0;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        reader.as_i64();
        break;
      case 2:
        reader.as_u64();
        break;
      case 3:
        view = reader.as_u64();
        break;
      case 4:
        reader.as_message();
        break;
      default:
        reader.unknown();
    }
  }
  return view;
}

}  // namespace isthmus::chain::chainmaker
