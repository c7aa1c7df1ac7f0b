// Two verified commits at one height ("cometbft-conflict"): is this provable misbehaviour, of what kind, and whose?
//
// Input: {1: LightBlock a, 2: LightBlock b}, each in the form of chain/cometbft.cpp; a is the block that the caller
// holds for right, b the other. Anchor: the state both must be verified from; its early_stop is not used, since every
// vote may name a culprit. Rules: types/evidence.go (LightClientAttackEvidence), internal/evidence/verify.go.
//
//   valid      both blocks are verified and differ: misbehaviour of more than a third of a trusted set is proved
//   invalid    one of them is not what it says, or they do not conflict
//   undecided  as for one light block
//
// Facts: kind (text: lunatic, b's header is not derived from the chain's state; equivocation, same round; amnesia,
// different rounds, where nobody can be named), byzantine (addresses of 20 bytes, power descending then address
// ascending), byzantine_power and total_power (8 bytes, little-endian), height, header_hash_a, header_hash_b.
#include <algorithm>

#include "chain/chain.hpp"
#include "chain/cometbft_claims.hpp"

namespace isthmus::chain {

namespace cometbft {
namespace {

struct Conflict {
  LightBlock a;
  LightBlock b;
};

Conflict read_conflict(ProtobufReader reader, const ParseContext& context) {
  Conflict conflict;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        conflict.a = read_light_block(reader.as_message(), context);
        break;
      case 2:
        conflict.b = read_light_block(reader.as_message(), context);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2}) reader.require(number);
  return conflict;
}

// The fields that follow from the chain's state: where they differ, one header was made up.
bool derived_alike(const Sheet& sheet, const Header& a, const Header& b) {
  return same_bytes(sheet, a.validators_hash, b.validators_hash) &&
         same_bytes(sheet, a.next_validators_hash, b.next_validators_hash) &&
         same_bytes(sheet, a.consensus_hash, b.consensus_hash) && same_bytes(sheet, a.app_hash, b.app_hash) &&
         same_bytes(sheet, a.last_results_hash, b.last_results_hash);
}

// The set whose members answer for a made-up header: those whom the anchor trusts.
const ValidatorSet& common_set(const Conflict& conflict, const Anchor& anchor) {
  const bool skips = anchor.trusted.height != 0 && conflict.b.header.height > anchor.trusted.height + 1;
  return skips && anchor.trusted.has_set ? anchor.trusted.set : conflict.b.validators;
}

std::vector<const Validator*> find_lunatics(const Sheet& sheet, const Conflict& conflict, const ValidatorSet& common) {
  const AddressBook book(sheet, common);
  std::vector<u8> seen(common.validators.size());
  std::vector<const Validator*> found;
  for (const CommitSig& vote : conflict.b.commit.votes) {
    if (vote.flag != Flag::block) continue;
    const u32 at = book.find(vote.address);
    if (at == AddressBook::kNone || seen[at] != 0) continue;
    seen[at] = 1;
    found.push_back(&common.validators[at]);
  }
  return found;
}

// Both commits have one set, so the votes of one validator stand at one place.
std::vector<const Validator*> find_equivocators(const Conflict& conflict) {
  const std::vector<CommitSig>& votes_a = conflict.a.commit.votes;
  const std::vector<CommitSig>& votes_b = conflict.b.commit.votes;
  const std::vector<Validator>& set = conflict.b.validators.validators;
  const usize count = std::min({votes_a.size(), votes_b.size(), set.size()});
  std::vector<const Validator*> found;
  for (usize i = 0; i < count; ++i) {
    if (votes_a[i].flag == Flag::block && votes_b[i].flag == Flag::block) found.push_back(&set[i]);
  }
  return found;
}

void sort_by_power(const Sheet& sheet, std::vector<const Validator*>& validators) {
  std::sort(validators.begin(), validators.end(), [&](const Validator* left, const Validator* right) {
    if (left->power != right->power) return left->power > right->power;
    const Bytes l = sheet.bytes(left->address);
    const Bytes r = sheet.bytes(right->address);
    return std::lexicographical_compare(l.begin(), l.end(), r.begin(), r.end());
  });
}

void fact_u64(Sheet& sheet, const char* name, u64 value) {
  u8 raw[8];
  store_le64(raw, value);
  sheet.fact(name, sheet.text(raw));
}

void fact_text(Sheet& sheet, const char* name, const char* text) {
  sheet.fact(name, sheet.text(Bytes(reinterpret_cast<const u8*>(text), strlen(text))));
}

void state_culprits(Sheet& sheet, const Conflict& conflict, const Anchor& anchor) {
  const bool lunatic = !derived_alike(sheet, conflict.a.header, conflict.b.header);
  const bool same_round = conflict.a.commit.round == conflict.b.commit.round;
  const ValidatorSet& common = lunatic ? common_set(conflict, anchor) : conflict.b.validators;
  std::vector<const Validator*> culprits;
  if (lunatic) culprits = find_lunatics(sheet, conflict, common);
  if (!lunatic && same_round) culprits = find_equivocators(conflict);
  sort_by_power(sheet, culprits);

  std::vector<u8> addresses;
  u64 power = 0;
  for (const Validator* culprit : culprits) {
    const Bytes address = sheet.bytes(culprit->address);
    addresses.insert(addresses.end(), address.begin(), address.end());
    power += culprit->power;
  }
  fact_text(sheet, "kind", lunatic ? "lunatic" : same_round ? "equivocation" : "amnesia");
  sheet.fact("byzantine", sheet.text(addresses));
  fact_u64(sheet, "byzantine_power", power);
  fact_u64(sheet, "total_power", common.total_power);
  fact_u64(sheet, "height", conflict.b.header.height);
}

}  // namespace
}  // namespace cometbft

AnchorError decode_cometbft_conflict(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace cometbft;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;

  WireError error;
  const Conflict conflict = read_conflict(ProtobufReader(input, error), {Space::input, limits.rows_max});
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  sheet.root(claim::Kind::evidence, index_of(conflict.b.header.height));
  if (conflict.a.header.height != conflict.b.header.height) {
    sheet.fail(claim::kRoot, Code::cometbft_conflict_height);
  }
  // Both hashes are compared with the computed ones below.
  if (same_bytes(sheet, conflict.a.commit.block_id.hash, conflict.b.commit.block_id.hash)) {
    sheet.fail(claim::kRoot, Code::cometbft_no_conflict);
  }
  const claim::NodeId first = sheet.all(claim::kRoot, claim::Kind::block, 1);
  const Ref hash_a = state_light_block(sheet, first, conflict.a, anchor, true);
  const claim::NodeId second = sheet.all(claim::kRoot, claim::Kind::block, 2);
  const Ref hash_b = state_light_block(sheet, second, conflict.b, anchor, true);
  state_culprits(sheet, conflict, anchor);
  sheet.fact("header_hash_a", hash_a);
  sheet.fact("header_hash_b", hash_b);
  return {};
}

}  // namespace isthmus::chain
