// The judge on hand-made sheets. Outcomes come from the real executor over compare rows, since nothing else can make
// one.
#include "claim/judge.hpp"

#include <doctest/doctest.h>

#include "exec/executor.hpp"

using namespace isthmus;
using claim::Compare;
using claim::Fold;
using claim::Kind;
using claim::kRoot;
using claim::NodeId;
using claim::Sheet;

namespace {

const u8 kBytes[] = {1, 2, 1};

Sheet make_sheet(const Limits& limits = Limits{}) { return Sheet(Bytes(kBytes), {}, limits); }

// A claim that holds or not, as asked.
claim::ClaimId claim_that(Sheet& sheet, bool holds) {
  return sheet.compare(Compare::equal, sheet.input(0, 1), sheet.input(holds ? 2 : 1, 1));
}

NodeId vote(Sheet& sheet, NodeId parent, u32 index, u64 weight, bool holds) {
  const NodeId node = sheet.all(parent, Kind::vote, index, weight);
  sheet.bind(node, claim_that(sheet, holds), Code::signature_false);
  return node;
}

claim::Verdict judged(Sheet& sheet) {
  exec::Executor executor(1);
  Sheet* const one[] = {&sheet};
  return claim::judge(sheet, executor.settle(one).front());
}

}  // namespace

TEST_CASE("judge: an empty sheet is invalid, never vacuously valid") {
  Sheet sheet = make_sheet();
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::invalid);
  CHECK(verdict.code == Code::empty);
}

TEST_CASE("judge: an empty part makes the whole invalid") {
  Sheet sheet = make_sheet();
  sheet.bind(kRoot, claim_that(sheet, true), Code::hash_differs);
  sheet.all(kRoot, Kind::tx, 3);
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::invalid);
  CHECK(verdict.code == Code::empty);
  CHECK(sheet.place(verdict.node) == "tx 3");
}

TEST_CASE("judge: all claims hold") {
  Sheet sheet = make_sheet();
  sheet.root(Kind::block, 7);
  vote(sheet, kRoot, 0, 0, true);
  vote(sheet, kRoot, 1, 0, true);
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::valid);
  CHECK(verdict.code == Code::ok);
  CHECK(verdict.findings.empty());
  CHECK(verdict.counts[static_cast<usize>(Kind::vote)][0] == 2);
}

TEST_CASE("judge: every bad row is named, the first in decode order explains") {
  Sheet sheet = make_sheet();
  sheet.root(Kind::block, 7);
  for (u32 i = 0; i < 6; ++i) vote(sheet, kRoot, i, 0, i != 2 && i != 4);
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::invalid);
  CHECK(verdict.code == Code::signature_false);
  CHECK(sheet.place(verdict.node) == "block 7 vote 2");
  REQUIRE(verdict.findings.size() == 2);
  CHECK(sheet.place(verdict.findings[1].node) == "block 7 vote 4");
}

TEST_CASE("judge: quorum at, below and above the threshold") {
  for (const u64 need : {u64{19}, u64{20}, u64{21}}) {
    Sheet sheet = make_sheet();
    const NodeId quorum = sheet.quorum(kRoot, Kind::commit, 5, need, Fold::quorum);
    vote(sheet, quorum, 0, 10, true);
    vote(sheet, quorum, 1, 10, true);
    vote(sheet, quorum, 2, 10, false);
    const claim::Verdict verdict = judged(sheet);
    CHECK(verdict.status == (need <= 20 ? Status::valid : Status::invalid));
    CHECK(verdict.code == (need <= 20 ? Code::ok : Code::quorum_not_reached));
    CHECK(verdict.findings.size() == 1);  // the bad vote is named even where the quorum stands
  }
}

TEST_CASE("judge: strict quorum refuses a false vote above the threshold") {
  Sheet sheet = make_sheet();
  const NodeId quorum = sheet.quorum(kRoot, Kind::commit, 5, 20, Fold::strict);
  for (u32 i = 0; i < 3; ++i) vote(sheet, quorum, i, 10, true);
  vote(sheet, quorum, 3, 10, false);
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::invalid);
  CHECK(verdict.code == Code::signature_false);
  CHECK(sheet.place(verdict.node) == "commit 5 vote 3");
}

TEST_CASE("judge: a need of zero never holds") {
  Sheet sheet = make_sheet();
  const NodeId quorum = sheet.quorum(kRoot, Kind::commit, 5, 0, Fold::quorum);
  vote(sheet, quorum, 0, 10, true);
  CHECK(judged(sheet).status == Status::invalid);
}

TEST_CASE("judge: weights that overflow 64 bits saturate") {
  Sheet sheet = make_sheet();
  const NodeId quorum = sheet.quorum(kRoot, Kind::commit, 5, ~u64{0}, Fold::quorum);
  vote(sheet, quorum, 0, ~u64{0} - 1, true);
  vote(sheet, quorum, 1, ~u64{0} - 1, true);
  CHECK(judged(sheet).status == Status::valid);
}

TEST_CASE("judge: undecided parts") {
  SUBCASE("in an all node") {
    Sheet sheet = make_sheet();
    vote(sheet, kRoot, 0, 0, true);
    sheet.undecided(sheet.all(kRoot, Kind::input, 4), Code::field_missing);
    const claim::Verdict verdict = judged(sheet);
    CHECK(verdict.status == Status::undecided);
    CHECK(verdict.code == Code::field_missing);
    CHECK(sheet.place(verdict.node) == "input 4");
  }
  SUBCASE("invalid outweighs undecided") {
    Sheet sheet = make_sheet();
    sheet.undecided(sheet.all(kRoot, Kind::input, 4), Code::field_missing);
    vote(sheet, kRoot, 0, 0, false);
    const claim::Verdict verdict = judged(sheet);
    CHECK(verdict.status == Status::invalid);
    CHECK(verdict.code == Code::signature_false);
  }
  SUBCASE("a quorum that undecided weight could still reach") {
    for (const u64 weight : {u64{9}, u64{10}}) {
      Sheet sheet = make_sheet();
      const NodeId quorum = sheet.quorum(kRoot, Kind::commit, 5, 20, Fold::quorum);
      vote(sheet, quorum, 0, 10, true);
      sheet.undecided(sheet.all(quorum, Kind::vote, 1, weight), Code::field_missing);
      CHECK(judged(sheet).status == (weight == 10 ? Status::undecided : Status::invalid));
    }
  }
}

namespace {

using claim::Rule;
using claim::Voter;

// Voters under a node of their own, and policies over them.
struct Poll {
  Sheet sheet = make_sheet();
  NodeId people = sheet.aside(kRoot, Kind::signer, 0);
  std::vector<Voter> voters;
  std::vector<NodeId> proofs;

  // `row`: which principals; '1' satisfies, if `identity` holds where it is given.
  Poll& voter(bool holds, u32 person, const char* row, NodeId identity = claim::kNoNode) {
    const NodeId node = vote(sheet, people, static_cast<u32>(voters.size()), 0, holds);
    voters.push_back({node, person});
    const NodeId proof = identity == claim::kNoNode ? node : identity;
    for (const char* at = row; *at != 0; ++at) proofs.push_back(*at == '1' ? proof : claim::kNoNode);
    return *this;
  }
  NodeId identity(bool holds) { return vote(sheet, people, 90, 0, holds); }
  NodeId policy(NodeId parent, std::initializer_list<Rule> rules, u32 principals) {
    const std::vector<Rule> all(rules);
    return sheet.policy(parent, Kind::commit, 1, sheet.program(all, principals), voters, proofs, 1);
  }
  bool holds(std::initializer_list<Rule> rules, u32 principals) {
    policy(kRoot, rules, principals);
    return judged(sheet).status == Status::valid;
  }
};

}  // namespace

TEST_CASE("policy: n out of, each identity once") {
  const auto two_of = {Rule::n_of(2, 2), Rule::by(0), Rule::by(1)};
  CHECK(Poll().voter(true, 1, "10").voter(true, 2, "01").holds(two_of, 2));
  CHECK(!Poll().voter(true, 1, "10").voter(false, 2, "01").holds(two_of, 2));
  // One identity that is both principals is used up by the first.
  CHECK(!Poll().voter(true, 1, "11").holds(two_of, 2));
  // The same identity twice counts once, whoever it is the second time.
  CHECK(!Poll().voter(true, 1, "10").voter(true, 1, "01").holds(two_of, 2));
  CHECK(!Poll().holds(two_of, 2));
}

TEST_CASE("policy: a false signature in someone's name does not spoil a later good one") {
  CHECK(Poll().voter(false, 1, "1").voter(true, 1, "1").holds({Rule::n_of(1, 1), Rule::by(0)}, 1));
}

TEST_CASE("policy: greedy in the order of voters, as Fabric is") {
  // The first voter satisfies both principals and is taken for the first, so nobody is left for the second.
  const auto both = {Rule::n_of(2, 2), Rule::by(0), Rule::by(1)};
  CHECK(!Poll().voter(true, 1, "11").voter(true, 2, "10").holds(both, 2));
  CHECK(Poll().voter(true, 2, "10").voter(true, 1, "11").holds(both, 2));
  // What a failed part took is given back; what a part beyond the need took is not.
  const auto nested = {Rule::n_of(2, 2), Rule::n_of(1, 2), Rule::by(0), Rule::by(1), Rule::by(1)};
  CHECK(!Poll().voter(true, 1, "10").voter(true, 2, "01").holds(nested, 2));
  const auto failed = {Rule::n_of(1, 2), Rule::n_of(2, 2), Rule::by(0), Rule::by(1), Rule::by(0)};
  CHECK(Poll().voter(true, 1, "10").holds(failed, 2));
}

TEST_CASE("policy: an identity is checked when a principal is tested, a signature before") {
  const auto one_of = {Rule::n_of(1, 1), Rule::by(0)};
  for (const bool good : {false, true}) {
    Poll poll;
    const NodeId identity = poll.identity(good);
    CHECK(poll.voter(true, 1, "1", identity).holds(one_of, 1) == good);
  }
  // Whoever signed well stands in the way of a later signature of his own, even when his identity is no good.
  Poll poll;
  const NodeId bad = poll.identity(false);
  CHECK(!poll.voter(true, 1, "1", bad).voter(true, 1, "1").holds(one_of, 1));
}

TEST_CASE("policy: what would hold without a signature never holds") {
  for (const i32 need : {0, -1}) {
    Poll poll;
    poll.voter(true, 1, "1").policy(kRoot, {Rule::n_of(need, 1), Rule::by(0)}, 1);
    const claim::Verdict verdict = judged(poll.sheet);
    CHECK(verdict.status == Status::invalid);
    CHECK(verdict.code == Code::policy_vacuous);
  }
  // Inside a policy that needs someone, a part that needs nobody counts as it does in Fabric.
  const auto inner = {Rule::n_of(2, 2), Rule::by(0), Rule::n_of(0, 0)};
  CHECK(Poll().voter(true, 1, "1").holds(inner, 1));
  CHECK(!Poll().voter(false, 1, "1").holds(inner, 1));
  CHECK(!Poll().voter(true, 1, "").holds({Rule::n_of(1, 1), Rule::n_of(0, 0)}, 0));
}

TEST_CASE("policy: of the same voters in several policies, and a quorum of policies") {
  for (const u64 need : {u64{0}, u64{1}, u64{2}}) {
    Poll poll;
    poll.voter(true, 1, "10").voter(false, 2, "01");
    const NodeId meta = poll.sheet.quorum(kRoot, Kind::commit, 0, need, Fold::quorum);
    poll.policy(meta, {Rule::by(0)}, 2);
    poll.policy(meta, {Rule::by(1)}, 2);
    CHECK((judged(poll.sheet).status == Status::valid) == (need == 1));
  }
}

TEST_CASE("policy: undecided voters") {
  Poll poll;
  poll.voter(true, 1, "1");
  const NodeId open = poll.sheet.all(poll.people, Kind::vote, 7);
  poll.sheet.undecided(open, Code::field_missing);
  const NodeId good = poll.voters[0].signature;
  bool counts = true;
  SUBCASE("one who could count leaves the policy undecided") {
    poll.voters.push_back({open, 2});
    poll.proofs.push_back(good);
  }
  SUBCASE("whether he is the principal or whether he signed") {
    poll.voters.push_back({good, 2});
    poll.proofs.push_back(open);
  }
  SUBCASE("one who could not does not matter") {
    poll.voters.push_back({open, 2});
    poll.proofs.push_back(claim::kNoNode);
    counts = false;
  }
  poll.policy(kRoot, {Rule::n_of(1, 1), Rule::by(0)}, 1);
  CHECK(judged(poll.sheet).status == (counts ? Status::undecided : Status::valid));
}

TEST_CASE("policy: programs that are none") {
  Sheet sheet = make_sheet();
  const auto refused = [&](std::initializer_list<Rule> rules, u32 principals) {
    const std::vector<Rule> all(rules);
    return sheet.program(all, principals) == claim::kNoProgram;
  };
  CHECK(!refused({Rule::by(0)}, 1));
  CHECK(refused({}, 1));
  CHECK(refused({Rule::by(1)}, 1));
  CHECK(refused({Rule::by(0), Rule::by(0)}, 1));
  CHECK(refused({Rule::n_of(1, 2), Rule::by(0)}, 1));
  std::vector<Rule> deep(claim::kRuleDepthMax, Rule::n_of(1, 1));
  deep.push_back(Rule::by(0));
  CHECK(sheet.program(deep, 1) == claim::kNoProgram);
  CHECK(sheet.program(std::span(deep).subspan(2), 1) != claim::kNoProgram);
  sheet.policy(kRoot, Kind::commit, 0, claim::kNoProgram, {}, {});
  CHECK(judged(sheet).status == Status::undecided);
}

TEST_CASE("judge: a node relies on another; what stands aside counts nowhere else") {
  for (const bool good : {false, true}) {
    Sheet sheet = make_sheet();
    const NodeId aside = sheet.aside(kRoot, Kind::signer, 0);
    const NodeId identity = vote(sheet, aside, 0, 0, good);
    vote(sheet, aside, 1, 0, false);  // spoils nothing
    sheet.rely(vote(sheet, kRoot, 0, 0, true), identity, Code::part_failed);
    sheet.rely(sheet.all(kRoot, Kind::tx, 0), identity, Code::part_failed);
    const claim::Verdict verdict = judged(sheet);
    CHECK((verdict.status == Status::valid) == good);
    CHECK(verdict.code == (good ? Code::ok : Code::part_failed));
    CHECK(verdict.findings.size() == (good ? 1 : 4));
  }
  SUBCASE("alone it is nothing") {
    Sheet sheet = make_sheet();
    vote(sheet, sheet.aside(kRoot, Kind::signer, 0), 0, 0, true);
    CHECK(judged(sheet).code == Code::empty);
  }
  SUBCASE("nothing can rely on what is folded later") {
    Sheet sheet = make_sheet();
    const NodeId first = vote(sheet, kRoot, 0, 0, true);
    const NodeId second = vote(sheet, kRoot, 1, 0, true);
    sheet.rely(first, second, Code::part_failed);
    sheet.rely(second, first, Code::part_failed);
    CHECK(judged(sheet).status == Status::invalid);
  }
}

TEST_CASE("judge: outcomes of another sheet are refused") {
  Sheet sheet = make_sheet();
  vote(sheet, kRoot, 0, 0, true);
  Sheet other = make_sheet();
  vote(other, kRoot, 0, 0, true);
  exec::Executor executor(1);
  Sheet* const one[] = {&other};
  const claim::Verdict verdict = claim::judge(sheet, executor.settle(one).front());
  CHECK(verdict.status == Status::undecided);
}

TEST_CASE("judge: a sheet beyond its limits is undecided whatever its rows say") {
  Limits limits;
  limits.rows_max = 2;
  Sheet sheet = make_sheet(limits);
  for (u32 i = 0; i < 4; ++i) vote(sheet, kRoot, i, 0, i != 0);
  CHECK(!sheet.within_limits());
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::undecided);
  CHECK(verdict.code == Code::limit_exceeded);
}

TEST_CASE("sheet: each limit is kept") {
  SUBCASE("input") {
    Limits limits;
    limits.bytes_max = 2;
    CHECK(!make_sheet(limits).within_limits());
  }
  SUBCASE("text") {
    Limits limits;
    limits.text_max = 4;
    Sheet sheet = make_sheet(limits);
    sheet.text({1, 2, 3, 4});
    CHECK(sheet.within_limits());
    CHECK(sheet.text({5}).len() == 0);
    CHECK(!sheet.within_limits());
  }
  SUBCASE("scratch") {
    Limits limits;
    limits.scratch_max = 40;
    Sheet sheet = make_sheet(limits);
    sheet.hash(Hash::sha256, {sheet.input(0, 3)});
    CHECK(sheet.within_limits());
    sheet.hash(Hash::sha256, {sheet.input(0, 3)});
    CHECK(!sheet.within_limits());
    CHECK(judged(sheet).status == Status::undecided);
  }
  SUBCASE("depth of hashes") {
    Sheet sheet = make_sheet();
    claim::Ref at = sheet.input(0, 3);
    for (u32 i = 0; i < 65535; ++i) at = sheet.hash(Hash::sha256, {at});
    CHECK(sheet.within_limits());
    sheet.hash(Hash::sha256, {at});
    CHECK(!sheet.within_limits());
  }
  SUBCASE("nodes") {
    Limits limits;
    limits.nodes_max = 2;
    Sheet sheet = make_sheet(limits);
    sheet.all(kRoot, Kind::tx, 0);
    CHECK(sheet.within_limits());
    sheet.all(kRoot, Kind::tx, 1);
    CHECK(!sheet.within_limits());
  }
}

TEST_CASE("judge: a claim that refutes counts against its node, and only when it holds") {
  for (const bool revoked : {false, true}) {
    Sheet sheet = make_sheet();
    const NodeId node = sheet.all(kRoot, Kind::certificate, 7);
    sheet.bind(node, claim_that(sheet, true), Code::certificate_signature_false);
    sheet.refute(node, claim_that(sheet, revoked), Code::certificate_revoked);
    const claim::Verdict verdict = judged(sheet);
    CHECK(verdict.status == (revoked ? Status::invalid : Status::valid));
    CHECK(verdict.findings.size() == (revoked ? 1 : 0));
    if (!revoked) continue;
    CHECK(verdict.code == Code::certificate_revoked);
    CHECK(sheet.place(verdict.node) == "certificate 7");
  }
}

TEST_CASE("judge: evidence against nothing does not make a node hold") {
  Sheet sheet = make_sheet();
  sheet.refute(kRoot, claim_that(sheet, false), Code::certificate_revoked);
  const claim::Verdict verdict = judged(sheet);
  CHECK(verdict.status == Status::invalid);
  CHECK(verdict.code == Code::empty);
}
