// The claim sheet: everything that must hold for one input to be valid, as flat tables of rows.
//
// A chain decoder fills it and decides nothing; the executor (exec/) settles rows; the judge (claim/judge.hpp) folds
// the settled rows over the threshold tree. Rows hold (offset, length) pairs into four byte spaces, never pointers, so
// a sheet can be printed, counted, replayed and moved.
//
// Cost: one vector append per row; a decoder touches each input byte once.
#pragma once

#include <string>
#include <vector>

#include "base/codes.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/span.hpp"
#include "claim/policy.hpp"

namespace isthmus::claim {

// Where the bytes of a Ref lie.
enum class Space : u8 {
  input = 0,    // the untrusted bytes given to the decoder; never copied
  anchor = 1,   // the trusted bytes given beside them
  text = 2,     // literal bytes written by the decoder (prefixes, re-serialised fields)
  scratch = 3,  // written by hash, tree and recover rows, level by level, while the sheet is settled
};

// (space, offset, length). Lengths stay below 2^30, offsets below 2^32; Sheet's makers guarantee it (Limits).
struct Ref {
  u32 off = 0;
  u32 len_space = 0;

  static constexpr Ref make(Space space, usize off, usize len) {
    return {static_cast<u32>(off), static_cast<u32>(len << 2 | static_cast<u32>(space))};
  }
  constexpr Space space() const { return static_cast<Space>(len_space & 3); }
  constexpr u32 len() const { return len_space >> 2; }
  constexpr Ref sub(u32 at, u32 n) const { return make(space(), off + at, n); }
};

enum class Kind : u8 {
#define X(symbol, number, word) symbol = number,
#include "base/kinds.def"
#undef X
};

const char* word_of(Kind kind);

using ClaimId = u32;
inline constexpr NodeId kRoot = 0;
inline constexpr NodeId kNoParent = ~NodeId{0};
inline constexpr ClaimId kNoClaim = ~ClaimId{0};  // from a sheet beyond its limits; binding it does nothing

// How a node follows from its children.
enum class Fold : u8 {
  all = 0,     // every child holds
  quorum = 1,  // the weights of the children that hold add up to at least `need`; other children may fail
  strict = 2,  // as quorum, and no child may be invalid (CometBFT's full commit check)
  policy = 3,  // the program `need` of Sheet::policies() holds over its voters (claim/policy.hpp)
  aside = 4,   // as all, but counts nowhere: what several policies or nodes refer to
};

// One node of the threshold tree. It holds iff no finding was noted at it, every claim bound to it holds, its fold is
// satisfied, and it is not empty (neither claims nor children: never vacuously true).
struct Node {
  NodeId parent;
  u32 index;   // number printed after the kind's word: height, transaction, input, validator index
  u64 need;    // for quorum and strict; from the anchor, never from the input. For policy: which of the policies
  u64 weight;  // what this node adds to its parent's sum; from the anchor, never from the input
  Code code;   // said when the fold itself is not satisfied
  Kind kind;
  Fold fold;
};

// A node that holds only if `on` holds as well, which stands elsewhere in the tree: an identity whose certificates are
// judged once and used in many places. Nothing that a node relies on may itself rely on anything or be a policy. The
// code is said at the node where `on` does not hold.
struct Reliance {
  u32 sequence;
  NodeId node;
  NodeId on;
  Code code;
};

// Something the decoder itself found while reading: cheap rules, missing context.
struct Note {
  u32 sequence;
  NodeId node;
  Status status;  // invalid or undecided
  Code code;
  u64 byte_off;  // in the input
};

// A claim counts at each node it is bound to; `code` is said there when it is false. A claim that refutes is evidence
// against its node (a revocation list's signature): the code is said when it is true, and when it is false the node
// holds no more for it, nor does it make the node less empty.
struct Binding {
  u32 sequence;
  NodeId node;
  ClaimId claim;
  Code code;
  bool refutes = false;
};

enum class ClaimKind : u8 { signature = 0, multisig = 1, compare = 2, tree = 3, recover = 4 };
inline constexpr usize kClaimKindCount = 5;

struct Claim {
  ClaimKind kind;
  u32 row;
};

struct HashRow {
  Hash hash;
  u16 level;
  u32 segment_first;
  u32 segment_count;
  Ref out;
};

// The root of `leaves` (a run of 32-byte digests) is written to `out`; as a claim it holds iff the tree is not mutated.
struct TreeRow {
  Tree tree;
  Hash hash;  // kUsualHash, or the hash of a rule that leaves it open
  u16 level;
  Ref leaves;
  Ref out;
};

enum class Compare : u8 {
  equal = 0,       // same bytes (and same length)
  le_at_most = 1,  // left <= right as little-endian unsigned integers of equal length (proof of work)
  one_of = 2,      // right is a run of pieces as long as left, one of which is left (a key's hash among node ids)
};

struct CompareRow {
  Compare compare;
  Ref left;
  Ref right;
};

struct SignatureRow {
  Scheme scheme;
  u32 flags;  // kSig... of base/ids.hpp
  Ref key;
  Ref sig;
  Ref msg;
};

// m signatures that must match m of the n keys in order, as OP_CHECKMULTISIG does: from the last signature and the last
// key backwards, each failed key costing one evaluation. `sigs` and `msgs` are parallel runs in `refs`.
struct MultisigRow {
  Scheme scheme;
  u32 flags;
  u32 sigs_first;  // sig_count refs to signatures, then sig_count refs to their messages
  u32 sig_count;
  u32 keys_first;  // key_count refs
  u32 key_count;
};

// The secp256k1 key that made `sig` (r || s || v, sig/recover.hpp) over `msg` is written to `out`, 64 bytes x || y, or
// zeros where there is none; as a claim it holds iff there is one. Every signature has some key, so a key means nothing
// before it, or a hash of it, is compared with whose it must be.
struct RecoverRow {
  u32 flags;  // kSigLowS
  u16 level;
  Ref sig;
  Ref msg;
  Ref out;
};

// A value that the decoder read or had computed and that the caller may want: header hash, height, time.
struct Fact {
  const char* name;  // static text
  Ref ref;
};

class Sheet {
 public:
  Sheet(Bytes input, Bytes anchor, const Limits& limits);
  Sheet(Sheet&&) noexcept = default;
  Sheet& operator=(Sheet&&) noexcept = default;

  // --- bytes
  Ref input(usize off, usize len) const { return Ref::make(Space::input, off, len); }
  Ref anchor(usize off, usize len) const { return Ref::make(Space::anchor, off, len); }
  Ref text(Bytes bytes);
  Ref text(std::initializer_list<u8> bytes) { return text(Bytes(bytes.begin(), bytes.size())); }
  // Zeroed scratch of `len` bytes (a multiple of 4) to be filled by hash_into, or left as zero (a coinbase's wtxid).
  Ref reserve(usize len);
  // Bytes of a ref. For scratch: valid only once settled.
  Bytes bytes(Ref ref) const;

  // --- hash and tree rows; levels follow from the scratch refs that they read
  Ref hash(Hash hash, std::span<const Ref> segments);
  Ref hash(Hash id, std::initializer_list<Ref> segments) {
    return hash(id, std::span<const Ref>(segments.begin(), segments.size()));
  }
  void hash_into(Ref out, Hash hash, std::span<const Ref> segments);
  void hash_into(Ref out, Hash id, std::initializer_list<Ref> segments) {
    hash_into(out, id, std::span<const Ref>(segments.begin(), segments.size()));
  }
  // Root of the leaves, and the claim that the tree is not mutated.
  struct TreeResult {
    Ref root;
    ClaimId claim;
  };
  TreeResult tree(Tree tree, Ref leaves, Hash hash = kUsualHash);

  // --- claims
  ClaimId signature(Scheme scheme, u32 flags, Ref key, Ref sig, Ref msg);
  ClaimId multisig(Scheme scheme, u32 flags, std::span<const Ref> keys, std::span<const Ref> sigs,
                   std::span<const Ref> msgs);
  ClaimId compare(Compare compare, Ref left, Ref right);
  // The recovered key (64 bytes of scratch, read by rows of later levels), and the claim that there is one.
  struct Recovered {
    Ref key;
    ClaimId claim;
  };
  Recovered recover(u32 flags, Ref sig, Ref msg);

  // --- the threshold tree. The root node exists from the start as (kind none, fold all); shape it with root().
  void root(Kind kind, u32 index) {
    nodes_[kRoot].kind = kind;
    nodes_[kRoot].index = index;
  }
  NodeId all(NodeId parent, Kind kind, u32 index, u64 weight = 0);
  NodeId quorum(NodeId parent, Kind kind, u32 index, u64 need, Fold fold, Code code = Code::quorum_not_reached,
                u64 weight = 0);
  NodeId aside(NodeId parent, Kind kind, u32 index);
  // A program is stated once and used by many policies.
  ProgramId program(std::span<const Rule> rules, u32 principals);
  // Voters in the order in which they stand in the input; `proofs` has a node for each voter and principal, voter by
  // voter, kNoNode where he is not the principal. A program that holds without any voter never holds here: such a node
  // is noted as policy_vacuous.
  NodeId policy(NodeId parent, Kind kind, u32 index, ProgramId program, std::span<const Voter> voters,
                std::span<const NodeId> proofs, u64 weight = 0, Code code = Code::policy_not_satisfied);
  void rely(NodeId node, NodeId on, Code code) { reliances_.push_back({sequence_++, node, on, code}); }
  void bind(NodeId node, ClaimId claim, Code code);
  // Binds a claim that makes the node invalid if it holds.
  void refute(NodeId node, ClaimId claim, Code code);
  // Shorthand: state the claim and bind it.
  void require(NodeId node, Code code, ClaimId claim) { bind(node, claim, code); }

  void fail(NodeId node, Code code, u64 byte_off = 0) { note(node, Status::invalid, code, byte_off); }
  void undecided(NodeId node, Code code, u64 byte_off = 0) { note(node, Status::undecided, code, byte_off); }
  void fact(const char* name, Ref ref) { facts_.push_back({name, ref}); }

  // False once a limit was exceeded (the root then carries limit_exceeded): a decoder stops at its next convenient
  // loop.
  bool within_limits() const { return within_limits_; }

  // --- read by exec, judge and bind
  u64 id() const { return id_; }
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const Note> notes() const { return notes_; }
  std::span<const Binding> bindings() const { return bindings_; }
  std::span<const Reliance> reliances() const { return reliances_; }
  std::span<const Policy> policies() const { return policies_; }
  Ballot ballot(const Policy& policy) const;
  std::span<const Claim> claims() const { return claims_; }
  std::span<const HashRow> hash_rows() const { return hash_rows_; }
  std::span<const TreeRow> tree_rows() const { return tree_rows_; }
  std::span<const CompareRow> compare_rows() const { return compare_rows_; }
  std::span<const SignatureRow> signature_rows() const { return signature_rows_; }
  std::span<const MultisigRow> multisig_rows() const { return multisig_rows_; }
  std::span<const RecoverRow> recover_rows() const { return recover_rows_; }
  std::span<const Ref> refs() const { return refs_; }
  std::span<const Fact> facts() const { return facts_; }
  u16 level_count() const { return level_count_; }
  // Scratch as the executor writes it.
  u8* scratch(Ref ref) { return scratch_.data() + ref.off; }

  // "block 866342 tx 17 input 3": the path from the root to a node.
  std::string place(NodeId node) const;

 private:
  void note(NodeId node, Status status, Code code, u64 byte_off);
  NodeId node(const Node& node);
  ClaimId claim(ClaimKind kind, usize row);
  bool admit_row();
  void exceed();
  u16 level_after(std::span<const Ref> segments) const;
  u16 level_of(Ref ref) const;
  void set_level(Ref ref, u16 level);

  Bytes input_;
  Bytes anchor_;
  Limits limits_;
  u64 id_;
  u32 sequence_ = 0;
  u32 row_count_ = 0;
  u16 level_count_ = 0;
  bool within_limits_ = true;
  std::vector<u8> text_;
  std::vector<u8> scratch_;
  std::vector<u16> levels_;  // per 4 bytes of scratch: the level that may read it
  std::vector<Node> nodes_;
  std::vector<Note> notes_;
  std::vector<Binding> bindings_;
  std::vector<Reliance> reliances_;
  std::vector<Program> programs_;
  std::vector<Rule> rules_;
  std::vector<Policy> policies_;
  std::vector<Voter> voters_;
  std::vector<NodeId> proofs_;
  std::vector<Claim> claims_;
  std::vector<HashRow> hash_rows_;
  std::vector<TreeRow> tree_rows_;
  std::vector<CompareRow> compare_rows_;
  std::vector<SignatureRow> signature_rows_;
  std::vector<MultisigRow> multisig_rows_;
  std::vector<RecoverRow> recover_rows_;
  std::vector<Ref> refs_;
  std::vector<Fact> facts_;
};

}  // namespace isthmus::claim
