#include "chain/fabric_tx.hpp"

#include <algorithm>

namespace isthmus::chain::fabric {
namespace {

using claim::ClaimId;
using claim::Compare;
using claim::Kind;

constexpr usize kTxIdLen = 2 * kHashLen;
// SHA-256 of nothing: the hash of a value that is not there (core/ledger/kvledger/.../rwset_proto_util.go).
constexpr u8 kHashOfNothing[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

// The 32 bytes that 64 lower-case digits spell.
bool from_hex(std::string_view text, u8* out) {
  if (text.size() != kTxIdLen) return false;
  for (usize i = 0; i < kHashLen; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<u8>(high << 4 | low);
  }
  return true;
}

// A list of messages of which one field is of interest: the bytes of field `number`, repeated.
std::vector<Ref> read_repeated(const Sheet& sheet, Ref ref, u32 number, u64 others, WireError& error) {
  std::vector<Ref> all;
  ProtobufReader reader = reader_of(sheet, ref, error, loose(wire::field_bit(number) | others));
  while (reader.next()) {
    if (reader.number() == number) {
      all.push_back(take(reader, ref.space()));
    } else if ((wire::field_bit(reader.number()) & others) == 0) {
      reader.unknown();
    }
  }
  return all;
}

// KVWrite {1: key, 2: is_delete, 3: value}; KVWriteHash {1: key_hash, 2: is_delete, 3: value_hash, 4: is_purge}. An
// empty value is a deletion whatever the flag says.
Write read_write(const Sheet& sheet, Ref ref, bool hashed, WireError& error) {
  Write write;
  ProtobufReader reader = reader_of(sheet, ref, error);
  while (reader.next()) {
    if (reader.number() == 1) {
      write.key = take(reader, ref.space());
    } else if (reader.number() == 2) {
      write.is_delete = reader.as_bool();
    } else if (reader.number() == 3) {
      write.value = take(reader, ref.space());
    } else if (hashed && reader.number() == 4) {
      reader.as_bool();
    } else {
      reader.unknown();
    }
  }
  const Bytes value = sheet.bytes(write.value);
  const bool nothing =
      hashed && std::equal(value.begin(), value.end(), std::begin(kHashOfNothing), std::end(kHashOfNothing));
  write.is_delete |= value.empty() || nothing;
  return write;
}

// KVMetadataWrite and KVMetadataWriteHash {1: key, 2: entries}.
Ref read_metadata_key(const Sheet& sheet, Ref ref, WireError& error) {
  Ref key;
  ProtobufReader reader = reader_of(sheet, ref, error, loose(wire::field_bit(2)));
  while (reader.next()) {
    if (reader.number() == 1) {
      key = take(reader, ref.space());
    } else if (reader.number() != 2) {
      reader.unknown();
    }
  }
  return key;
}

// KVRWSet {1: reads, 2: range_queries_info, 3: writes, 4: metadata_writes}; HashedRWSet {1: hashed_reads,
// 2: hashed_writes, 3: metadata_writes}.
WriteSet read_writes(const Sheet& sheet, Ref ref, bool hashed, WireError& error) {
  WriteSet set;
  const u32 number = hashed ? 2 : 3;
  ProtobufReader reader = reader_of(sheet, ref, error, loose(~u64{0}));
  while (reader.next()) {
    if (reader.number() == number) {
      set.writes.push_back(read_write(sheet, take(reader, ref.space()), hashed, error));
    } else if (reader.number() == number + 1) {
      set.metadata_keys.push_back(read_metadata_key(sheet, take(reader, ref.space()), error));
    } else if (reader.number() > number + 1) {
      reader.unknown();
    }
  }
  return set;
}

// CollectionHashedReadWriteSet {1: collection_name, 2: hashed_rwset, 3: pvt_rwset_hash}.
CollectionWrites read_collection(const Sheet& sheet, Ref ref, WireError& error) {
  CollectionWrites collection;
  Ref hashed, hash;
  Ref* const fields[] = {&collection.name, &hashed, &hash};
  read_pieces(sheet, ref, error, fields);
  collection.set = read_writes(sheet, hashed, true, error);
  return collection;
}

// NsReadWriteSet {1: namespace, 2: rwset, 3: collection_hashed_rwset}.
NamespaceWrites read_namespace(const Sheet& sheet, Ref ref, WireError& error) {
  NamespaceWrites made;
  ProtobufReader reader = reader_of(sheet, ref, error, loose(wire::field_bit(3)));
  while (reader.next()) {
    if (reader.number() == 1) {
      made.name = take(reader, ref.space());
    } else if (reader.number() == 2) {
      made.set = read_writes(sheet, take(reader, ref.space()), false, error);
    } else if (reader.number() == 3) {
      made.collections.push_back(read_collection(sheet, take(reader, ref.space()), error));
    } else {
      reader.unknown();
    }
  }
  return made;
}

// TxReadWriteSet {1: data_model, 2: ns_rwset}.
std::vector<NamespaceWrites> read_namespaces(const Sheet& sheet, Ref ref, WireError& error) {
  std::vector<NamespaceWrites> all;
  for (const Ref each : read_repeated(sheet, ref, 2, wire::field_bit(1), error)) {
    if (error.failed()) break;
    all.push_back(read_namespace(sheet, each, error));
  }
  return all;
}

struct ChaincodeId {
  Ref name;
  Ref version;
};

// ChaincodeID {1: path, 2: name, 3: version}.
ChaincodeId read_chaincode_id(const Sheet& sheet, Ref ref, WireError& error) {
  ChaincodeId id;
  Ref path;
  Ref* const fields[] = {&path, &id.name, &id.version};
  read_pieces(sheet, ref, error, fields);
  return id;
}

// ChaincodeHeaderExtension {1: payload_visibility, gone since 1.x, 2: chaincode_id}.
ChaincodeId read_extension(const Sheet& sheet, Ref ref, WireError& error) {
  Ref visibility, id;
  Ref* const fields[] = {&visibility, &id};
  read_pieces(sheet, ref, error, fields);
  return read_chaincode_id(sheet, id, error);
}

bool names_repeat(const Sheet& sheet, const std::vector<NamespaceWrites>& namespaces) {
  std::unordered_set<std::string_view> names;
  for (const NamespaceWrites& each : namespaces) {
    if (!names.insert(text_of(sheet, each.name)).second) return true;
  }
  return false;
}

}  // namespace

bool NamespaceWrites::any() const {
  const auto writes = [](const CollectionWrites& each) { return each.set.any(); };
  return set.any() || std::any_of(collections.begin(), collections.end(), writes);
}

TransactionReader::TransactionReader(Sheet& sheet, const Anchor& anchor, People* people, Policies* policies)
    : sheet_(sheet), anchor_(anchor), people_(people), policies_(policies) {
  for (u32 at = 0; at < anchor.seen_tx_ids.len(); at += kHashLen) {
    seen_.insert(text_of(sheet, anchor.seen_tx_ids.sub(at, kHashLen)));
  }
}

Transaction TransactionReader::state(NodeId node, const Envelope& envelope, bool bootstrap, bool counted) {
  Transaction tx;
  WireError error;
  const Payload payload = read_payload(sheet_, envelope.payload, error);
  const ChannelHeader header = read_channel_header(sheet_, payload.channel_header, error);
  const SignatureHeader signed_by = read_signature_header(sheet_, payload.signature_header, error);
  if (error.failed()) {
    note_wire_error(sheet_, node, error);
    return tx;
  }
  tx.type = header.type;
  const u32 off = envelope.payload.off;
  const ClaimId same_channel = sheet_.compare(Compare::equal, header.channel_id, anchor_.channel_id);
  sheet_.require(node, Code::fabric_channel, same_channel);
  if (header.epoch != 0) sheet_.fail(node, Code::fabric_tx_header, off);
  const bool named = signed_by.creator.len() != 0 && signed_by.nonce.len() != 0;
  if (!named && !bootstrap) sheet_.fail(node, Code::fabric_tx_header, off);
  if (named && !bootstrap) state_creator(node, signed_by, envelope);
  switch (static_cast<TxType>(header.type)) {
    case TxType::endorser:
      state_endorser(node, payload, header, signed_by, counted, tx);
      break;
    case TxType::config:
    case TxType::orderer:
      break;
    default:
      sheet_.fail(node, Code::fabric_tx_type, off);
  }
  return tx;
}

void TransactionReader::state_creator(NodeId node, const SignatureHeader& header, const Envelope& envelope) {
  const NodeId here = sheet_.all(node, Kind::creator, 0);
  const u32 off = header.creator.off;
  if (people_ == nullptr) return sheet_.undecided(here, Code::fabric_config_missing, off);
  const Person& person = people_->find(header.creator);
  if (person.code != Code::ok) {
    if (person.status == Status::undecided) return sheet_.undecided(here, person.code, off);
    return sheet_.fail(here, person.code, off);
  }
  const Ref message[] = {envelope.payload};
  people_->state_signature(here, person, envelope.signature, message);
  sheet_.rely(here, person.node, Code::fabric_identity_invalid);
}

void TransactionReader::state_tx_id(NodeId node, const ChannelHeader& header, const SignatureHeader& signed_by,
                                    bool counted, Transaction& tx) {
  const std::string_view text = text_of(sheet_, header.tx_id);
  u8 raw[kHashLen];
  if (!from_hex(text, raw)) return sheet_.fail(node, Code::fabric_tx_id, header.tx_id.off);
  tx.tx_id = sheet_.text(raw);
  const Ref digest = sheet_.hash(Hash::sha256, {signed_by.nonce, signed_by.creator});
  sheet_.require(node, Code::fabric_tx_id, sheet_.compare(Compare::equal, digest, tx.tx_id));
  if (!counted) return;
  const bool again = seen_.contains({reinterpret_cast<const char*>(raw), kHashLen}) || !tx_ids_.insert(text).second;
  if (again) sheet_.fail(node, Code::fabric_tx_id_repeated, header.tx_id.off);
}

// Transaction {1: actions} with one TransactionAction {1: header, 2: payload}; ChaincodeActionPayload
// {1: chaincode_proposal_payload, 2: ChaincodeEndorsedAction {1: proposal_response_payload, 2: endorsements}};
// ProposalResponsePayload {1: proposal_hash, 2: extension}.
TransactionReader::Action TransactionReader::read_action(Ref data, WireError& error) const {
  Action action;
  const std::vector<Ref> actions = read_repeated(sheet_, data, 1, 0, error);
  if (!error.failed() && actions.size() != 1) error.set(Code::fabric_tx_actions, data.off);
  if (error.failed()) return action;
  Ref payload, endorsed;
  Ref* const action_fields[] = {&action.header, &payload};
  read_pieces(sheet_, actions[0], error, action_fields);
  Ref* const payload_fields[] = {&action.proposal_payload, &endorsed};
  read_pieces(sheet_, payload, error, payload_fields);
  action.endorsements = read_repeated(sheet_, endorsed, 2, wire::field_bit(1), error);
  const std::vector<Ref> responses = read_repeated(sheet_, endorsed, 1, wire::field_bit(2), error);
  if (!error.failed() && responses.size() != 1) error.set(Code::fabric_tx_actions, data.off);
  if (error.failed()) return action;
  action.response_payload = responses[0];
  Ref* const response_fields[] = {&action.proposal_hash, &action.chaincode_action};
  read_pieces(sheet_, action.response_payload, error, response_fields);
  return action;
}

// ChaincodeAction {1: results, 2: events, 3: response, 4: chaincode_id}; ChaincodeEvent {1: chaincode_id, ...}. Returns
// the name of the chaincode, which the proposal's header must name as well.
Ref TransactionReader::read_chaincode_action(NodeId node, Ref body, Ref extension, Transaction& tx, WireError& error) {
  Ref results, events, response, id_body;
  Ref* const fields[] = {&results, &events, &response, &id_body};
  read_pieces(sheet_, body, error, fields);
  const ChaincodeId id = read_chaincode_id(sheet_, id_body, error);
  const ChaincodeId invoked = read_extension(sheet_, extension, error);
  tx.namespaces = read_namespaces(sheet_, results, error);
  Ref event_chaincode, event_tx, event_name, event_payload;
  Ref* const event_fields[] = {&event_chaincode, &event_tx, &event_name, &event_payload};
  read_pieces(sheet_, events, error, event_fields);
  if (error.failed()) return {};
  const bool same_event = events.len() == 0 || same_bytes(sheet_, event_chaincode, invoked.name);
  if (invoked.name.len() == 0 || !same_bytes(sheet_, id.name, invoked.name) || id.version.len() == 0 || !same_event) {
    sheet_.fail(node, Code::fabric_chaincode, body.off);
  }
  if (names_repeat(sheet_, tx.namespaces)) sheet_.fail(node, Code::fabric_namespace_repeated, results.off);
  return invoked.name;
}

void TransactionReader::state_endorser(NodeId node, const Payload& payload, const ChannelHeader& header,
                                       const SignatureHeader& signed_by, bool counted, Transaction& tx) {
  state_tx_id(node, header, signed_by, counted, tx);
  WireError error;
  const Action action = read_action(payload.data, error);
  const SignatureHeader inner = read_signature_header(sheet_, action.header, error);
  if (error.failed()) return note_wire_error(sheet_, node, error);
  if (inner.creator.len() == 0 || inner.nonce.len() == 0) sheet_.fail(node, Code::fabric_tx_header, action.header.off);
  const Ref digest = sheet_.hash(Hash::sha256, {payload.channel_header, action.header, action.proposal_payload});
  sheet_.require(node, Code::fabric_proposal_hash, sheet_.compare(Compare::equal, digest, action.proposal_hash));
  const Ref chaincode = read_chaincode_action(node, action.chaincode_action, header.extension, tx, error);
  if (error.failed()) return note_wire_error(sheet_, node, error);
  state_endorsements(node, action, chaincode, tx);
}

void TransactionReader::state_endorsements(NodeId node, const Action& action, Ref chaincode, const Transaction& tx) {
  if (action.endorsements.empty()) return sheet_.fail(node, Code::fabric_no_endorsement, action.response_payload.off);
  if (people_ == nullptr) return sheet_.undecided(node, Code::fabric_config_missing);
  SignatureSet set(sheet_, *people_, node, Kind::endorsement);
  WireError error;
  for (u32 i = 0; i < action.endorsements.size() && sheet_.within_limits(); ++i) {
    // Endorsement {1: endorser, 2: signature}.
    Ref endorser, signature;
    Ref* const fields[] = {&endorser, &signature};
    read_pieces(sheet_, action.endorsements[i], error, fields);
    if (error.failed()) return note_wire_error(sheet_, node, error);
    const Ref message[] = {action.response_payload, endorser};
    set.add(i, people_->find(endorser), signature, message, endorser.off);
  }
  // The invoked chaincode's policy counts even where it wrote nothing.
  const NodeId aside = sheet_.aside(node, Kind::none, 1);
  bool judged = state_policy(node, aside, 0, chaincode, set);
  for (u32 i = 0; i < tx.namespaces.size(); ++i) {
    const NamespaceWrites& written = tx.namespaces[i];
    if (!written.any() || same_bytes(sheet_, written.name, chaincode)) continue;
    judged &= state_policy(node, aside, i + 1, written.name, set);
  }
  // Without its policy nobody can say which endorsements are needed, so all of them are.
  if (!judged) set.require_all(node);
}

const EndorsementRule* TransactionReader::rule_for(Ref chaincode) const {
  const std::string_view name = text_of(sheet_, chaincode);
  const auto at = std::lower_bound(
      anchor_.endorsements.begin(), anchor_.endorsements.end(), name,
      [&](const EndorsementRule& rule, std::string_view wanted) { return text_of(sheet_, rule.chaincode) < wanted; });
  return at != anchor_.endorsements.end() && is_text(sheet_, at->chaincode, name) ? &*at : nullptr;
}

bool TransactionReader::state_policy(NodeId node, NodeId aside, u32 index, Ref chaincode, const SignatureSet& set) {
  const EndorsementRule* rule = rule_for(chaincode);
  if (rule == nullptr) {
    const NodeId parent = anchor_.demand_policies ? node : aside;
    sheet_.undecided(sheet_.all(parent, Kind::policy, index), Code::fabric_endorsement_policy_missing, chaincode.off);
    return false;
  }
  if (rule->policy.len() != 0) {
    policies_->state_envelope(node, index, rule->policy, set);
  } else {
    policies_->state(node, index, 0, text_of(sheet_, rule->reference), set);
  }
  return true;
}

}  // namespace isthmus::chain::fabric
