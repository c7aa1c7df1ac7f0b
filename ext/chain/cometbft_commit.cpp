// Trust and signatures of a light block: which votes count for whom, and how much is needed.
#include <algorithm>

#include "chain/cometbft_claims.hpp"

namespace isthmus::chain::cometbft {
namespace {

using claim::Compare;
using claim::Fold;
using claim::Kind;

constexpr u32 kPrecommit = 2;
constexpr u32 kSignatureLen = 64;

// The votes of one commit. A vote may count for the block's own set and for the trusted one: its message is written
// once, and its signature row is shared when both sets hold the same key.
class Ballots {
 public:
  Ballots(Sheet& sheet, const LightBlock& block, Format format)
      : sheet_(sheet),
        block_(block),
        sign_bytes_(sheet, {kPrecommit, block.commit.height, block.commit.round}, block.commit.block_id,
                    block.header.chain_id, format),
        messages_(block.commit.votes.size()),
        claims_(block.commit.votes.size(), claim::kNoClaim) {}

  // At `node`: vote i is signed by `validator`.
  void bind(NodeId node, u32 i, const Validator& validator) {
    const CommitSig& vote = block_.commit.votes[i];
    if (validator.type == KeyType::unsupported) return sheet_.undecided(node, Code::cometbft_key_type, vote.off);
    if (vote.signature.len() == 0) return sheet_.fail(node, Code::signature_missing, vote.off);
    if (vote.signature.len() != kSignatureLen) return sheet_.fail(node, Code::signature_encoding, vote.off);
    sheet_.bind(node, claim_of(i, validator), Code::signature_false);
  }

 private:
  ClaimId claim_of(u32 i, const Validator& validator) {
    const Validator& own = block_.validators.validators[i];
    if (validator.type != own.type || !same_bytes(sheet_, validator.key, own.key)) return fresh(i, validator);
    if (claims_[i] == claim::kNoClaim) claims_[i] = fresh(i, own);
    return claims_[i];
  }

  ClaimId fresh(u32 i, const Validator& validator) {
    const CommitSig& vote = block_.commit.votes[i];
    Ref& message = messages_[i];
    if (message.len() == 0) message = sign_bytes_.text(sheet_, vote.flag == Flag::block, vote.time);
    return state_signature(sheet_, validator, vote.signature, message);
  }

  Sheet& sheet_;
  const LightBlock& block_;
  SignBytes sign_bytes_;
  std::vector<Ref> messages_;
  std::vector<ClaimId> claims_;
};

// A vote for the block by a validator of the trusted set.
struct Signer {
  u32 vote;
  u32 validator;
};

// Votes for the block by members of the trusted set, found by address as the two sets need not agree in their order.
std::vector<Signer> find_signers(Sheet& sheet, NodeId node, const LightBlock& block, const ValidatorSet& trusted) {
  const AddressBook book(sheet, trusted);
  std::vector<u8> seen(trusted.validators.size());
  std::vector<Signer> signers;
  for (u32 i = 0; i < block.commit.votes.size(); ++i) {
    const CommitSig& vote = block.commit.votes[i];
    if (vote.flag != Flag::block) continue;
    const u32 at = book.find(vote.address);
    if (at == AddressBook::kNone) continue;
    if (seen[at] != 0) sheet.fail(node, Code::cometbft_vote_repeated, vote.off);
    if (seen[at] == 0) signers.push_back({i, at});
    seen[at] = 1;
  }
  return signers;
}

// More than the trust level of the trusted set's power. The product fits: power < 2^60, numerator <= 2^32.
u64 trust_needed(const Anchor& anchor) {
  const u128 product = static_cast<u128>(anchor.trusted.set.total_power) * anchor.level_numerator;
  return static_cast<u64>(product / anchor.level_denominator) + 1;
}

// Returns false iff the trusted validators that signed have too little power even if all their signatures hold. That is
// known before any signature is checked, and the new set, whose size an attacker chooses, then costs nothing.
bool state_overlap(Sheet& sheet, NodeId node, const LightBlock& block, const Anchor& anchor, Ballots& ballots,
                   bool early_stop) {
  const ValidatorSet& trusted = anchor.trusted.set;
  const std::vector<Signer> signers = find_signers(sheet, node, block, trusted);
  const u64 need = trust_needed(anchor);
  u64 reachable = 0;
  for (const Signer& signer : signers) reachable += trusted.validators[signer.validator].power;
  if (reachable < need) {
    sheet.undecided(node, Code::cometbft_not_enough_trust);
    return false;
  }
  const NodeId quorum = sheet.quorum(node, Kind::none, 0, need, Fold::strict, Code::cometbft_not_enough_trust);
  u64 counted = 0;
  for (const Signer& signer : signers) {
    if ((early_stop && counted >= need) || !sheet.within_limits()) break;
    const Validator& validator = trusted.validators[signer.validator];
    ballots.bind(sheet.all(quorum, Kind::signer, signer.vote, validator.power), signer.vote, validator);
    counted += validator.power;
  }
  return true;
}

void state_adjacent(Sheet& sheet, NodeId node, const Header& header, const Trusted& trusted) {
  sheet.require(node, Code::cometbft_next_validators,
                sheet.compare(Compare::equal, header.validators_hash, trusted.next_validators_hash));
  if (trusted.hash.len() == 0) return;
  sheet.require(node, Code::cometbft_last_block,
                sheet.compare(Compare::equal, header.last_block_id.hash, trusted.hash));
}

// The trusted validators are who the trusted header says. Returns whether there are any to count.
bool state_trusted_set(Sheet& sheet, NodeId node, const Trusted& trusted, Format format) {
  if (!trusted.has_set) {
    sheet.undecided(node, Code::cometbft_no_trusted_validators);
    return false;
  }
  const Ref named = trusted.validators_hash.len() != 0 ? trusted.validators_hash : trusted.next_validators_hash;
  sheet.require(node, Code::cometbft_trusted_validators_hash,
                sheet.compare(Compare::equal, state_validators_hash(sheet, trusted.set, format), named));
  state_validators(sheet, node, trusted.set);
  return true;
}

// The rules between the trusted header and this one. Returns false iff the votes need not be looked at.
bool state_trusted(Sheet& sheet, NodeId parent, const LightBlock& block, const Anchor& anchor, Ballots* ballots,
                   bool early_stop) {
  const Trusted& trusted = anchor.trusted;
  const Header& header = block.header;
  const NodeId node = sheet.all(parent, Kind::trusted, index_of(trusted.height));
  if (trusted.time.in_nanos() + anchor.trusting_period.in_nanos() <= anchor.now.in_nanos()) {
    sheet.undecided(node, Code::cometbft_trust_expired);
  }
  if (header.height <= trusted.height) sheet.fail(node, Code::cometbft_height_not_later);
  if (header.time.in_nanos() <= trusted.time.in_nanos()) sheet.fail(node, Code::cometbft_time_not_later);
  if (header.time.in_nanos() >= anchor.now.in_nanos() + anchor.max_clock_drift.in_nanos()) {
    sheet.fail(node, Code::cometbft_header_from_future);
  }
  if (header.height <= trusted.height) return true;
  if (header.height == trusted.height + 1) {
    state_adjacent(sheet, node, header, trusted);
    return true;
  }
  if (!state_trusted_set(sheet, node, trusted, anchor.format) || ballots == nullptr) return true;
  return state_overlap(sheet, node, block, anchor, *ballots, early_stop);
}

void state_pins(Sheet& sheet, NodeId parent, const LightBlock& block, const Anchor& anchor, Ref header_hash) {
  if (anchor.header_hash.len() == 0 && anchor.validators_hash.len() == 0) return;
  const NodeId node = sheet.all(parent, Kind::trusted, index_of(block.header.height));
  if (anchor.header_hash.len() != 0) {
    sheet.require(node, Code::cometbft_pinned_header, sheet.compare(Compare::equal, header_hash, anchor.header_hash));
  }
  if (anchor.validators_hash.len() != 0) {
    sheet.require(node, Code::cometbft_pinned_validators,
                  sheet.compare(Compare::equal, block.header.validators_hash, anchor.validators_hash));
  }
}

void state_header(Sheet& sheet, NodeId parent, const LightBlock& block, const Anchor& anchor, Ref header_hash) {
  const Header& header = block.header;
  const NodeId node = sheet.all(parent, Kind::header, index_of(header.height));
  if (!same_bytes(sheet, header.chain_id, anchor.chain_id)) sheet.fail(node, Code::cometbft_chain_id);
  if (anchor.block_protocol != 0 && header.block_protocol != anchor.block_protocol) {
    sheet.fail(node, Code::cometbft_block_protocol);
  }
  sheet.require(node, Code::cometbft_header_hash,
                sheet.compare(Compare::equal, header_hash, block.commit.block_id.hash));
}

void state_own_set(Sheet& sheet, NodeId parent, const LightBlock& block, Format format) {
  const NodeId node = sheet.all(parent, Kind::validators, index_of(block.header.height));
  if (block.validators.validators.empty()) sheet.fail(node, Code::empty);
  sheet.require(node, Code::cometbft_validators_hash,
                sheet.compare(Compare::equal, state_validators_hash(sheet, block.validators, format),
                              block.header.validators_hash));
  state_validators(sheet, node, block.validators);
}

// More than two thirds of the block's own set signed it. `ballots` is null iff there is not one vote per validator.
void state_commit(Sheet& sheet, NodeId parent, const LightBlock& block, Ballots* ballots, bool early_stop) {
  const Commit& commit = block.commit;
  const u64 need = block.validators.total_power * 2 / 3 + 1;
  const NodeId node =
      sheet.quorum(parent, Kind::commit, commit.round, need, Fold::strict, Code::cometbft_not_two_thirds);
  if (commit.height != block.header.height) sheet.fail(node, Code::cometbft_height, commit.off);
  if (ballots == nullptr) return sheet.fail(node, Code::cometbft_commit_size, commit.off);
  u64 counted = 0;
  for (u32 i = 0; i < commit.votes.size() && sheet.within_limits(); ++i) {
    const CommitSig& vote = commit.votes[i];
    if (vote.flag == Flag::absent || (early_stop && vote.flag == Flag::nil)) continue;
    const Validator& validator = block.validators.validators[i];
    const u64 weight = vote.flag == Flag::block ? validator.power : 0;
    const NodeId here = sheet.all(node, Kind::vote, i, weight);
    if (!same_bytes(sheet, vote.address, validator.address)) {
      sheet.fail(here, Code::cometbft_vote_address, vote.off);
    }
    ballots->bind(here, i, validator);
    counted += weight;
    if (early_stop && counted >= need) break;
  }
}

}  // namespace

Ref state_light_block(Sheet& sheet, NodeId node, const LightBlock& block, const Anchor& anchor, bool all_votes) {
  const bool early_stop = anchor.early_stop && !all_votes;
  const Ref header_hash = state_header_hash(sheet, block.header, anchor.format);
  if (anchor.trusts_nothing()) sheet.undecided(node, Code::cometbft_no_anchor);
  state_header(sheet, node, block, anchor, header_hash);
  state_own_set(sheet, node, block, anchor.format);
  state_pins(sheet, node, block, anchor, header_hash);

  Ballots ballots(sheet, block, anchor.format);
  Ballots* const matched = block.commit.votes.size() == block.validators.validators.size() ? &ballots : nullptr;
  if (anchor.trusted.height != 0 && !state_trusted(sheet, node, block, anchor, matched, early_stop)) return header_hash;
  state_commit(sheet, node, block, matched, early_stop);
  return header_hash;
}

}  // namespace isthmus::chain::cometbft
