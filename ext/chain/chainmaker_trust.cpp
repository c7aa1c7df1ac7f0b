// Why a block is the chain's: its proposer, and the votes of the validators; see chainmaker_claims.hpp.
//
// A node that follows the chain ties no voter's name to the key that signed, and asks neither for precommits nor for
// the header's height: one holder of one consensus certificate could fill in every validator's name. Here a vote counts
// only if it is a precommit of the header's height and the certificate's round, by a signer who owns the voter's node.
#include <algorithm>
#include <iterator>

#include "chain/chainmaker_claims.hpp"

namespace isthmus::chain::chainmaker {
namespace {

using claim::Compare;
using claim::Fold;
using claim::Kind;

constexpr u64 kPrecommit = 1;

// The keys of extra_data, in the nodes' spelling. MaxBFT's code has two.
constexpr std::string_view kTbftKeys[] = {"TBFTAddtionalDataKey"};
constexpr std::string_view kMaxbftKeys[] = {"maxbftQC", "MaxBFTAdditionalQCKey"};

const Extra* find_extra(const Case& c, std::span<const std::string_view> keys) {
  for (const std::string_view key : keys) {
    for (const Extra& extra : c.block.extras) {
      if (is_text(c.sheet, extra.key, key)) return &extra;
    }
  }
  return nullptr;
}

// The digests of all node ids, side by side.
Ref node_digests(const Case& c) {
  std::vector<u8> run;
  for (const Node& node : c.anchor.nodes) run.insert(run.end(), std::begin(node.digest), std::end(node.digest));
  return c.sheet.text(run);
}

bool owns_a_node(const Case& c, Ref org_id) {
  return std::any_of(c.anchor.nodes.begin(), c.anchor.nodes.end(),
                     [&](const Node& node) { return same_bytes(c.sheet, node.org_id, org_id); });
}

// At `node`: the signer is a validator of the anchor's configuration.
void require_validator(const Case& c, NodeId node, const Signer& signer, u64 off) {
  if (c.anchor.nodes.empty() || signer.status != Status::valid) return;
  if (c.anchor.mode != Mode::certificate) {
    return c.sheet.require(node, Code::chainmaker_proposer_role,
                           c.sheet.compare(Compare::one_of, signer.node_digest, node_digests(c)));
  }
  if ((signer.roles & membership::kConsensus) == 0 || !owns_a_node(c, signer.org_id)) {
    c.sheet.fail(node, Code::chainmaker_proposer_role, off);
  }
}

void state_proposer(const Case& c) {
  const Header& header = c.block.header;
  const NodeId node = c.sheet.all(claim::kRoot, Kind::proposer, 0);
  if (!header.proposer.present || header.proposer.signature.len() == 0) {
    return c.sheet.fail(node, Code::chainmaker_header_incomplete, header.off);
  }
  const Signer& signer =
      c.signers.bind(node, Code::chainmaker_proposer_false, header.proposer, std::span(&header.block_hash, 1));
  require_validator(c, node, signer, header.proposer.off);
}

// The votes of one certificate, counted.
class Tally {
 public:
  Tally(const Case& c, const Certificate& certificate, NodeId node)
      : c_(c), certificate_(certificate), node_(node), voted_(c.anchor.nodes.size()) {}

  void add(u32 index) {
    const Vote& vote = certificate_.votes[index];
    // A vote for nothing or for another block counts for nobody, and no node looks at its signature.
    if (!same_bytes(c_.sheet, vote.hash, c_.block.header.block_hash)) return;
    const NodeId here = c_.sheet.all(node_, Kind::vote, index, 1);
    check_place(here, vote);
    const Node* const voter = find_voter(here, vote);
    if (!vote.endorsement.present) return c_.sheet.fail(here, Code::signature_missing, vote.off);
    const Signer& signer = c_.signers.bind(here, Code::chainmaker_vote_false, vote.endorsement, vote.signed_);
    if (signer.status != Status::valid || voter == nullptr) return;
    check_owner(here, vote, signer, *voter);
    if (std::find(keys_.begin(), keys_.end(), signer.identity) != keys_.end()) {
      c_.sheet.fail(here, Code::chainmaker_vote_key_repeated, vote.off);
    }
    keys_.push_back(signer.identity);
  }

 private:
  void check_place(NodeId here, const Vote& vote) {
    if (c_.anchor.consensus != Consensus::maxbft && vote.type != kPrecommit) {
      c_.sheet.fail(here, Code::chainmaker_vote_type, vote.off);
    }
    if (vote.height != c_.block.header.height) c_.sheet.fail(here, Code::chainmaker_vote_height, vote.off);
    if (vote.round != certificate_.round || vote.epoch != certificate_.votes[0].epoch) {
      c_.sheet.fail(here, Code::chainmaker_vote_round, vote.off);
    }
    if (!same_bytes(c_.sheet, vote.name, vote.voter)) c_.sheet.fail(here, Code::chainmaker_vote_name, vote.off);
  }

  // The validator of this name, at most once.
  const Node* find_voter(NodeId here, const Vote& vote) {
    for (usize i = 0; i < c_.anchor.nodes.size(); ++i) {
      const Node& node = c_.anchor.nodes[i];
      if (!same_bytes(c_.sheet, node.node_id, vote.voter)) continue;
      if (voted_[i] != 0) c_.sheet.fail(here, Code::chainmaker_vote_repeated, vote.off);
      voted_[i] = 1;
      return &node;
    }
    c_.sheet.fail(here, Code::chainmaker_vote_voter, vote.off);
    return nullptr;
  }

  // Certificates: nothing but the organisation leads from the signing key to the node, whose id comes from another
  // certificate, that of its transport. Keys: the node id is the key's hash.
  void check_owner(NodeId here, const Vote& vote, const Signer& signer, const Node& voter) {
    if (c_.anchor.mode != Mode::certificate) {
      return c_.sheet.require(here, Code::chainmaker_vote_owner,
                              c_.sheet.compare(Compare::equal, signer.node_digest, c_.sheet.text(voter.digest)));
    }
    if ((signer.roles & membership::kConsensus) == 0) c_.sheet.fail(here, Code::chainmaker_vote_role, vote.off);
    if (!same_bytes(c_.sheet, signer.org_id, voter.org_id)) {
      c_.sheet.fail(here, Code::chainmaker_vote_owner, vote.off);
    }
  }

  const Case& c_;
  const Certificate& certificate_;
  NodeId node_;
  std::vector<u8> voted_;
  std::vector<u32> keys_;
};

// What the certificate says of itself. MaxBFT's has no part of its own: the view is the header's.
bool is_in_place(const Case& c, const Certificate& certificate) {
  const Header& header = c.block.header;
  if (c.anchor.consensus == Consensus::maxbft) return true;
  const bool right_block =
      certificate.majority.len() == 0 || same_bytes(c.sheet, certificate.majority, header.block_hash);
  return certificate.type == kPrecommit && certificate.height == header.height && right_block;
}

Certificate read_certificate(const Case& c, const Extra& extra, WireError& error) {
  ParseContext context = c.context;
  context.error = &error;
  const Bytes bytes = c.sheet.bytes(extra.value);
  if (c.anchor.consensus != Consensus::maxbft) {
    return read_tbft(ProtobufReader(bytes, error, {.repeated = kVoteSetRepeated}, extra.value.off), context);
  }
  Certificate certificate =
      read_maxbft(ProtobufReader(bytes, error, {.repeated = kQuorumCertRepeated}, extra.value.off), context);
  const Ref args = c.block.header.consensus_args;
  certificate.round = read_view(ProtobufReader(c.sheet.bytes(args), error, {}, args.off), context);
  return certificate;
}

void state_certificate(const Case& c, const Extra& extra) {
  WireError error;
  const Certificate certificate = read_certificate(c, extra, error);
  if (error.failed()) return note_wire_error(c.sheet, error);
  const u64 need = 2 * c.anchor.nodes.size() / 3 + 1;
  const NodeId node = c.sheet.quorum(claim::kRoot, Kind::commit, index_of(certificate.round), need, Fold::strict,
                                     Code::chainmaker_not_two_thirds);
  if (!is_in_place(c, certificate)) c.sheet.fail(node, Code::chainmaker_certificate_place, extra.value.off);
  // A set has one entry for each validator, so some voter of a larger one is none, or votes twice. Bounds the work,
  // too.
  if (certificate.votes.size() > c.anchor.nodes.size()) {
    return c.sheet.fail(node, Code::chainmaker_vote_repeated, extra.value.off);
  }
  Tally tally(c, certificate, node);
  for (u32 i = 0; i < certificate.votes.size() && c.sheet.within_limits(); ++i) tally.add(i);
}

}  // namespace

std::string_view state_trust(const Case& c) {
  constexpr std::string_view kPinned = "pinned hash";
  const bool pinned = is_pinned(c.anchor);
  if (!pinned && (c.anchor.nodes.empty() || c.block.header.height == 0)) {
    c.sheet.undecided(claim::kRoot, Code::chainmaker_no_anchor);
  }
  // The first block was made by nobody and voted for by nobody.
  if (c.block.header.height == 0) return kPinned;
  state_proposer(c);
  if (c.anchor.nodes.empty()) return kPinned;
  if (!c.anchor.is_bft()) return pinned ? kPinned : "single signer";
  const bool maxbft = c.anchor.consensus == Consensus::maxbft;
  const Extra* const extra = maxbft ? find_extra(c, kMaxbftKeys) : find_extra(c, kTbftKeys);
  if (extra != nullptr) {
    state_certificate(c, *extra);
    return "validators' quorum";
  }
  if (!pinned) c.sheet.undecided(claim::kRoot, Code::chainmaker_certificate_missing, c.block.header.off);
  return kPinned;
}

}  // namespace isthmus::chain::chainmaker
