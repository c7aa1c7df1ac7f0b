// A validator that signed two votes for one round ("cometbft-duplicate-vote"): tendermint.types.DuplicateVoteEvidence
// {1: vote_a, 2: vote_b, 3: total_voting_power, 4: validator_power, 5: timestamp}.
//
// Anchor: chain_id and evidence_validators, the set of the votes' height (with validators_hash, it must hash to that).
// Rules: internal/evidence/verify.go (VerifyDuplicateVote), types/evidence.go. The evidence's age is the chain's policy
// and is not judged, nor is its timestamp. Facts: address, power (8 bytes, little-endian), height (8 bytes).
#include <algorithm>

#include "chain/chain.hpp"
#include "chain/cometbft_claims.hpp"

namespace isthmus::chain {

namespace cometbft {
namespace {

using claim::Kind;

constexpr u32 kSignatureLen = 64;

struct DuplicateVote {
  Vote a;
  Vote b;
  u64 total_power = 0;
  u64 validator_power = 0;
};

DuplicateVote read_duplicate_vote(ProtobufReader reader, const ParseContext& context) {
  DuplicateVote evidence;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        evidence.a = read_vote(reader.as_message(), context);
        break;
      case 2:
        evidence.b = read_vote(reader.as_message(), context);
        break;
      case 3:
        evidence.total_power = reader.as_u64();
        break;
      case 4:
        evidence.validator_power = reader.as_u64();
        break;
      case 5:
        read_time(reader.as_message(), context);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2, 5}) reader.require(number);
  return evidence;
}

// The order in which CometBFT lists block ids: hash, then part set header, as bytes.
std::vector<u8> order_key(const Sheet& sheet, const BlockId& id) {
  std::vector<u8> key;
  for (const Ref part : {id.hash, id.parts}) {
    const Bytes bytes = sheet.bytes(part);
    key.insert(key.end(), bytes.begin(), bytes.end());
  }
  return key;
}

void check_pair(Sheet& sheet, const DuplicateVote& evidence) {
  const Vote& a = evidence.a;
  const Vote& b = evidence.b;
  if (a.height != b.height || a.round != b.round || a.type != b.type || !same_bytes(sheet, a.address, b.address)) {
    sheet.fail(claim::kRoot, Code::cometbft_duplicate_place);
  }
  if (order_key(sheet, a.block_id) >= order_key(sheet, b.block_id)) {
    sheet.fail(claim::kRoot, Code::cometbft_duplicate_order);
  }
}

void state_vote(Sheet& sheet, u32 index, const Vote& vote, const Validator& validator, const Anchor& anchor) {
  const NodeId node = sheet.all(claim::kRoot, Kind::vote, index);
  if (validator.type == KeyType::unsupported) return sheet.undecided(node, Code::cometbft_key_type);
  if (vote.signature.len() == 0) return sheet.fail(node, Code::signature_missing);
  if (vote.signature.len() != kSignatureLen) return sheet.fail(node, Code::signature_encoding);
  SignBytes sign_bytes(sheet, {vote.type, vote.height, vote.round}, vote.block_id, anchor.chain_id, anchor.format);
  const bool for_nil = vote.block_id.body.len() == kEmptyBlockIdLen;
  const Ref message = sign_bytes.text(sheet, !for_nil, vote.time);
  sheet.require(node, Code::signature_false, state_signature(sheet, validator, vote.signature, message));
}

void state_evidence(Sheet& sheet, const DuplicateVote& evidence, const Anchor& anchor) {
  check_pair(sheet, evidence);
  if (!anchor.has_evidence_set) return sheet.undecided(claim::kRoot, Code::cometbft_no_evidence_validators);
  const ValidatorSet& set = anchor.evidence_set;
  const NodeId members = sheet.all(claim::kRoot, Kind::validators, index_of(evidence.a.height));
  state_validators(sheet, members, set);
  if (anchor.validators_hash.len() != 0) {
    sheet.require(
        members, Code::cometbft_pinned_validators,
        sheet.compare(claim::Compare::equal, state_validators_hash(sheet, set, anchor.format), anchor.validators_hash));
  }
  const u32 at = AddressBook(sheet, set).find(evidence.a.address);
  if (at == AddressBook::kNone) return sheet.fail(claim::kRoot, Code::cometbft_duplicate_signer);
  const Validator& validator = set.validators[at];
  if (evidence.validator_power != validator.power || evidence.total_power != set.total_power) {
    sheet.fail(claim::kRoot, Code::cometbft_duplicate_power);
  }
  state_vote(sheet, 1, evidence.a, validator, anchor);
  state_vote(sheet, 2, evidence.b, validator, anchor);
}

}  // namespace
}  // namespace cometbft

AnchorError decode_cometbft_duplicate_vote(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace cometbft;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const DuplicateVote evidence = read_duplicate_vote(ProtobufReader(input, error), {Space::input, limits.rows_max});
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(Kind::evidence, index_of(evidence.a.height));
  state_evidence(sheet, evidence, anchor);
  u8 raw[8];
  store_le64(raw, evidence.validator_power);
  sheet.fact("power", sheet.text(raw));
  store_le64(raw, evidence.a.height);
  sheet.fact("height", sheet.text(raw));
  sheet.fact("address", evidence.a.address);
  return {};
}

}  // namespace isthmus::chain
