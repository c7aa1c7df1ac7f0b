// Hyperledger Fabric blocks ("fabric-block") and attestations ("fabric-attestation", a block's header and metadata): is
// this the block that the channel's orderers made at its number?
//
// Input: common.Block, or a block file's record where the anchor says so (chain/fabric_wire.hpp). Anchor:
// chain/fabric_anchor.hpp. Rules: protoutil/blockutils.go, common/deliverclient/block_verification.go,
// orderer/consensus/smartbft/{verifier,configverifier}.go; of transactions chain/fabric_tx.hpp.
//
//   valid       ordered: the config in force before the block demands these orderers' signatures; included: the data
//               hash; and every transaction that claims an effect keeps the rules that need no state
//   invalid     a rule is broken
//   undecided   fabric_no_anchor, fabric_genesis_unpinned, fabric_config_missing, fabric_msp_unsupported,
//               fabric_capability_unknown, fabric_state_needed, field_unknown
//
// Whether a transaction had an effect is not proved by any of this: the validation flags, slot 2 of the metadata, are
// signed by nobody. They are given as facts and believed against a transaction only: one that is flagged as without
// effect is judged beside the block's verdict.
//
// Facts: number (8 bytes, little-endian), header_hash, previous_hash, data_hash, channel_id, trust (text: whose word
// the order is), flags, commit_hash (as recorded), tx_ids (32 bytes each, zeros where there is none), last_config
// (8 bytes); of a config block config (common.Config) and config_sequence (8 bytes).
#include <algorithm>
#include <optional>
#include <string>

#include "chain/chain.hpp"
#include "chain/fabric_commit_hash.hpp"
#include "chain/fabric_update.hpp"

namespace isthmus::chain {

namespace fabric {
namespace {

using claim::Compare;
using claim::Kind;
using claim::kRoot;

constexpr usize kSlots = 5;
constexpr usize kLegacySlots = 4;  // before commit hashes
constexpr u64 kNumberMaxLegacy = (u64{1} << 63) - 1;

// A config that the anchor trusts, with what was read of it.
struct Channel {
  Config config;
  Capabilities capabilities;
  std::vector<Consenter> consenters;
  std::string_view consensus;
  std::optional<People> people;
  std::optional<Policies> policies;
};

AnchorError open_channel(Sheet& sheet, const Anchor& anchor, u32 count_max, Channel& channel) {
  WireError error;
  channel.config = read_config(sheet, anchor.config, count_max, error);
  if (error.failed()) return {"the config is no common.Config", error.byte_off};
  channel.capabilities = read_capabilities(sheet, channel.config, error);
  channel.consenters = read_consenters(sheet, channel.config, error);
  channel.consensus = consensus_type(sheet, channel.config, error);
  if (error.failed()) return {"the config has a value of another form", error.byte_off};
  const IdentityForm form = anchor.dialect == Dialect::x ? IdentityForm::x : IdentityForm::serialized;
  channel.people.emplace(sheet, channel.config, channel.capabilities.msp, form);
  if (channel.people->problem() != Code::ok) return {"the config's MSPs are malformed, or two of one name differ", 0};
  channel.policies.emplace(sheet, channel.config, *channel.people);
  if (channel.capabilities.unknown) sheet.undecided(kRoot, Code::fabric_capability_unknown);
  return {};
}

Ref text_of_number(Sheet& sheet, u64 number) {
  u8 raw[8];
  store_le64(raw, number);
  return sheet.text(raw);
}

// What one call of the decoder works on.
class BlockReader {
 public:
  BlockReader(Sheet& sheet, const Anchor& anchor, Form form, u32 count_max, Channel* channel)
      : sheet_(sheet), anchor_(anchor), form_(form), count_max_(count_max), channel_(channel) {}

  void read(Bytes input) {
    WireError error;
    block_ = read_block(sheet_, input, form_, count_max_, error);
    if (error.failed()) return note_strict_error(sheet_, kRoot, error);
    sheet_.root(Kind::block, index_of(block_.header.number));
    state_header();
    if (form_ != Form::attestation) state_data();
    state_metadata();
    if (form_ != Form::attestation && !block_.data.empty()) state_transactions();
    state_facts();
  }

 private:
  bool genesis() const { return block_.header.number == 0; }

  // Claims about the header and the data are the block's own: without them it is empty, and never valid.
  void state_header() {
    const Header& header = block_.header;
    const usize previous_len = genesis() ? 0 : kHashLen;
    if (header.data_hash.len() != kHashLen || header.previous_hash.len() != previous_len) {
      sheet_.fail(kRoot, Code::length_out_of_range, header.data_hash.off);
    }
    if (anchor_.dialect == Dialect::legacy && header.number > kNumberMaxLegacy) sheet_.fail(kRoot, Code::field_value);
    header_bytes_ = state_header_bytes(sheet_, header);
    header_hash_ = sheet_.hash(Hash::sha256, {header_bytes_});
    if (anchor_.has_pin()) {
      sheet_.require(kRoot, Code::fabric_pinned_header,
                     sheet_.compare(Compare::equal, header_hash_, anchor_.header_hash));
    }
    if (anchor_.has_parent) state_parent();
  }

  void state_parent() {
    const Header& header = block_.header;
    if (genesis() || header.number - 1 != anchor_.parent_number) sheet_.fail(kRoot, Code::fabric_number);
    sheet_.require(kRoot, Code::fabric_previous_hash,
                   sheet_.compare(Compare::equal, header.previous_hash, anchor_.parent_hash));
  }

  // SHA-256 over all entries without lengths between them; Fabric-X has each behind its length.
  void state_data() {
    if (block_.data.empty()) return sheet_.fail(kRoot, Code::fabric_empty_block);
    std::vector<Ref> segments;
    for (const Ref entry : block_.data) {
      u8 length[4];
      store_be32(length, entry.len());
      if (anchor_.dialect == Dialect::x) segments.push_back(sheet_.text(length));
      segments.push_back(entry);
    }
    const Ref digest = sheet_.hash(Hash::sha256, segments);
    sheet_.require(kRoot, Code::fabric_data_hash, sheet_.compare(Compare::equal, digest, block_.header.data_hash));
    state_envelopes();
    state_channel();
  }

  // Without lengths between them, bytes could move from one entry to the next. So each must be the only encoding of an
  // envelope, unless it is alone and a config (protoutil.VerifyTransactionsAreWellFormed).
  void state_envelopes() {
    is_config_ = block_.data.size() == 1 && is_config(block_.data[0]);
    for (const Ref entry : block_.data) {
      WireError error;
      const Envelope envelope = read_envelope(sheet_, entry, !is_config_, error);
      if (error.failed()) return sheet_.fail(kRoot, Code::fabric_envelope_form, error.byte_off);
      const bool complete = envelope.payload.len() != 0 && envelope.signature.len() != 0;
      if (!is_config_ && !complete) return sheet_.fail(kRoot, Code::fabric_envelope_form, entry.off);
      envelopes_.push_back(envelope);
    }
  }

  // Neither the header nor what orderers sign names the channel, and one orderer may serve several. Orderers sort
  // envelopes by their channel, so the first one tells whose block it is, whichever transactions are judged.
  void state_channel() {
    if (envelopes_.empty()) return;
    WireError error;
    const Payload payload = read_payload(sheet_, envelopes_[0].payload, error);
    const ChannelHeader header = read_channel_header(sheet_, payload.channel_header, error);
    if (error.failed() || header.channel_id.len() == 0) return;
    sheet_.require(kRoot, Code::fabric_channel, sheet_.compare(Compare::equal, header.channel_id, anchor_.channel_id));
  }

  bool is_config(Ref entry) const {
    WireError error;
    const Envelope envelope = read_envelope(sheet_, entry, false, error);
    const Payload payload = read_payload(sheet_, envelope.payload, error);
    const ChannelHeader header = read_channel_header(sheet_, payload.channel_header, error);
    return !error.failed() && header.type == static_cast<u32>(TxType::config);
  }

  // --- signatures of orderers

  void state_metadata() {
    if (genesis()) return state_genesis();
    const usize slots = anchor_.dialect == Dialect::legacy ? kLegacySlots : kSlots;
    if (block_.slots.size() < slots) return sheet_.fail(kRoot, Code::fabric_metadata_slots);
    if (channel_ == nullptr) {
      trust_ = "pinned header";
      if (!anchor_.has_pin()) sheet_.undecided(kRoot, Code::fabric_no_anchor);
    }
    const bool legacy = anchor_.dialect == Dialect::legacy;
    state_certificate(kSignatures);
    if (legacy) state_certificate(kLastConfig);
  }

  // Nobody signs the first block: it is what the channel's members agreed on.
  void state_genesis() {
    WireError error;
    const Metadata metadata = read_metadata(sheet_, block_.slot(kSignatures), count_max_, error);
    if (error.failed()) note_wire_error(sheet_, kRoot, error);
    if (!metadata.signatures.empty()) sheet_.fail(kRoot, Code::fabric_genesis_signed, block_.slot(kSignatures).off);
    trust_ = "pinned header";
    if (!anchor_.has_pin()) sheet_.undecided(kRoot, Code::fabric_genesis_unpinned);
  }

  void state_certificate(Slot slot) {
    const Ref bytes = block_.slot(slot);
    const NodeId node = channel_ == nullptr ? kRoot : sheet_.all(kRoot, Kind::commit, slot);
    WireError error;
    const Metadata metadata = read_metadata(sheet_, bytes, count_max_, error);
    if (error.failed()) return note_wire_error(sheet_, node, error);
    state_last_config(node, slot, metadata);
    if (channel_ == nullptr) return;
    SignatureSet set(sheet_, *channel_->people, node, Kind::signer);
    for (u32 i = 0; i < metadata.signatures.size() && sheet_.within_limits(); ++i) {
      if (!add_signature(node, i, metadata, set)) return;
    }
    channel_->policies->state(node, 0, 0, "/Channel/Orderer/BlockValidation", set);
    state_trust(node);
  }

  // The number of the newest config block stands under the signatures since 1.4.1, in a slot of its own before.
  void state_last_config(NodeId node, Slot slot, const Metadata& metadata) {
    const bool legacy = anchor_.dialect == Dialect::legacy;
    const u64 off = block_.slot(slot).off;
    if (legacy == (metadata.value.len() != 0) && slot == kSignatures) sheet_.fail(node, Code::fabric_dialect, off);
    if (legacy && slot == kSignatures) return;
    WireError error;
    last_config_ = read_last_config(sheet_, metadata.value, !legacy, error);
    if (error.failed()) return note_wire_error(sheet_, node, error);
    has_last_config_ = true;
    if (is_config_ && form_ != Form::attestation) {
      if (last_config_ != block_.header.number) sheet_.fail(node, Code::fabric_last_config, off);
    } else if (channel_ != nullptr && last_config_ != anchor_.config_index) {
      // An attestation may be of a config block: then its own number stands here.
      const bool own = form_ == Form::attestation && last_config_ == block_.header.number;
      if (!own) sheet_.fail(node, Code::fabric_last_config, off);
    }
  }

  // False where the block cannot be read on; who signed is found by the signature's own header or, where consenters
  // sign by their number, by the config.
  bool add_signature(NodeId node, u32 index, const Metadata& metadata, SignatureSet& set) {
    const MetadataSignature& signature = metadata.signatures[index];
    const u64 off = signature.signature.off;
    const bool numbered = signature.header.len() == 0 && signature.identifier.len() != 0 && by_number();
    WireError error;
    const Ref head = numbered ? signature.identifier : signature.header;
    const Person* const person = numbered ? consenter(read_identifier(sheet_, head, error))
                                          : &channel_->people->find(read_signature_header(sheet_, head, error).creator);
    if (error.failed()) {
      note_wire_error(sheet_, node, error);
      return false;
    }
    if (person == nullptr) {
      set.add_nobody(index, Code::fabric_consenter_unknown, off);
    } else if (anchor_.dialect == Dialect::x) {
      const Ref parts[] = {head, header_bytes_, metadata.value};
      const Ref message[] = {state_octet_strings(sheet_, parts)};
      set.add(index, *person, signature.signature, message, off);
    } else {
      const Ref message[] = {metadata.value, head, header_bytes_};
      set.add(index, *person, signature.signature, message, off);
    }
    return true;
  }

  // The dialect allows it and the channel's capability is on.
  bool by_number() const {
    const bool dialect = anchor_.dialect == Dialect::bft || anchor_.dialect == Dialect::x;
    return dialect && channel_->capabilities.bft;
  }

  // Null for an unknown number, whose signature is passed over.
  const Person* consenter(u32 id) {
    for (const Consenter& each : channel_->consenters) {
      if (each.id == id) return &channel_->people->find_member(each.msp_id, each.identity);
    }
    return nullptr;
  }

  // Whose word the order is. A BFT channel's policy must be the quorum of its consenters and nothing else: orderers
  // refuse every other one.
  void state_trust(NodeId node) {
    const u32 orderer = group_at(sheet_, channel_->config, {"Orderer"});
    const ConfigItem* policy =
        orderer == kNoGroup ? nullptr : find_policy(sheet_, channel_->config.groups[orderer], "BlockValidation");
    if (policy == nullptr) return;
    const bool meta = policy->policy_type == static_cast<u32>(PolicyType::implicit_meta);
    if (by_number() && channel_->consensus == "BFT") {
      const bool quorum = !meta && is_quorum_of(sheet_, policy->value, channel_->consenters);
      if (!quorum) return sheet_.fail(node, Code::fabric_bft_policy, policy->value.off);
      const u32 count = static_cast<u32>(channel_->consenters.size());
      trust_ = "byzantine quorum " + std::to_string(bft_quorum(count)) + " of " + std::to_string(count);
      return;
    }
    trust_ = meta && is_any(policy->value) ? "any single orderer" : "block validation policy";
  }

  // ImplicitMetaPolicy {2: rule}, 0 for ANY.
  bool is_any(Ref value) const {
    WireError error;
    u32 rule = 0;
    ProtobufReader reader = reader_of(sheet_, value, error);
    while (reader.next()) {
      if (reader.number() == 2) rule = static_cast<u32>(reader.as_i32());
    }
    return !error.failed() && rule == 0;
  }

  // --- what the block says

  void state_transactions() {
    const Ref flags = block_.slot(kFlags);
    const bool flagged = flags.len() != 0;
    if (flagged && flags.len() != block_.data.size()) return sheet_.fail(kRoot, Code::fabric_flags_length, flags.off);
    if (is_config_) state_config();
    if (anchor_.transactions == Transactions::skip || envelopes_.size() != block_.data.size()) return;
    const NodeId aside = sheet_.aside(kRoot, Kind::none, 1);
    People* people = channel_ == nullptr ? nullptr : &*channel_->people;
    TransactionReader reader(sheet_, anchor_, people, channel_ == nullptr ? nullptr : &*channel_->policies);
    // The first block's creator is nobody; a config that is pinned brings the members by whom it could be judged
    // itself.
    const bool bootstrap = is_config_ && (genesis() || (channel_ == nullptr && anchor_.has_pin()));
    std::vector<Transaction> txs;
    std::vector<u8> tx_ids(kHashLen * envelopes_.size());
    for (u32 i = 0; i < envelopes_.size() && sheet_.within_limits(); ++i) {
      const bool effective = !flagged || sheet_.bytes(flags)[i] == 0;
      const bool counts = effective && anchor_.transactions == Transactions::judge;
      const NodeId node = sheet_.all(counts ? kRoot : aside, Kind::tx, i);
      txs.push_back(reader.state(node, envelopes_[i], bootstrap, effective));
      if (txs[i].type == static_cast<u32>(TxType::config) && !is_config_) {
        sheet_.fail(node, Code::fabric_config_block, envelopes_[i].payload.off);
      }
      const Bytes id = sheet_.bytes(txs[i].tx_id);
      std::copy(id.begin(), id.end(), tx_ids.data() + kHashLen * i);
    }
    sheet_.fact("tx_ids", sheet_.text(tx_ids));
    if (anchor_.commit_hash && sheet_.within_limits()) state_commit(flags, txs);
  }

  // ConfigEnvelope {1: config, 2: last_update}.
  void state_config() {
    WireError error;
    const Payload payload = read_payload(sheet_, envelopes_.empty() ? Ref{} : envelopes_[0].payload, error);
    Ref body, last_update;
    Ref* const fields[] = {&body, &last_update};
    read_pieces(sheet_, payload.data, error, fields);
    const Config config = read_config(sheet_, body, count_max_, error);
    if (error.failed()) return note_wire_error(sheet_, kRoot, error);
    sheet_.fact("config", body);
    sheet_.fact("config_sequence", text_of_number(sheet_, config.sequence));
    if (genesis() || channel_ == nullptr) return;
    if (config.sequence == 0 || config.sequence - 1 != channel_->config.sequence) {
      sheet_.fail(kRoot, Code::fabric_config_sequence, body.off);
    }
    if (!anchor_.check_update) return;
    state_update(sheet_, sheet_.all(kRoot, Kind::config, 0), anchor_.channel_id, channel_->config, config, last_update,
                 count_max_, *channel_->people, *channel_->policies);
  }

  // The first block has none.
  void state_commit(Ref flags, const std::vector<Transaction>& txs) {
    if (genesis()) return;
    const NodeId node = sheet_.all(kRoot, Kind::commit, kCommitHash);
    if (flags.len() == 0) return sheet_.undecided(node, Code::fabric_flags_missing);
    WireError error;
    const Metadata metadata = read_metadata(sheet_, block_.slot(kCommitHash), count_max_, error);
    if (error.failed()) return note_wire_error(sheet_, node, error);
    if (metadata.value.len() == 0) return sheet_.fail(node, Code::fabric_commit_hash, block_.slot(kCommitHash).off);
    state_commit_hash(sheet_, node, block_.header.number, flags, txs, anchor_.previous_commit_hash, metadata.value);
  }

  void state_facts() {
    sheet_.fact("number", text_of_number(sheet_, block_.header.number));
    sheet_.fact("header_hash", header_hash_);
    sheet_.fact("previous_hash", block_.header.previous_hash);
    sheet_.fact("data_hash", block_.header.data_hash);
    sheet_.fact("channel_id", anchor_.channel_id);
    const u8* const trust = reinterpret_cast<const u8*>(trust_.data());
    sheet_.fact("trust", sheet_.text(Bytes(trust, trust_.size())));
    sheet_.fact("flags", block_.slot(kFlags));
    WireError error;
    const Metadata commit = read_metadata(sheet_, block_.slot(kCommitHash), count_max_, error);
    if (!error.failed()) sheet_.fact("commit_hash", commit.value);
    if (has_last_config_) sheet_.fact("last_config", text_of_number(sheet_, last_config_));
  }

  Sheet& sheet_;
  const Anchor& anchor_;
  Form form_;
  u32 count_max_;
  Channel* channel_;
  Block block_;
  std::vector<Envelope> envelopes_;
  Ref header_bytes_;
  Ref header_hash_;
  std::string trust_ = "nothing";
  u64 last_config_ = 0;
  bool has_last_config_ = false;
  bool is_config_ = false;
};

AnchorError decode(Bytes input, Bytes anchor_bytes, const Limits& limits, Sheet& sheet, bool attestation) {
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(sheet, anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;
  std::optional<Channel> channel;
  if (anchor.has_config()) {
    channel.emplace();
    const AnchorError config_error = open_channel(sheet, anchor, limits.rows_max, *channel);
    if (config_error.what != nullptr) return config_error;
  }
  const Form form = attestation ? Form::attestation : anchor.form;
  BlockReader(sheet, anchor, form, limits.rows_max, channel ? &*channel : nullptr).read(input);
  return {};
}

}  // namespace
}  // namespace fabric

AnchorError decode_fabric_block(Bytes input, Bytes anchor, const Limits& limits, claim::Sheet& sheet) {
  return fabric::decode(input, anchor, limits, sheet, false);
}

AnchorError decode_fabric_attestation(Bytes input, Bytes anchor, const Limits& limits, claim::Sheet& sheet) {
  return fabric::decode(input, anchor, limits, sheet, true);
}

}  // namespace isthmus::chain
