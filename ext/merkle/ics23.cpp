#include "merkle/ics23.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "hash/blake2.hpp"
#include "hash/hash.hpp"
#include "hash/sha512_256.hpp"
#include "merkle/ics23_proof.hpp"

namespace isthmus::merkle::ics23 {
namespace {

using hash::Message;
using hash::Segment;

constexpr usize kDigestMax = 64;
constexpr usize kLengthMax = 10;  // a varint of 64 bits

struct Digest {
  u8 bytes[kDigestMax];
  usize len = 0;

  operator Bytes() const { return {bytes, len}; }
};

Segment segment(Bytes bytes) { return {bytes.data(), bytes.size()}; }

// ---- hashes ----

usize size_of(HashOp op) {
  switch (op) {
    case HashOp::sha256:
    case HashOp::sha512_256:
    case HashOp::blake2s_256:
    case HashOp::keccak256:
    case HashOp::blake3:
      return 32;
    case HashOp::sha512:
    case HashOp::blake2b_512:
      return 64;
    case HashOp::ripemd160:
    case HashOp::bitcoin:
      return 20;
    case HashOp::no_hash:
      return 0;
  }
  return 0;
}

// Hashes without lanes.
template <typename Stream>
void digest_each(std::span<const Message> messages) {
  const Stream fresh;  // that of SHA-512/256 takes a compression
  for (const Message& message : messages) {
    Stream stream = fresh;
    for (usize i = 0; i < message.segment_count; ++i) {
      stream.update({message.segments[i].data, message.segments[i].len});
    }
    stream.finish(message.out);
  }
}

void digest_many(HashOp op, std::span<const Message> messages) {
  switch (op) {
    case HashOp::sha256:
      return hash::digest_many(Hash::sha256, messages);
    case HashOp::sha512:
      return hash::digest_many(Hash::sha512, messages);
    case HashOp::ripemd160:
      return hash::digest_many(Hash::ripemd160, messages);
    case HashOp::bitcoin:
      return hash::digest_many(Hash::hash160, messages);
    case HashOp::sha512_256:
      return digest_each<hash::Sha512_256>(messages);
    case HashOp::blake2b_512:
      return digest_each<hash::Blake2b512>(messages);
    case HashOp::blake2s_256:
      return digest_each<hash::Blake2s256>(messages);
    case HashOp::keccak256:
      return hash::digest_many(Hash::keccak256, messages);
    case HashOp::blake3:
      return hash::digest_many(Hash::blake3, messages);
    case HashOp::no_hash:
      return;  // Pass takes no such message
  }
}

// Messages of up to kParts segments, each with its hash; run() computes them hash by hash.
class Pass {
 public:
  static constexpr usize kParts = 5;

  void reserve(usize count) {
    segments_.reserve(count);
    ops_.reserve(count);
    outs_.reserve(count);
  }

  // `out` stays where it is until run(). No hash leaves it without a digest.
  void add(HashOp op, const std::array<Segment, kParts>& segments, Digest& out) {
    out.len = size_of(op);
    if (out.len == 0) return;
    segments_.push_back(segments);
    ops_.push_back(op);
    outs_.push_back(out.bytes);
  }

  void run() {
    std::vector<Message> messages;
    messages.reserve(ops_.size());
    for (i32 number = 1; number <= kHashOpLast; ++number) {
      const auto op = static_cast<HashOp>(number);
      messages.clear();
      for (usize i = 0; i < ops_.size(); ++i) {
        if (ops_[i] == op) messages.push_back({segments_[i].data(), kParts, outs_[i]});
      }
      if (!messages.empty()) digest_many(op, messages);
    }
    segments_.clear();
    ops_.clear();
    outs_.clear();
  }

 private:
  std::vector<std::array<Segment, kParts>> segments_;
  std::vector<HashOp> ops_;
  std::vector<u8*> outs_;
};

// ---- leaves ----

struct LengthBytes {
  u8 bytes[kLengthMax];
  usize len = 0;

  operator Bytes() const { return {bytes, len}; }
};

// What goes before `size` bytes; false iff the form refuses that size.
bool length_bytes(LengthOp op, u64 size, LengthBytes& out) {
  const auto big_endian = [&](usize width) {
    for (usize i = 0; i < width; ++i) out.bytes[i] = static_cast<u8>(size >> (8 * (width - 1 - i)));
    out.len = width;
    return true;
  };
  const auto little_endian = [&](usize width) {
    for (usize i = 0; i < width; ++i) out.bytes[i] = static_cast<u8>(size >> (8 * i));
    out.len = width;
    return true;
  };
  switch (op) {
    case LengthOp::no_prefix:
      return true;
    case LengthOp::var_proto:
      for (; size >= 0x80; size >>= 7) out.bytes[out.len++] = static_cast<u8>(size | 0x80);
      out.bytes[out.len++] = static_cast<u8>(size);
      return true;
    case LengthOp::fixed32_big:
      return big_endian(4);
    case LengthOp::fixed32_little:
      return little_endian(4);
    case LengthOp::fixed64_big:
      return big_endian(8);
    case LengthOp::fixed64_little:
      return little_endian(8);
    case LengthOp::require_32_bytes:
      return size == 32;
    case LengthOp::require_64_bytes:
      return size == 64;
    case LengthOp::var_rlp:
      return false;
  }
  return false;
}

// Key or value as it goes into the leaf.
struct LeafPart {
  Digest prehashed;
  LengthBytes length;

  Bytes data(HashOp prehash, Bytes raw) const { return prehash == HashOp::no_hash ? raw : Bytes(prehashed); }
};

// ---- many proofs up their paths ----

// One existence proof on its way to its root. A false `holds` is final.
struct Climb {
  const Spec* spec;
  const Proof* proof;
  const Existence* existence;
  bool holds = false;
  LeafPart key, value;
  Digest nodes[2];  // by parity of the step: a hash must not write where it reads

  const InnerOp& step(u32 i) const { return proof->ops[proof->path[existence->path_at + i]]; }
  const Digest& root() const { return nodes[existence->path_len % 2]; }
};

bool fits(const Climb& climb) {
  const Spec& spec = *climb.spec;
  const Existence& existence = *climb.existence;
  if (!fits_leaf(spec, existence.leaf)) return false;
  if (existence.key.empty() || existence.value.empty()) return false;
  if (existence.path_len > spec.depth_max || existence.path_len < spec.depth_min) return false;
  for (u32 i = 0; i < existence.path_len; ++i) {
    if (!fits_inner(spec, climb.step(i), i + 1)) return false;
  }
  return true;
}

void add_prehash(Pass& pass, HashOp op, Bytes raw, LeafPart& part) {
  if (op != HashOp::no_hash) pass.add(op, {segment(raw)}, part.prehashed);
}

bool add_leaf(Pass& pass, const LeafOp& op, Bytes raw_key, Bytes raw_value, LeafPart& key, LeafPart& value,
              Digest& out) {
  const Bytes key_data = key.data(op.prehash_key, raw_key);
  const Bytes value_data = value.data(op.prehash_value, raw_value);
  if (!length_bytes(op.length, key_data.size(), key.length)) return false;
  if (!length_bytes(op.length, value_data.size(), value.length)) return false;
  pass.add(op.hash,
           {segment(op.prefix), segment(key.length), segment(key_data), segment(value.length), segment(value_data)},
           out);
  return true;
}

void hash_leaves(std::vector<Climb>& climbs, Pass& pass) {
  for (Climb& climb : climbs) {
    if (!climb.holds) continue;
    add_prehash(pass, climb.existence->leaf.prehash_key, climb.existence->key, climb.key);
    add_prehash(pass, climb.existence->leaf.prehash_value, climb.existence->value, climb.value);
  }
  pass.run();
  for (Climb& climb : climbs) {
    if (!climb.holds) continue;
    const Existence& existence = *climb.existence;
    climb.holds =
        add_leaf(pass, existence.leaf, existence.key, existence.value, climb.key, climb.value, climb.nodes[0]);
  }
  pass.run();
}

// Leaves `holds` where a root was computed.
void climb_all(std::vector<Climb>& climbs) {
  Pass pass;
  pass.reserve(2 * climbs.size());
  u32 steps = 0;
  for (Climb& climb : climbs) {
    climb.holds = fits(climb);
    if (climb.holds) steps = std::max(steps, climb.existence->path_len);
  }
  hash_leaves(climbs, pass);
  for (u32 i = 0; i < steps; ++i) {
    for (Climb& climb : climbs) {
      if (!climb.holds || i >= climb.existence->path_len) continue;
      const InnerOp& op = climb.step(i);
      Digest& out = climb.nodes[(i + 1) % 2];
      pass.add(op.hash, {segment(op.prefix), segment(climb.nodes[i % 2]), segment(op.suffix)}, out);
      // A node longer than a child's place could reach over into the next.
      const i64 child_size = climb.spec->inner.child_size;
      if (static_cast<i64>(out.len) > child_size && child_size >= 32) climb.holds = false;
    }
    pass.run();
  }
}

// ---- statements ----

// The parts of one link's proof that matter: indexes into the climbs, or kNone.
struct Chosen {
  bool found = false;
  bool is_absence = false;
  u32 exist = kNone, left = kNone, right = kNone;
};

// A proof as it was read, for all links that follow one another with it.
struct Reading {
  Bytes bytes;
  const Spec* spec;
  Proof proof;
  bool well_formed = false;
  std::vector<u8> key_hashes;  // of all existences, where absence was asked for in a store that orders keys by them
};

bool reads_as(const Link& link, Bytes bytes, const Spec* spec) {
  return link.proof.data() == bytes.data() && link.proof.size() == bytes.size() && link.spec == spec;
}

// Whether keys are compared by their hashes, not as they are.
bool orders_by_hash(const Spec& spec) {
  return spec.prehash_key_before_comparison && spec.leaf.prehash_key != HashOp::no_hash;
}

void hash_keys(Reading& reading) {
  constexpr usize kAtOnce = 1024;
  const std::vector<Existence>& existences = reading.proof.existences;
  const HashOp op = reading.spec->leaf.prehash_key;
  const usize size = size_of(op);
  reading.key_hashes.resize(size * existences.size());
  std::vector<Segment> segments(std::min(kAtOnce, existences.size()));
  std::vector<Message> messages(segments.size());
  for (usize from = 0; from < existences.size(); from += kAtOnce) {
    const usize count = std::min(kAtOnce, existences.size() - from);
    for (usize i = 0; i < count; ++i) {
      segments[i] = segment(existences[from + i].key);
      messages[i] = {&segments[i], 1, reading.key_hashes.data() + size * (from + i)};
    }
    digest_many(op, std::span(messages).first(count));
  }
}

class Verifier {
 public:
  void run(std::span<const Statement> statements, u8* ok) {
    forget();
    hash_asked(statements);
    for (usize i = 0; i < statements.size(); ++i) choose_all(statements[i], asked_[i]);
    climb_all(climbs_);
    const Chosen* chosen = chosen_.data();
    for (usize i = 0; i < statements.size(); ++i) {
      ok[i] = holds(statements[i], chosen) ? 1 : 0;
      chosen += statements[i].links.size();
    }
  }

 private:
  // The last run's work but for its last proof, which the next statements may be about too.
  void forget() {
    climbs_.clear();
    chosen_.clear();
    if (readings_.size() > 1) readings_.erase(readings_.begin(), readings_.end() - 1);
  }

  // The hashes of keys whose absence is asked for, where hashes are compared.
  void hash_asked(std::span<const Statement> statements) {
    asked_.assign(statements.size(), {});
    Pass pass;
    for (usize i = 0; i < statements.size(); ++i) {
      const Statement& statement = statements[i];
      if (statement.is_present || statement.links.empty()) continue;
      const Link& link = statement.links[0];
      if (orders_by_hash(*link.spec)) pass.add(link.spec->leaf.prehash_key, {segment(link.key)}, asked_[i]);
    }
    pass.run();
  }

  void choose_all(const Statement& statement, const Digest& asked) {
    for (usize i = 0; i < statement.links.size(); ++i) {
      const Link& link = statement.links[i];
      const bool wants_absence = i == 0 && !statement.is_present;
      const Bytes wanted = wants_absence && orders_by_hash(*link.spec) ? Bytes(asked) : link.key;
      chosen_.push_back(choose(link, wanted, wants_absence, statement.takes_batches));
    }
  }

  // The proof of a link; null if it is malformed.
  Reading* read(const Link& link) {
    if (readings_.empty() || !reads_as(link, readings_.back()->bytes, readings_.back()->spec)) {
      if (climbs_.empty()) readings_.clear();  // nobody points there
      auto fresh = std::make_unique<Reading>(Reading{link.proof, link.spec, {}, false, {}});
      fresh->well_formed = read_proof(link.proof, link.spec->depth_max, fresh->proof);
      readings_.push_back(std::move(fresh));
    }
    return readings_.back()->well_formed ? readings_.back().get() : nullptr;
  }

  // `wanted` is the link's key, or its hash where absence is asked for and hashes are compared.
  Chosen choose(const Link& link, Bytes wanted, bool wants_absence, bool takes_batches) {
    Reading* const reading = read(link);
    if (reading == nullptr || (reading->proof.is_batch && !takes_batches)) return {};
    if (wants_absence && orders_by_hash(*link.spec) && reading->key_hashes.empty()) hash_keys(*reading);
    const Proof& proof = reading->proof;
    for (const Entry& entry : proof.entries) {
      const bool is_absence = entry.exist == kNone;
      if (is_absence != wants_absence) continue;
      if (is_absence ? !is_between(*reading, entry, wanted) : !equal(proof.existences[entry.exist].key, wanted)) {
        continue;
      }
      return {true, is_absence, add(link, proof, entry.exist), add(link, proof, entry.left),
              add(link, proof, entry.right)};
    }
    return {};
  }

  u32 add(const Link& link, const Proof& proof, u32 existence) {
    if (existence == kNone) return kNone;
    climbs_.push_back({link.spec, &proof, &proof.existences[existence], false, {}, {}, {}});
    return static_cast<u32>(climbs_.size() - 1);
  }

  static Bytes compared_key(const Reading& reading, u32 existence) {
    if (!orders_by_hash(*reading.spec)) return reading.proof.existences[existence].key;
    const usize size = size_of(reading.spec->leaf.prehash_key);
    return {reading.key_hashes.data() + size * existence, size};
  }

  static bool is_between(const Reading& reading, const Entry& entry, Bytes key) {
    if (entry.left != kNone && !is_less(compared_key(reading, entry.left), key)) return false;
    if (entry.right == kNone) return entry.left != kNone;
    return is_less(key, compared_key(reading, entry.right));
  }

  static bool is_less(Bytes a, Bytes b) { return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end()); }

  std::vector<const InnerOp*> path_of(const Climb& climb) const {
    std::vector<const InnerOp*> path(climb.existence->path_len);
    for (u32 i = 0; i < path.size(); ++i) path[i] = &climb.step(i);
    return path;
  }

  bool are_adjacent(const InnerSpec& spec, const Chosen& chosen) const {
    if (chosen.left == kNone) return is_left_most(spec, path_of(climbs_[chosen.right]));
    if (chosen.right == kNone) return is_right_most(spec, path_of(climbs_[chosen.left]));
    return are_neighbours(spec, path_of(climbs_[chosen.left]), path_of(climbs_[chosen.right]));
  }

  // The one root that all parts of a link's proof lead to; empty if there is none.
  Bytes root_of(const Link& link, const Chosen& chosen) const {
    if (!chosen.found) return {};
    if (!chosen.is_absence) return climbs_[chosen.exist].holds ? Bytes(climbs_[chosen.exist].root()) : Bytes();
    for (const u32 side : {chosen.left, chosen.right}) {
      if (side != kNone && !climbs_[side].holds) return {};
    }
    if (!are_adjacent(link.spec->inner, chosen)) return {};
    const Bytes root = climbs_[chosen.left != kNone ? chosen.left : chosen.right].root();
    if (chosen.right != kNone && !equal(root, climbs_[chosen.right].root())) return {};
    return root;
  }

  bool holds(const Statement& statement, const Chosen* chosen) const {
    Bytes value = statement.value;
    for (usize i = 0; i < statement.links.size(); ++i) {
      const Bytes root = root_of(statement.links[i], chosen[i]);
      if (root.empty()) return false;
      if (!chosen[i].is_absence && !equal(climbs_[chosen[i].exist].existence->value, value)) return false;
      value = root;
    }
    return !statement.links.empty() && equal(value, statement.root);
  }

  std::vector<std::unique_ptr<Reading>> readings_;  // where climbs point
  std::vector<Digest> asked_;                       // one a statement
  std::vector<Climb> climbs_;
  std::vector<Chosen> chosen_;  // one a link
};

// How many of these statements, of which there is one, are a run: few enough that what is read of their proofs stays
// small. A proof that links share one after the other is read once.
usize run_of(std::span<const Statement> statements) {
  constexpr usize kStatements = 1024;
  constexpr usize kBytes = usize{4} << 20;
  const Link* last = nullptr;
  usize bytes = 0;
  usize count = 0;
  for (; count < std::min(kStatements, statements.size()); ++count) {
    for (const Link& link : statements[count].links) {
      if (last == nullptr || !reads_as(link, last->proof, last->spec)) bytes += link.proof.size();
      last = &link;
    }
    if (count != 0 && bytes > kBytes) break;
  }
  return count;
}

}  // namespace

void verify(std::span<const Statement> statements, u8* ok) {
  Verifier verifier;
  while (!statements.empty()) {
    const usize run = run_of(statements);
    verifier.run(statements.first(run), ok);
    statements = statements.subspan(run);
    ok += run;
  }
}

usize apply_leaf(const LeafOp& op, Bytes key, Bytes value, u8* out) {
  if (key.empty() || value.empty()) return 0;
  Pass pass;
  LeafPart key_part, value_part;
  Digest digest;
  add_prehash(pass, op.prehash_key, key, key_part);
  add_prehash(pass, op.prehash_value, value, value_part);
  pass.run();
  if (!add_leaf(pass, op, key, value, key_part, value_part, digest)) return 0;
  pass.run();
  if (digest.len != 0) memcpy(out, digest.bytes, digest.len);
  return digest.len;
}

usize apply_inner(const InnerOp& op, Bytes child, u8* out) {
  if (child.empty()) return 0;
  Pass pass;
  Digest digest;
  pass.add(op.hash, {segment(op.prefix), segment(child), segment(op.suffix)}, digest);
  pass.run();
  if (digest.len != 0) memcpy(out, digest.bytes, digest.len);
  return digest.len;
}

}  // namespace isthmus::merkle::ics23
