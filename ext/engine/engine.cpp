#include "engine/engine.hpp"

#include <algorithm>
#include <memory>

#include "claim/judge.hpp"
#include "hash/hash.hpp"
#include "hash/segments.hpp"

namespace isthmus::engine {
namespace {

// Sheets live until they are judged, so one call works through its inputs in groups: enough to fill every lane and
// thread, little enough that memory follows the group and not the call.
constexpr usize kGroupBytes = usize{64} << 20;
constexpr usize kGroupInputs = 8192;

constexpr usize kHashRowsPerJob = 1024;

usize group_end(const Rows& inputs, usize first) {
  usize bytes = 0;
  usize last = first;
  while (last < inputs.size() && last - first < kGroupInputs) {
    bytes += inputs[last].size();
    if (last > first && bytes > kGroupBytes) break;
    ++last;
  }
  return last;
}

Outcome to_outcome(const claim::Sheet& sheet, const claim::Verdict& verdict) {
  Outcome out{verdict.status, verdict.code, sheet.place(verdict.node), {}, {}, {}, {}};
  for (const claim::Finding& finding : verdict.findings) {
    out.findings.push_back({finding.status, finding.code, sheet.place(finding.node), finding.byte_off});
  }
  for (usize kind = 1; kind < claim::kKindCount; ++kind) {
    const std::array<u32, 3>& count = verdict.counts[kind];
    if (count[0] + count[1] + count[2] == 0) continue;
    out.counts.emplace_back(claim::word_of(static_cast<claim::Kind>(kind)), count);
  }
  for (const claim::Fact& fact : sheet.facts()) {
    const Bytes bytes = sheet.bytes(fact.ref);
    out.facts.emplace_back(fact.name, std::vector<u8>(bytes.begin(), bytes.end()));
  }
  out.rows = {static_cast<u32>(sheet.hash_rows().size()),     static_cast<u32>(sheet.tree_rows().size()),
              static_cast<u32>(sheet.compare_rows().size()),  static_cast<u32>(sheet.signature_rows().size()),
              static_cast<u32>(sheet.multisig_rows().size()), static_cast<u32>(sheet.recover_rows().size())};
  return out;
}

template <typename Id>
struct Named {
  Id id;
  std::string_view name;
};

constexpr Named<Scheme> kSchemes[] = {
#define X(symbol, number, name) {Scheme::symbol, name},
#include "base/schemes.def"
#undef X
};

constexpr Named<Hash> kHashes[] = {
#define X(symbol, number, name, size) {Hash::symbol, name},
#include "base/hashes.def"
#undef X
};

constexpr Named<Tree> kTrees[] = {
#define X(symbol, number, name) {Tree::symbol, name},
#include "base/trees.def"
#undef X
};

template <typename Id, usize n>
const Id* find(const Named<Id> (&table)[n], std::string_view name) {
  for (const Named<Id>& entry : table) {
    if (entry.name == name) return &entry.id;
  }
  return nullptr;
}

// A length beyond 32 bits is as wrong as any other wrong length.
u32 short_length(Bytes bytes) { return static_cast<u32>(std::min<usize>(bytes.size(), ~u32{0})); }

}  // namespace

const chain::Chain* find_chain(std::string_view name) {
  for (const chain::Chain& chain : chain::kChains) {
    if (chain.name == name) return &chain;
  }
  return nullptr;
}

const Scheme* find_scheme(std::string_view name) { return find(kSchemes, name); }
const Hash* find_hash(std::string_view name) { return find(kHashes, name); }
const Tree* find_tree(std::string_view name) { return find(kTrees, name); }

bool Engine::check(const chain::Chain& chain, const Rows& inputs, const Rows& anchors, std::vector<Outcome>& out,
                   BadAnchor& bad) {
  out.clear();
  out.reserve(inputs.size());
  for (usize first = 0; first < inputs.size();) {
    const usize last = group_end(inputs, first);
    if (!check_group(chain, inputs, anchors, first, last, out, bad)) return false;
    first = last;
  }
  return true;
}

bool Engine::check_group(const chain::Chain& chain, const Rows& inputs, const Rows& anchors, usize first, usize last,
                         std::vector<Outcome>& out, BadAnchor& bad) {
  const usize count = last - first;
  std::vector<std::unique_ptr<claim::Sheet>> owners(count);
  std::vector<chain::AnchorError> errors(count);
  exec::Pool& pool = executor_.pool();
  pool.run(count, [&](usize i) {
    const Bytes input = inputs[first + i];
    const Bytes anchor = anchors[first + i];
    owners[i] = std::make_unique<claim::Sheet>(input, anchor, limits_);
    if (owners[i]->within_limits()) errors[i] = chain.decode(input, anchor, limits_, *owners[i]);
  });
  for (usize i = 0; i < count; ++i) {
    if (errors[i].what == nullptr) continue;
    bad = {first + i, errors[i]};
    return false;
  }
  std::vector<claim::Sheet*> sheets(count);
  std::transform(owners.begin(), owners.end(), sheets.begin(), [](const auto& owner) { return owner.get(); });
  const std::vector<claim::Settled> settled = executor_.settle(sheets);
  out.resize(last);
  pool.run(count, [&](usize i) { out[first + i] = to_outcome(*sheets[i], claim::judge(*sheets[i], settled[i])); });
  return true;
}

void Engine::verify(Scheme scheme, const Rows& keys, const Rows& msgs, const Rows& sigs, u32 flags, u8* ok,
                    const sig::Context& context) {
  std::vector<sig::Row> rows(keys.size());
  for (usize i = 0; i < rows.size(); ++i) {
    const Bytes key = keys[i];
    const Bytes msg = msgs[i];
    const Bytes sig = sigs[i];
    rows[i] = {key.data(), sig.data(), msg.data(), short_length(key), short_length(sig), msg.size(), flags};
  }
  executor_.verify(scheme, rows, ok, context);
}

void Engine::recover(const Rows& digests, const Rows& sigs, u32 flags, u8* keys, u8* ok) {
  std::vector<sig::RecoverRow> rows(digests.size());
  for (usize i = 0; i < rows.size(); ++i) {
    const Bytes digest = digests[i];
    const Bytes sig = sigs[i];
    rows[i] = {sig.data(), digest.data(), short_length(sig), digest.size(), flags};
  }
  executor_.recover(rows, keys, ok);
}

void Engine::hash_many(Hash id, const Rows& messages, u8* digests) {
  const usize size = digest_size(id);
  const usize jobs = (messages.size() + kHashRowsPerJob - 1) / kHashRowsPerJob;
  executor_.pool().run(jobs, [&](usize job) {
    const usize first = job * kHashRowsPerJob;
    const usize count = std::min(kHashRowsPerJob, messages.size() - first);
    hash::EvenRows even;
    if (messages.even(even) && hash::digest_rows(id, even.from(first), count, digests + size * first)) return;
    std::vector<hash::Segment> segments(count);
    std::vector<hash::Message> rows(count);
    for (usize i = 0; i < count; ++i) {
      const Bytes bytes = messages[first + i];
      hash::prefetch_start(bytes.data(), bytes.size());
      segments[i] = {bytes.data(), bytes.size()};
      rows[i] = {&segments[i], 1, digests + size * (first + i)};
    }
    hash::digest_many(id, rows);
  });
}

}  // namespace isthmus::engine
