// How an operation chooses among its tiers: a constexpr table of rows, best first, and one Choice per
// operation.
//
//   constexpr cpu::Row<Fn> kRows[] = {
//       {"avx512", cpu::kAvx512, 16, 6, avx512::f},
//       {"base", cpu::kNone, 1, 1, base::f},
//   };
//   const auto& choice() {
//     static const cpu::Choice value("f", kRows, known_answers);
//     return value;
//   }
//
// A row is used only if the CPU has what it needs and its known answers come out right; a row that fails is
// skipped and reported. The last row needs nothing; if even that one is wrong the process traps, since
// nothing can be believed. Cost after the first use: one guard load per call. Nothing registers itself at
// start-up.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "cpu/features.hpp"

namespace isthmus::cpu {

template <typename Fn>
struct Row {
  const char* tier;
  u32 needs;      // feature bits, all of them
  u32 lanes;      // items that one pass handles at full speed
  u32 count_min;  // with fewer items the next usable row is faster; measured
  Fn run;

  // How many of `left` items this row takes: none below count_min, all when the last pass is full enough,
  // else only whole passes.
  constexpr usize share(usize left) const {
    if (left < count_min) return 0;
    const usize rest = left % lanes;
    return rest == 0 || rest >= count_min ? left : left - rest;
  }
};

enum class RowState : u8 {
  chosen,   // the first row that may run
  usable,   // may run, a better row goes first
  missing,  // the CPU or the operating system lacks a feature
  cleared,  // the user took a feature away
  failed,   // the known answers came out wrong
};

const char* name_of(RowState state);

struct RowReport {
  std::string tier;
  RowState state;
  u32 lanes;
  u32 count_min;
  std::string reason;  // one line, for people
};

struct Report {
  std::string operation;
  std::vector<RowReport> rows;  // best first
};

// One line that says why a row is in its state.
std::string reason_of(RowState state, u32 needs, u32 count_min, Features have);

// Fn is a function pointer; Test runs known answers (odd counts and partial lanes among them) through one
// row.
template <typename Fn, usize N>
class Choice {
 public:
  using Test = bool (*)(Fn);

  Choice(const char* operation, const Row<Fn> (&rows)[N], Test test, Features have = features())
      : operation_(operation), rows_(rows), test_(test), have_(have) {
    if (rows[N - 1].needs != kNone) __builtin_trap();  // a table without a base row is our mistake
    for (usize i = 0; i < N; ++i) {
      state_[i] = state_of(i);
      if (state_[i] == RowState::usable) order_[count_++] = &rows[i];
      if (state_[i] == RowState::usable && count_ == 1) state_[i] = RowState::chosen;
    }
    if (state_[N - 1] == RowState::failed) __builtin_trap();
  }

  // The best row, for operations whose items cannot be shared out.
  Fn best() const { return order_[0]->run; }

  // Calls call(run, from, count) so that every item of 0..total-1 is handled once, in order.
  template <typename Call>
  void spread(usize total, Call&& call) const {
    usize done = 0;
    for (usize i = 0; i < count_ && done < total; ++i) {
      const usize left = total - done;
      const usize take = i + 1 == count_ ? left : order_[i]->share(left);
      if (take != 0) call(order_[i]->run, done, take);
      done += take;
    }
  }

  // All rows that may run, best first: for work that is not a count of items and shares itself out.
  std::span<const Row<Fn>* const> usable() const { return {order_, count_}; }

  // The row of that tier when it may run here, else nullptr. For tests: the choice itself is never switched.
  const Row<Fn>* row(std::string_view tier) const {
    for (usize i = 0; i < count_; ++i) {
      if (tier == order_[i]->tier) return order_[i];
    }
    return nullptr;
  }

  Fn named(std::string_view tier) const {
    const Row<Fn>* const found = row(tier);
    return found == nullptr ? nullptr : found->run;
  }

  // `again` re-runs the known answers of every row that may run or failed before; the choice itself stays.
  Report report(bool again = false) const {
    Report out{operation_, {}};
    for (usize i = 0; i < N; ++i) {
      RowState state = state_[i];
      if (again && state != RowState::missing && state != RowState::cleared && !test_(rows_[i].run)) {
        state = RowState::failed;
      }
      out.rows.push_back({rows_[i].tier, state, rows_[i].lanes, rows_[i].count_min,
                          reason_of(state, rows_[i].needs, rows_[i].count_min, have_)});
    }
    return out;
  }

 private:
  RowState state_of(usize i) const {
    const u32 needs = rows_[i].needs;
    if ((needs & ~have_.hardware) != 0) return RowState::missing;
    if ((needs & have_.cleared) != 0) return RowState::cleared;
    return test_(rows_[i].run) ? RowState::usable : RowState::failed;
  }

  const char* operation_;
  const Row<Fn>* rows_;
  Test test_;
  Features have_;
  RowState state_[N] = {};
  const Row<Fn>* order_[N] = {};
  usize count_ = 0;
};

}  // namespace isthmus::cpu
