#include "exec/executor.hpp"

#include <algorithm>
#include <chrono>

#include "base/check.hpp"
#include "exec/spread.hpp"
#include "hash/hash.hpp"

namespace isthmus::exec {
namespace {

using claim::ClaimKind;
using claim::Compare;
using claim::Ref;
using claim::Sheet;

// Batch equations and shared keys pay up to about a thousand rows; below some tens of rows they stop paying, so a small
// batch is not cut finer than that for the sake of idle threads.
constexpr usize kSignatureChunkMin = 64;
constexpr usize kSignatureChunkMax = 1024;
// A chunk is large against the cost of handing it out (a few microseconds); hashing costs about a nanosecond a byte.
constexpr usize kHashChunkBytes = usize{256} << 10;
// At the end of a chunk lanes run empty, so a thread that is alone takes more at a time.
constexpr usize kHashChunkBytesAlone = usize{4} << 20;
constexpr usize kCompareChunk = 4096;

// Row `row` of sheet `sheet`.
struct Job {
  u32 sheet;
  u32 row;
};

// What one call of settle works on.
struct Round {
  std::span<Sheet* const> sheets;
  std::vector<std::vector<u8>> holds;                              // by sheet, by claim
  std::vector<std::vector<u32>> claim_of[claim::kClaimKindCount];  // by claim kind, by sheet: row -> claim

  explicit Round(std::span<Sheet* const> all) : sheets(all), holds(all.size()) {
    for (auto& table : claim_of) table.resize(all.size());
    for (usize s = 0; s < all.size(); ++s) {
      const std::span<const claim::Claim> claims = all[s]->claims();
      holds[s].assign(claims.size(), 0);
      for (u32 c = 0; c < claims.size(); ++c) claim_of[static_cast<usize>(claims[c].kind)][s].push_back(c);
    }
  }

  // Distinct claims write distinct bytes, so threads need no lock.
  void set(ClaimKind kind, Job job, bool value) {
    holds[job.sheet][claim_of[static_cast<usize>(kind)][job.sheet][job.row]] = value;
  }
};

struct Range {
  usize first;
  usize last;
};

std::vector<Range> even_ranges(usize count, usize chunk) {
  std::vector<Range> ranges;
  for (usize first = 0; first < count; first += chunk) ranges.push_back({first, std::min(count, first + chunk)});
  return ranges;
}

std::vector<Range> signature_ranges(usize count, u32 threads) {
  const usize share = threads == 1 ? count : count / (2 * threads);
  return even_ranges(count, std::clamp(share, kSignatureChunkMin, kSignatureChunkMax));
}

usize message_bytes(const Sheet& sheet, const claim::HashRow& row) {
  usize bytes = 64;  // an empty message still costs a block
  for (usize i = 0; i < row.segment_count; ++i) bytes += sheet.refs()[row.segment_first + i].len();
  return bytes;
}

std::vector<Range> hash_ranges(const Round& round, const std::vector<Job>& jobs, u32 threads) {
  const usize chunk = threads == 1 ? kHashChunkBytesAlone : kHashChunkBytes;
  std::vector<Range> ranges;
  usize first = 0;
  usize bytes = 0;
  for (usize i = 0; i < jobs.size(); ++i) {
    const Sheet& sheet = *round.sheets[jobs[i].sheet];
    bytes += message_bytes(sheet, sheet.hash_rows()[jobs[i].row]);
    if (bytes < chunk) continue;
    ranges.push_back({first, i + 1});
    first = i + 1;
    bytes = 0;
  }
  if (first < jobs.size()) ranges.push_back({first, jobs.size()});
  return ranges;
}

void hash_range(const Round& round, Hash id, const std::vector<Job>& jobs, Range range) {
  usize segment_total = 0;
  for (usize i = range.first; i < range.last; ++i) {
    segment_total += round.sheets[jobs[i].sheet]->hash_rows()[jobs[i].row].segment_count;
  }
  std::vector<hash::Segment> segments;
  segments.reserve(segment_total);  // messages point into it
  std::vector<hash::Message> messages;
  messages.reserve(range.last - range.first);
  for (usize i = range.first; i < range.last; ++i) {
    Sheet& sheet = *round.sheets[jobs[i].sheet];
    const claim::HashRow& row = sheet.hash_rows()[jobs[i].row];
    const hash::Segment* const first = segments.data() + segments.size();
    for (usize k = 0; k < row.segment_count; ++k) {
      const Bytes bytes = sheet.bytes(sheet.refs()[row.segment_first + k]);
      segments.push_back({bytes.data(), bytes.size()});
    }
    messages.push_back({first, row.segment_count, sheet.scratch(row.out)});
  }
  hash::digest_many(id, messages);
}

constexpr Hash kHashes[] = {
#define X(symbol, number, name, size) Hash::symbol,
#include "base/hashes.def"
#undef X
};

constexpr Scheme kSchemes[] = {
#define X(symbol, number, name) Scheme::symbol,
#include "base/schemes.def"
#undef X
};

// Jobs of one level, by hash function in the order of kHashes, trees, and keys to recover.
struct Level {
  std::vector<Job> hashes[std::size(kHashes)];
  std::vector<Job> trees;
  std::vector<Job> recovers;
};

usize hash_slot(Hash id) { return static_cast<usize>(std::find(kHashes, std::end(kHashes), id) - kHashes); }

std::vector<Level> plan_levels(const Round& round) {
  usize count = 0;
  for (const Sheet* sheet : round.sheets) count = std::max<usize>(count, sheet->level_count());
  std::vector<Level> levels(count);
  for (u32 s = 0; s < round.sheets.size(); ++s) {
    const Sheet& sheet = *round.sheets[s];
    for (u32 r = 0; r < sheet.hash_rows().size(); ++r) {
      const claim::HashRow& row = sheet.hash_rows()[r];
      levels[row.level].hashes[hash_slot(row.hash)].push_back({s, r});
    }
    for (u32 r = 0; r < sheet.tree_rows().size(); ++r) levels[sheet.tree_rows()[r].level].trees.push_back({s, r});
    for (u32 r = 0; r < sheet.recover_rows().size(); ++r) {
      levels[sheet.recover_rows()[r].level].recovers.push_back({s, r});
    }
  }
  return levels;
}

void settle_trees(Pool& pool, Round& round, const std::vector<Job>& jobs) {
  const auto settle = [&](usize i, const merkle::Spread& spread) {
    Sheet& sheet = *round.sheets[jobs[i].sheet];
    const claim::TreeRow& row = sheet.tree_rows()[jobs[i].row];
    const Bytes leaves = sheet.bytes(row.leaves);
    merkle::Rule rule;
    const bool known = merkle::rule_of(row.tree, row.hash, rule);
    ISTHMUS_CHECK(known);  // decoders name rules and hashes that go together; else the claim is false
    const bool clean = known && merkle::root(rule, leaves.data(), leaves.size() / 32, sheet.scratch(row.out), spread);
    round.set(ClaimKind::tree, jobs[i], clean);
  };
  if (jobs.size() == 1) return settle(0, spread_over(pool));
  pool.run(jobs.size(), [&](usize i) { settle(i, merkle::in_turn); });
}

// All rows of a level in one call, so that they fill lanes and share inversions over sheets.
void settle_recovers(Executor& executor, Round& round, const std::vector<Job>& jobs) {
  if (jobs.empty()) return;
  std::vector<sig::RecoverRow> rows;
  rows.reserve(jobs.size());
  for (const Job& job : jobs) {
    const Sheet& sheet = *round.sheets[job.sheet];
    const claim::RecoverRow& row = sheet.recover_rows()[job.row];
    const Bytes sig = sheet.bytes(row.sig);
    const Bytes msg = sheet.bytes(row.msg);
    rows.push_back({sig.data(), msg.data(), static_cast<u32>(sig.size()), msg.size(), row.flags});
  }
  std::vector<u8> keys(sig::kRecoveredKey * rows.size());
  std::vector<u8> ok(rows.size());
  executor.recover(rows, keys.data(), ok.data());
  for (usize i = 0; i < jobs.size(); ++i) {
    Sheet& sheet = *round.sheets[jobs[i].sheet];
    const Ref out = sheet.recover_rows()[jobs[i].row].out;
    memcpy(sheet.scratch(out), keys.data() + sig::kRecoveredKey * i + 1, out.len());
    round.set(ClaimKind::recover, jobs[i], ok[i] != 0);
  }
}

void settle_levels(Executor& executor, Round& round) {
  Pool& pool = executor.pool();
  for (const Level& level : plan_levels(round)) {
    for (usize h = 0; h < std::size(kHashes); ++h) {
      const std::vector<Job>& jobs = level.hashes[h];
      const std::vector<Range> ranges = hash_ranges(round, jobs, pool.threads());
      pool.run(ranges.size(), [&](usize i) { hash_range(round, kHashes[h], jobs, ranges[i]); });
    }
    settle_trees(pool, round, level.trees);
    settle_recovers(executor, round, level.recovers);
  }
}

// left <= right, both little-endian and of one length.
bool le_at_most(Bytes left, Bytes right) {
  for (usize i = left.size(); i-- > 0;) {
    if (left[i] != right[i]) return left[i] < right[i];
  }
  return true;
}

// A run whose length is no multiple of the piece's has no such piece.
bool is_one_of(Bytes piece, Bytes run) {
  if (piece.empty() || run.size() % piece.size() != 0) return false;
  for (usize at = 0; at < run.size(); at += piece.size()) {
    if (memcmp(run.data() + at, piece.data(), piece.size()) == 0) return true;
  }
  return false;
}

bool compare_holds(const Sheet& sheet, const claim::CompareRow& row) {
  const Bytes left = sheet.bytes(row.left);
  const Bytes right = sheet.bytes(row.right);
  if (row.compare == Compare::one_of) return is_one_of(left, right);
  if (left.size() != right.size()) return false;
  if (row.compare == Compare::le_at_most) return le_at_most(left, right);
  return std::equal(left.begin(), left.end(), right.begin());
}

void settle_compares(Pool& pool, Round& round) {
  for (u32 s = 0; s < round.sheets.size(); ++s) {
    const Sheet& sheet = *round.sheets[s];
    const std::vector<Range> ranges = even_ranges(sheet.compare_rows().size(), kCompareChunk);
    pool.run(ranges.size(), [&](usize i) {
      for (u32 r = static_cast<u32>(ranges[i].first); r < ranges[i].last; ++r) {
        round.set(ClaimKind::compare, {s, r}, compare_holds(sheet, sheet.compare_rows()[r]));
      }
    });
  }
}

sig::Row to_row(const Sheet& sheet, Ref key, Ref sig, Ref msg, u32 flags) {
  const Bytes k = sheet.bytes(key);
  const Bytes s = sheet.bytes(sig);
  const Bytes m = sheet.bytes(msg);
  return {k.data(), s.data(), m.data(), static_cast<u32>(k.size()), static_cast<u32>(s.size()), m.size(), flags};
}

// Rows of one scheme, and where their answers go.
struct Signatures {
  std::vector<Job> jobs;
  std::vector<sig::Row> rows;
  std::vector<u8> ok;
};

Signatures gather_signatures(const Round& round, Scheme scheme, bool remembered) {
  Signatures out;
  for (u32 s = 0; s < round.sheets.size(); ++s) {
    const Sheet& sheet = *round.sheets[s];
    for (u32 r = 0; r < sheet.signature_rows().size(); ++r) {
      const claim::SignatureRow& row = sheet.signature_rows()[r];
      if (row.scheme != scheme || ((row.flags & kSigRemember) != 0) != remembered) continue;
      out.jobs.push_back({s, r});
      out.rows.push_back(to_row(sheet, row.key, row.sig, row.msg, row.flags));
    }
  }
  out.ok.resize(out.rows.size());
  return out;
}

void take_answers(Round& round, const Signatures& from) {
  for (usize i = 0; i < from.jobs.size(); ++i) round.set(ClaimKind::signature, from.jobs[i], from.ok[i] != 0);
}

void settle_signatures(Executor& executor, Round& round) {
  for (const Scheme scheme : kSchemes) {
    Signatures once = gather_signatures(round, scheme, false);
    executor.verify(scheme, once.rows, once.ok.data());
    take_answers(round, once);
    Signatures again = gather_signatures(round, scheme, true);
    executor.verify_remembered(scheme, again.rows, again.ok.data());
    take_answers(round, again);
  }
}

// A multisig row on its way: signatures and keys not yet used, both taken from their ends.
struct Pending {
  Job job;
  u32 sigs_left;
  u32 keys_left;
};

sig::Row next_pair(const Round& round, const Pending& pending) {
  const Sheet& sheet = *round.sheets[pending.job.sheet];
  const claim::MultisigRow& row = sheet.multisig_rows()[pending.job.row];
  const std::span<const Ref> refs = sheet.refs();
  const u32 s = pending.sigs_left - 1;
  return to_row(sheet, refs[row.keys_first + pending.keys_left - 1], refs[row.sigs_first + s],
                refs[row.sigs_first + row.sig_count + s], row.flags);
}

std::vector<Pending> first_pending(const Round& round, Scheme scheme) {
  std::vector<Pending> pending;
  for (u32 s = 0; s < round.sheets.size(); ++s) {
    const Sheet& sheet = *round.sheets[s];
    for (u32 r = 0; r < sheet.multisig_rows().size(); ++r) {
      const claim::MultisigRow& row = sheet.multisig_rows()[r];
      // No signatures asked for: nothing was proved, so the claim stays false.
      if (row.scheme != scheme || row.sig_count == 0 || row.sig_count > row.key_count) continue;
      pending.push_back({{s, r}, row.sig_count, row.key_count});
    }
  }
  return pending;
}

// One pair of every row is evaluated per pass, all rows of all sheets together; a row needs at most as many passes as
// it has keys, and exactly as many evaluations as the script interpreter would make.
void settle_multisigs(Executor& executor, Round& round, Scheme scheme) {
  std::vector<Pending> pending = first_pending(round, scheme);
  std::vector<sig::Row> rows;
  std::vector<u8> ok;
  while (!pending.empty()) {
    rows.clear();
    for (const Pending& each : pending) rows.push_back(next_pair(round, each));
    ok.assign(rows.size(), 0);
    executor.verify(scheme, rows, ok.data());
    std::vector<Pending> open;
    for (usize i = 0; i < pending.size(); ++i) {
      Pending next = pending[i];
      --next.keys_left;
      if (ok[i] != 0) --next.sigs_left;
      if (next.sigs_left == 0) {
        round.set(ClaimKind::multisig, next.job, true);
      } else if (next.sigs_left <= next.keys_left) {
        open.push_back(next);
      }
    }
    pending = std::move(open);
  }
}

void count_rows(Stats& stats, std::span<Sheet* const> sheets) {
  stats.sheets += sheets.size();
  for (const Sheet* sheet : sheets) {
    stats.hash_rows += sheet->hash_rows().size();
    stats.tree_rows += sheet->tree_rows().size();
    stats.compare_rows += sheet->compare_rows().size();
    stats.multisig_rows += sheet->multisig_rows().size();
    stats.recover_rows += sheet->recover_rows().size();
  }
}

}  // namespace

void Executor::verify(Scheme scheme, std::span<const sig::Row> rows, u8* ok, sig::Context context) {
  context.known = &known_;
  const std::vector<Range> ranges = signature_ranges(rows.size(), pool_.threads());
  pool_.run(ranges.size(), [&](usize i) {
    const auto [first, last] = ranges[i];
    sig::verify(scheme, rows.subspan(first, last - first), ok + first, context);
  });
  stats_.signature_rows += rows.size();
}

void Executor::verify_remembered(Scheme scheme, std::span<const sig::Row> rows, u8* ok) {
  if (rows.empty()) return;
  const std::vector<RowDigest> digests = digests_of(scheme, rows);
  const std::vector<Remembered::Outcome> found = remembered_.find(digests);
  std::vector<usize> order;  // rows that are not remembered, equal ones next to one another
  for (usize i = 0; i < rows.size(); ++i) {
    ok[i] = found[i] == Remembered::Outcome::holds ? 1 : 0;
    if (found[i] == Remembered::Outcome::unknown) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](usize a, usize b) { return digests[a] < digests[b]; });
  std::vector<RowDigest> fresh;
  std::vector<sig::Row> fresh_rows;
  for (const usize i : order) {
    if (!fresh.empty() && fresh.back() == digests[i]) continue;
    fresh.push_back(digests[i]);
    fresh_rows.push_back(rows[i]);
  }
  std::vector<u8> answers(fresh.size());
  verify(scheme, fresh_rows, answers.data());
  usize at = 0;
  for (const usize i : order) {
    if (digests[i] != fresh[at]) ++at;
    ok[i] = answers[at];
  }
  remembered_.keep(fresh, answers);
}

void Executor::recover(std::span<const sig::RecoverRow> rows, u8* keys, u8* ok) {
  const std::vector<Range> ranges = signature_ranges(rows.size(), pool_.threads());
  pool_.run(ranges.size(), [&](usize i) {
    const auto [first, last] = ranges[i];
    sig::recover(rows.subspan(first, last - first), keys + sig::kRecoveredKey * first, ok + first);
  });
  stats_.signature_rows += rows.size();
}

std::vector<claim::Settled> Executor::settle(std::span<Sheet* const> sheets) {
  const auto start = std::chrono::steady_clock::now();
  Round round(sheets);
  settle_levels(*this, round);
  settle_compares(pool_, round);
  settle_signatures(*this, round);
  for (const Scheme scheme : kSchemes) settle_multisigs(*this, round, scheme);

  std::vector<claim::Settled> settled;
  settled.reserve(sheets.size());
  for (usize s = 0; s < sheets.size(); ++s) {
    settled.push_back(claim::Settled(sheets[s]->id(), std::move(round.holds[s])));
  }
  count_rows(stats_, sheets);
  stats_.settle_ns += static_cast<u64>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count());
  return settled;
}

}  // namespace isthmus::exec
