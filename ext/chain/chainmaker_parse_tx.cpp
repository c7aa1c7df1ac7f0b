// Transactions, and read and write sets; see chainmaker_parse.hpp.
#include <algorithm>
#include <iterator>

#include "chain/chainmaker_parts.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using wire::ProtobufRules;

constexpr u64 kPayloadRepeated = field_bit(8);
constexpr u64 kContractResultRepeated = field_bit(5);
constexpr u64 kEventRepeated = field_bit(5);
// v1: ContractMgmtPayload and SystemContractPayload share the numbers of parameters (4) and endorsements (6).
constexpr u64 kManagePayloadRepeated = field_bit(4) | field_bit(6);

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
        tx.sender.signer = read_member(reader.as_message(), Format::v1);
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

}  // namespace isthmus::chain::chainmaker
