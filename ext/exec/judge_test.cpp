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
