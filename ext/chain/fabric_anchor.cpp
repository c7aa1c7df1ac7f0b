#include "chain/fabric_anchor.hpp"

namespace isthmus::chain::fabric {
namespace {

constexpr usize kChannelIdLenMax = 249;
constexpr u64 kAnchorRepeated = wire::field_bit(8);

Ref take_hash(ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes_exactly(kHashLen);
  return Ref::make(Space::anchor, reader.value_off(), bytes.size());
}

// An enum whose numbers run from `first` to `last`.
template <typename Enum>
Enum take_enum(ProtobufReader& reader, Enum first, Enum last) {
  const u32 value = reader.as_u32();
  if (value < static_cast<u32>(first) || value > static_cast<u32>(last)) reader.refuse(Code::field_value);
  return static_cast<Enum>(value);
}

void read_parent(ProtobufReader reader, Anchor& anchor) {
  anchor.has_parent = true;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        anchor.parent_number = reader.as_u64();
        break;
      case 2:
        anchor.parent_hash = take_hash(reader);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(2);
}

EndorsementRule read_endorsement(ProtobufReader reader) {
  EndorsementRule rule;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        rule.chaincode = take(reader, Space::anchor);
        break;
      case 2:
        rule.policy = take(reader, Space::anchor);
        break;
      case 3:
        rule.reference = take(reader, Space::anchor);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  if (!reader.has(2)) reader.require(3);
  return rule;
}

void take_trusted(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 4:
      anchor.config = take(reader, Space::anchor);
      break;
    case 5:
      anchor.config_index = reader.as_u64();
      break;
    case 6:
      anchor.header_hash = take_hash(reader);
      break;
    case 7:
      read_parent(reader.as_message(), anchor);
      break;
    case 8:
      anchor.endorsements.push_back(read_endorsement(reader.as_message()));
      break;
    case 10:
      anchor.previous_commit_hash = take_hash(reader);
      break;
    case 11:
      anchor.seen_tx_ids = take(reader, Space::anchor);
      if (anchor.seen_tx_ids.len() % kHashLen != 0) reader.refuse(Code::length_out_of_range);
      break;
    default:
      reader.unknown();
  }
}

void take_field(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 1:
      reader.as_bytes(kChannelIdLenMax);
      anchor.channel_id = take(reader, Space::anchor);
      break;
    case 2:
      anchor.dialect = take_enum(reader, Dialect::legacy, Dialect::x);
      break;
    case 3:
      anchor.form = take_enum(reader, Form::block, Form::record);
      break;
    case 9:
      anchor.commit_hash = reader.as_bool();
      break;
    case 12:
      anchor.transactions = take_enum(reader, Transactions::judge, Transactions::skip);
      break;
    case 13:
      anchor.demand_policies = reader.as_bool();
      break;
    case 14:
      anchor.check_update = reader.as_bool();
      break;
    default:
      take_trusted(reader, anchor);
  }
}

}  // namespace

AnchorError read_anchor(const Sheet& sheet, Bytes bytes, u32 count_max, Anchor& anchor) {
  WireError error;
  ProtobufReader reader(bytes, error, {.repeated = kAnchorRepeated});
  while (reader.next()) {
    take_field(reader, anchor);
    if (anchor.endorsements.size() > count_max) reader.refuse(Code::limit_exceeded);
  }
  reader.require(1);
  reader.require(2);
  if (error.failed()) return {entry_of(error.code).text, error.byte_off};
  if (anchor.commit_hash && anchor.transactions == Transactions::skip) {
    return {"the commit hash needs the transactions, which are to be skipped", 0};
  }
  for (usize i = 1; i < anchor.endorsements.size(); ++i) {
    const EndorsementRule& rule = anchor.endorsements[i];
    if (text_of(sheet, anchor.endorsements[i - 1].chaincode) < text_of(sheet, rule.chaincode)) continue;
    return {"the endorsement policies are not in ascending order of distinct chaincodes", rule.chaincode.off};
  }
  return {};
}

}  // namespace isthmus::chain::fabric
