// The executor: settles the rows of many sheets together. Rows are pooled over blocks and chains by hash or scheme, cut
// into chunks and run on the pool; the result is one Settled per sheet.
#pragma once

#include <vector>

#include "base/limits.hpp"
#include "claim/judge.hpp"
#include "claim/sheet.hpp"
#include "exec/pool.hpp"
#include "exec/remembered.hpp"
#include "exec/stats.hpp"
#include "sig/batch.hpp"
#include "sig/key_tables.hpp"
#include "sig/recover.hpp"

namespace isthmus::exec {

class Executor {
 public:
  // threads = 1: no pool at all, work stays on the calling thread. `signers_max`: bytes for the tables of keys that
  // sign often; 0 has none.
  explicit Executor(u32 threads, u64 signers_max = Limits{}.signers_max) : pool_(threads), known_(signers_max) {}

  // Computes every row of every sheet; Settled i belongs to sheet i. May be called from several threads at once, on
  // different sheets. Throws std::bad_alloc only, and then no Settled exists.
  std::vector<claim::Settled> settle(std::span<claim::Sheet* const> sheets);

  // ok[i] = 1 iff rows[i] verifies, in chunks on the pool. Rows of sheets have the default context; the tables of known
  // signers are this executor's, whatever `context` says.
  void verify(Scheme scheme, std::span<const sig::Row> rows, u8* ok, sig::Context context = {});

  // As verify, for rows that come again and again: those whose outcome is remembered are not computed, and rows that
  // are the same only once. The answers are the same.
  void verify_remembered(Scheme scheme, std::span<const sig::Row> rows, u8* ok);

  // sig::recover in chunks on the pool: keys has 65 bytes for each row.
  void recover(std::span<const sig::RecoverRow> rows, u8* keys, u8* ok);

  Pool& pool() { return pool_; }
  const Stats& stats() const { return stats_; }
  sig::KeyTableStats known_signers() const { return known_.stats(); }
  u64 remembered_rows() const { return remembered_.hits(); }

 private:
  Pool pool_;
  sig::KeyTables known_;
  Remembered remembered_;
  Stats stats_;
};

}  // namespace isthmus::exec
