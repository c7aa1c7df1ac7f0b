// Choosing, skipping, sharing and reporting of rows, on a toy operation.
#include "cpu/row.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

using namespace isthmus;

namespace {

using Fn = int (*)(int);
using Row = cpu::Row<Fn>;
using cpu::RowState;

int wide(int x) { return x + 1; }
int wrong(int x) { return x == 3 ? 0 : x + 1; }
int narrow(int x) { return 1 + x; }
int plain(int x) { return x - -1; }

// The odd value is what `wrong` gets wrong.
bool known(Fn run) { return run(1) == 2 && run(3) == 4; }

constexpr u32 kA = cpu::kAvx512;
constexpr u32 kB = cpu::kAvx2;

constexpr Row kRows[] = {
    {"wide", kA | kB, 16, 10, wide},
    {"narrow", kB, 4, 3, narrow},
    {"base", cpu::kNone, 1, 1, plain},
};

std::vector<RowState> states(const cpu::Report& report) {
  std::vector<RowState> out;
  for (const cpu::RowReport& row : report.rows) out.push_back(row.state);
  return out;
}

// Who handles how many, in order.
template <typename Choice>
std::vector<std::pair<Fn, usize>> shares(const Choice& choice, usize total) {
  std::vector<std::pair<Fn, usize>> out;
  usize next = 0;
  choice.spread(total, [&](Fn run, usize from, usize count) {
    CHECK(from == next);
    CHECK(count != 0);
    next = from + count;
    out.emplace_back(run, count);
  });
  CHECK(next == total);
  return out;
}

using Shares = std::vector<std::pair<Fn, usize>>;
using States = std::vector<RowState>;

}  // namespace

TEST_CASE("the best usable row is chosen") {
  const cpu::Choice all("toy", kRows, known, cpu::Features{kA | kB, 0});
  CHECK((all.best() == wide));
  CHECK(states(all.report()) == States{RowState::chosen, RowState::usable, RowState::usable});
  CHECK(all.report().operation == "toy");
  CHECK(all.report().rows[0].tier == "wide");
  CHECK(all.report().rows[0].reason == "best row here, from 10 items on");
  CHECK(all.report().rows[2].reason == "after better rows");

  const cpu::Choice less("toy", kRows, known, cpu::Features{kB, 0});
  CHECK((less.best() == narrow));
  CHECK(states(less.report()) == States{RowState::missing, RowState::chosen, RowState::usable});
  CHECK(less.report().rows[0].reason == "the CPU or the system lacks avx512");

  const cpu::Choice none("toy", kRows, known, cpu::Features{0, 0});
  CHECK((none.best() == plain));
  CHECK(states(none.report()) == States{RowState::missing, RowState::missing, RowState::chosen});
  CHECK(none.report().rows[0].reason == "the CPU or the system lacks avx2+avx512");
}

TEST_CASE("a cleared feature takes its rows away") {
  const cpu::Choice choice("toy", kRows, known, cpu::Features{kA | kB, kA});
  CHECK((choice.best() == narrow));
  CHECK(states(choice.report()) == States{RowState::cleared, RowState::chosen, RowState::usable});
  CHECK(choice.report().rows[0].reason == "ISTHMUS_CPU_CLEAR removed avx512");
  // Missing and cleared: the hardware is named, clearing changed nothing.
  const cpu::Choice both("toy", kRows, known, cpu::Features{kB, kA});
  CHECK(states(both.report())[0] == RowState::missing);
}

TEST_CASE("a row with wrong known answers is skipped and reported") {
  constexpr Row kBad[] = {
      {"wide", kA, 16, 10, wrong},
      {"narrow", kB, 4, 3, narrow},
      {"base", cpu::kNone, 1, 1, plain},
  };
  const cpu::Choice choice("toy", kBad, known, cpu::Features{kA | kB, 0});
  CHECK((choice.best() == narrow));
  CHECK(states(choice.report()) == States{RowState::failed, RowState::chosen, RowState::usable});
  CHECK(choice.report().rows[0].reason == "known answers came out wrong");
  CHECK((choice.named("wide") == nullptr));
  CHECK(shares(choice, 40) == Shares{{narrow, 40}});
  CHECK(states(choice.report(true)) == States{RowState::failed, RowState::chosen, RowState::usable});
}

namespace {
bool is_broken = false;
int fickle(int x) { return is_broken ? 0 : x + 1; }
}  // namespace

TEST_CASE("running the known answers again sees a row that has broken since") {
  constexpr Row kFickle[] = {{"wide", kA, 1, 1, fickle}, {"base", cpu::kNone, 1, 1, plain}};
  is_broken = false;
  const cpu::Choice choice("toy", kFickle, known, cpu::Features{kA, 0});
  CHECK(states(choice.report(true)) == States{RowState::chosen, RowState::usable});
  is_broken = true;
  CHECK(states(choice.report(true)) == States{RowState::failed, RowState::usable});
  CHECK(states(choice.report()) == States{RowState::chosen, RowState::usable});
  is_broken = false;
}

namespace {

// True iff making the choice ends a child process by the trap signal. The child gives up the test runner's
// handlers, which would report a crash.
template <usize N>
bool traps(const Row (&rows)[N], cpu::Features have) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGILL, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
    const cpu::Choice choice("toy", rows, known, have);
    _exit(choice.best() == nullptr ? 1 : 0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
}

}  // namespace

TEST_CASE("a wrong base row traps, even behind a good one") {
  constexpr Row kGood[] = {{"wide", kA, 16, 10, wide}, {"base", cpu::kNone, 1, 1, plain}};
  constexpr Row kWrong[] = {{"wide", kA, 16, 10, wide}, {"base", cpu::kNone, 1, 1, wrong}};
  constexpr Row kNoBase[] = {{"wide", kA, 16, 10, wide}};
  CHECK_FALSE(traps(kGood, {kA, 0}));
  CHECK(traps(kWrong, {kA, 0}));
  CHECK(traps(kWrong, {0, 0}));
  CHECK(traps(kNoBase, {kA, 0}));
}

TEST_CASE("items are shared out by the thresholds") {
  const cpu::Choice choice("toy", kRows, known, cpu::Features{kA | kB, 0});
  CHECK(shares(choice, 0) == Shares{});
  CHECK(shares(choice, 1) == Shares{{plain, 1}});
  CHECK(shares(choice, 2) == Shares{{plain, 2}});
  CHECK(shares(choice, 3) == Shares{{narrow, 3}});
  CHECK(shares(choice, 5) == Shares{{narrow, 4}, {plain, 1}});
  CHECK(shares(choice, 7) == Shares{{narrow, 7}});
  CHECK(shares(choice, 9) == Shares{{narrow, 8}, {plain, 1}});
  CHECK(shares(choice, 10) == Shares{{wide, 10}});
  CHECK(shares(choice, 16) == Shares{{wide, 16}});
  CHECK(shares(choice, 17) == Shares{{wide, 16}, {plain, 1}});
  CHECK(shares(choice, 21) == Shares{{wide, 16}, {narrow, 4}, {plain, 1}});
  CHECK(shares(choice, 25) == Shares{{wide, 16}, {narrow, 8}, {plain, 1}});
  CHECK(shares(choice, 26) == Shares{{wide, 26}});
  for (usize total = 0; total < 200; ++total) shares(choice, total);
}

TEST_CASE("rows by name") {
  const cpu::Choice choice("toy", kRows, known, cpu::Features{kB, 0});
  CHECK((choice.named("narrow") == narrow));
  CHECK((choice.named("base") == plain));
  CHECK((choice.named("wide") == nullptr));
  CHECK((choice.named("") == nullptr));
}

TEST_CASE("states have names") {
  CHECK(std::string(cpu::name_of(RowState::chosen)) == "chosen");
  CHECK(std::string(cpu::name_of(RowState::usable)) == "usable");
  CHECK(std::string(cpu::name_of(RowState::missing)) == "missing");
  CHECK(std::string(cpu::name_of(RowState::cleared)) == "cleared");
  CHECK(std::string(cpu::name_of(RowState::failed)) == "failed");
}
