// FISCO BCOS, versions 2 and 3: "fisco-header", "fisco-block" and "fisco-proof". Which version, and whether the chain
// runs on Keccak-256 and secp256k1 or on SM3 and SM2, is the anchor's to say (chain/fisco_anchor.hpp).
//
// fisco-block: the bytes that nodes store and send. Version 2: RLP, a list of header, transactions, hash, signatures
// and receipts. Version 3: bcostars.Block in TARS. All hashes, roots, senders and signatures are checked; receipts may
// be absent, and then nothing is said of them.
//
// fisco-header: what nodes tell about a block in JSON, with as much of it in the chain's own bytes as JSON gives:
//
//   message Statement {
//     bytes header = 1;               // version 2: the RLP list of thirteen; version 3: bcostars.BlockHeader
//     bytes hash = 2;                 // 0 or 32: as the source states it
//     repeated Signature signatures = 3;  // version 2 only
//     bytes transactions = 4;         // the hashes of all transactions one behind the other; absent: not told
//     repeated string missing = 5;    // fields that the source left out
//     repeated Body bodies = 6;       // the transactions themselves, one for each hash; absent: only their hashes are
//     known
//   }
//   message Body {
//     bytes transaction = 1;          // version 2: RLP; version 3: bcostars.Transaction
//     bytes sender = 2;               // 0 or 20: as stated
//   }
//   message Signature { uint64 index = 1; bytes signature = 2; }
//
// With anything but "signatureList" missing the header has no known hash: the verdict is undecided,
// fisco_field_missing, and the fact "missing" names the fields. Without signatures only a header that the anchor names
// is valid.
//
// fisco-proof: one transaction of a block, and its receipt:
//
//   message Proof {
//     Statement block = 1;
//     bytes transaction = 2;          // version 2: RLP; version 3: bcostars.Transaction; absent: only its hash is
//     known bytes transaction_hash = 3;     // 0 or 32: as stated Path transaction_path = 4; bytes receipt = 5; //
//     version 2: RLP; version 3: bcostars.TransactionReceipt bytes receipt_hash = 6;         // 0 or 32: as stated Path
//     receipt_path = 7; uint64 index = 8;               // place in the block, as stated, plus one; absent: not told
//     bytes sender = 9;               // 0 or 20: as stated
//   }
//   message Path { repeated Level levels = 1; }            // lowest first
//   message Level { bytes left = 1; bytes right = 2; }     // siblings of 32 bytes on either side of the path
//
// Version 2 writes the RLP of their index before siblings of the lowest level, which index and place imply, and ends
// with a level without siblings for the root's own hash: both are left out here. A level may have as many siblings as
// the tree has (fifteen, or one), the path's digits make the index, and above a group that is short, which is the last
// of its level, nothing may stand to the right.
//
// Facts: header_hash, number and timestamp (8 bytes, little-endian; milliseconds), parent_hash, state_root,
// transactions_root, receipts_root, sealers (64 bytes of id and 8 of weight, little-endian, each), trust (none, pinned,
// quorum, overlap), proves (ordered, included, effective), missing; of proofs transaction_hash, receipt_hash, sender,
// index, receipt_index (8 bytes) and receipt_status (4 bytes, 0: no error). They mean something when the verdict is
// valid.
#include <algorithm>
#include <cstring>

#include "chain/fisco_claims.hpp"
#include "wire/rlp.hpp"

namespace isthmus::chain {

namespace fisco {
namespace {

using claim::Compare;
using claim::Kind;
using wire::field_bit;
using wire::ProtobufReader;

constexpr usize kMissingMax = 64;
constexpr usize kNameLenMax = 64;
constexpr usize kLevelsMax = 64;
const char* const kSignatureList = "signatureList";

u32 index_of(usize number) { return static_cast<u32>(std::min<usize>(number, ~u32{0})); }

// --- roots

void require_root(Sheet& sheet, NodeId node, Ref root, Ref stated) {
  sheet.require(node, Code::merkle_root_differs, sheet.compare(Compare::equal, root, stated));
}

int order_of(Bytes left, Bytes right) {
  const usize shared = std::min(left.size(), right.size());
  const int order = shared == 0 ? 0 : memcmp(left.data(), right.data(), shared);
  if (order != 0 || left.size() == right.size()) return order;
  return left.size() < right.size() ? -1 : 1;
}

// By nonce, which tells almost all apart, then by everything that the hash covers; 0: the same transaction.
int order_of(const Sheet& sheet, const Transaction& left, const Transaction& right) {
  int order = order_of(sheet.bytes(left.nonce), sheet.bytes(right.nonce));
  const usize shared = std::min(left.hashed.size(), right.hashed.size());
  for (usize i = 0; i < shared && order == 0; ++i) {
    order = order_of(sheet.bytes(left.hashed[i]), sheet.bytes(right.hashed[i]));
  }
  if (order != 0 || left.hashed.size() == right.hashed.size()) return order;
  return left.hashed.size() < right.hashed.size() ? -1 : 1;
}

void refuse_repeated(Sheet& sheet, const std::vector<Transaction>& transactions) {
  std::vector<u32> order;
  for (u32 i = 0; i < transactions.size(); ++i) {
    if (!transactions[i].hashed.empty()) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](u32 a, u32 b) {
    const int found = order_of(sheet, transactions[a], transactions[b]);
    return found != 0 ? found < 0 : a < b;
  });
  for (usize i = 1; i < order.size(); ++i) {
    const Transaction& here = transactions[order[i]];
    if (order_of(sheet, transactions[order[i - 1]], here) != 0) continue;
    sheet.fail(claim::kRoot, Code::fisco_transaction_repeated, here.off);
  }
}

Ref root_of_transactions(Sheet& sheet, const Anchor& anchor, const Block& block, Leaves& leaves) {
  if (anchor.version >= kVersionTree) return leaves.root();
  if (anchor.version >= kVersionRc2) return sheet.hash(anchor.hash, {block.transactions_blob});
  std::vector<Ref> values;
  for (const Transaction& tx : block.transactions) values.push_back(tx.hashed[0]);
  return state_trie_root(sheet, anchor.hash, values);
}

Ref root_of_receipts(Sheet& sheet, const Anchor& anchor, const Block& block, Leaves& leaves) {
  if (anchor.version >= kVersionTree) return leaves.root();
  if (anchor.version >= kVersionRc2) return sheet.hash(anchor.hash, {block.receipts_list});
  std::vector<Ref> values;
  for (const Receipt& receipt : block.receipts) values.push_back(receipt.hashed[0]);
  return state_trie_root(sheet, anchor.hash, values);
}

void state_transactions(Sheet& sheet, const Block& block, const Anchor& anchor) {
  Leaves leaves(sheet, anchor, block.transactions.size());
  for (usize i = 0; i < block.transactions.size() && sheet.within_limits(); ++i) {
    const Transaction& tx = block.transactions[i];
    const bool speaks = tx.hashed.empty() || tx.stated_hash.len() != 0 || tx.signature.len() != 0;
    const NodeId node = speaks ? sheet.all(claim::kRoot, Kind::tx, index_of(i)) : claim::kRoot;
    note_problems(sheet, node, tx.problems);
    if (tx.hashed.empty()) {
      if (tx.stated_hash.len() == 0) sheet.fail(node, Code::fisco_transaction_missing, tx.off);
      if (tx.stated_hash.len() != 0) leaves.add_digest(tx.stated_hash);
      state_sender(sheet, node, tx, tx.stated_hash, anchor);
      continue;
    }
    const Ref hash = leaves.add(tx.hashed);
    if (tx.stated_hash.len() != 0) {
      sheet.require(node, Code::hash_differs, sheet.compare(Compare::equal, hash, tx.stated_hash));
    }
    state_sender(sheet, node, tx, hash, anchor);
  }
  refuse_repeated(sheet, block.transactions);
  require_root(sheet, sheet.all(claim::kRoot, Kind::merkle, 0), root_of_transactions(sheet, anchor, block, leaves),
               block.header.transactions_root);
}

void check_receipt(Sheet& sheet, NodeId node, const Receipt& receipt, const Header& header) {
  note_problems(sheet, node, receipt.problems);
  if (receipt.tells_number && receipt.number != header.number) {
    sheet.fail(node, Code::fisco_receipt_block, receipt.off);
  }
}

void state_receipts(Sheet& sheet, const Block& block, const Anchor& anchor) {
  const NodeId node = sheet.all(claim::kRoot, Kind::merkle, 1);
  if (block.receipts.size() != block.transactions.size()) sheet.fail(node, Code::fisco_receipt_count);
  Leaves leaves(sheet, anchor, block.receipts.size());
  for (usize i = 0; i < block.receipts.size() && sheet.within_limits(); ++i) {
    const Receipt& receipt = block.receipts[i];
    const Ref hash = leaves.add(receipt.hashed);
    const bool speaks = receipt.stated_hash.len() != 0;
    const NodeId here = speaks ? sheet.all(node, Kind::receipt, index_of(i)) : node;
    if (speaks) sheet.require(here, Code::hash_differs, sheet.compare(Compare::equal, hash, receipt.stated_hash));
    check_receipt(sheet, here, receipt, block.header);
  }
  require_root(sheet, node, root_of_receipts(sheet, anchor, block, leaves), block.header.receipts_root);
}

// Before the first transaction both roots are of nothing, and version 3 hashes them as nothing.
bool has_body(const Header& header) { return header.transactions_root.len() != 0; }

bool is_ordered(const Anchor& anchor) { return !anchor.trusts_nothing(); }

void state_block(Sheet& sheet, const Block& block, const Anchor& anchor) {
  if (!state_header(sheet, block, anchor, false)) return;
  Proved proved{.ordered = is_ordered(anchor)};
  if (has_body(block.header) && !(block.header.is_genesis() && block.transactions.empty())) {
    state_transactions(sheet, block, anchor);
    proved.included = true;
    // Blocks travel without receipts too; without transactions there are none to leave out.
    if (!block.receipts.empty()) {
      state_receipts(sheet, block, anchor);
      proved.effective = true;
    }
  } else if (!block.transactions.empty() || !block.receipts.empty()) {
    sheet.fail(claim::kRoot, Code::merkle_root_differs);
  }
  state_proved(sheet, proved);
}

// --- statements

struct Statement {
  Block block;
  Ref transactions;
  std::vector<Transaction> bodies;
  std::string missing;  // names, separated by commas
  bool is_unsigned = false;

  bool lacks_header() const { return !missing.empty() && missing != kSignatureList; }
};

Signature read_signature(const Source& source, ProtobufReader reader) {
  Signature signature;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        signature.index = reader.as_u64();
        break;
      case 2:
        signature.bytes = source.ref(reader.as_bytes());
        signature.off = reader.off();
        break;
      default:
        reader.unknown();
    }
  }
  return signature;
}

bool is_name(Bytes text) {
  return !text.empty() && std::ranges::all_of(text, [](u8 byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
  });
}

void add_missing(ProtobufReader& reader, Statement& statement, usize& count) {
  const Bytes name = reader.as_bytes(kNameLenMax);
  if (!is_name(name)) return reader.refuse(Code::field_value);
  if (++count > kMissingMax) return reader.refuse(Code::length_out_of_range);
  if (!statement.missing.empty()) statement.missing += ',';
  statement.missing.append(reinterpret_cast<const char*>(name.data()), name.size());
}

Ref take_hashes(const Source& source, ProtobufReader& reader) {
  const Bytes bytes = reader.as_bytes();
  if (bytes.size() % kHashLen != 0) reader.refuse(Code::length_out_of_range);
  return source.ref(bytes);
}

// A value may be told inside the chain's own bytes and beside them; it must be the same.
void take_stated(const Source& source, Ref beside, Ref& inside, std::vector<Problem>& problems) {
  if (beside.len() == 0) return;
  if (inside.len() != 0 && !std::ranges::equal(source.sheet.bytes(beside), source.sheet.bytes(inside))) {
    problems.push_back({Status::invalid, Code::hash_differs, beside.off});
  }
  inside = beside;
}

Transaction read_transaction(const Source& source, const Anchor& anchor, Bytes encoding) {
  return anchor.is_v3() ? v3::read_transaction(source, anchor, encoding)
                        : v2::read_transaction(source, anchor, encoding);
}

Transaction read_body(const Source& source, ProtobufReader reader, const Anchor& anchor) {
  Transaction tx;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        tx = read_transaction(source, anchor, reader.as_bytes());
        break;
      case 2:
        take_stated(source, source.ref(reader.as_bytes_exactly(kAddressLen)), tx.sender, tx.problems);
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  return tx;
}

Statement read_statement(const Source& source, ProtobufReader reader, const Anchor& anchor) {
  Statement statement;
  Bytes header;
  Ref hash;
  std::vector<Signature> signatures;
  usize missing = 0;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        header = reader.as_bytes();
        break;
      case 2:
        hash = source.ref(reader.as_bytes_exactly(kHashLen));
        break;
      case 3:
        if (anchor.is_v3()) reader.unknown();
        if (signatures.size() >= source.count_max) reader.refuse(Code::limit_exceeded);
        signatures.push_back(read_signature(source, reader.as_message()));
        break;
      case 4:
        statement.transactions = take_hashes(source, reader);
        break;
      case 5:
        add_missing(reader, statement, missing);
        break;
      case 6:
        if (statement.bodies.size() >= source.count_max) reader.refuse(Code::limit_exceeded);
        statement.bodies.push_back(read_body(source, reader.as_message(), anchor));
        break;
      default:
        reader.unknown();
    }
  }
  statement.is_unsigned = statement.missing == kSignatureList;
  if (!statement.lacks_header()) reader.require(1);
  if (source.error.failed() || statement.lacks_header()) return statement;
  if (anchor.is_v3()) {
    v3::read_block_header(source, header, statement.block);
  } else {
    statement.block.header = v2::read_header(source, header);
    statement.block.signatures = std::move(signatures);
  }
  // Version 3 has a place for the hash of its own; both must be right where both are told.
  if (hash.len() != 0 && statement.block.stated_hash.len() != 0)
    source.error.set(Code::field_repeated, source.off(header));
  if (hash.len() != 0) statement.block.stated_hash = hash;
  return statement;
}

constexpr u64 kStatementRepeated = field_bit(3) | field_bit(5) | field_bit(6);

void state_missing(Sheet& sheet, const Statement& statement) {
  if (statement.missing.empty()) return;
  const std::string& names = statement.missing;
  sheet.fact("missing", sheet.text(Bytes(reinterpret_cast<const u8*>(names.data()), names.size())));
}

// Until 2.1 roots are not made of hashes, but of the transactions themselves.
Ref early_root(Sheet& sheet, const Anchor& anchor, const std::vector<Transaction>& bodies) {
  std::vector<Ref> encodings;
  for (const Transaction& tx : bodies) encodings.push_back(tx.hashed[0]);
  if (anchor.version < kVersionRc2) return state_trie_root(sheet, anchor.hash, encodings);
  std::vector<u8> table(4 * (encodings.size() + 2));  // count, 0, and where each of them ends
  store_le32(table.data(), index_of(encodings.size()));
  usize end = 0;
  for (usize i = 0; i < encodings.size(); ++i) {
    end += encodings[i].len();
    store_le32(table.data() + 8 + 4 * i, index_of(end));
  }
  encodings.insert(encodings.begin(), sheet.text(table));
  return sheet.hash(anchor.hash, encodings);
}

// The root over transactions or their hashes. Returns whether it could be made.
bool state_listed(Sheet& sheet, const Statement& statement, const Anchor& anchor) {
  if (statement.transactions.len() == 0) return false;
  const NodeId node = sheet.all(claim::kRoot, Kind::merkle, 0);
  const Ref stated = statement.block.header.transactions_root;
  if (anchor.version >= kVersionTree) {
    const Tree tree = anchor.is_v3() ? Tree::fisco_v3 : Tree::fisco_v2;
    require_root(sheet, node, sheet.tree(tree, statement.transactions, anchor.hash).root, stated);
  } else if (statement.bodies.empty()) {
    sheet.undecided(node, Code::fisco_transaction_missing);
    return false;
  } else {
    require_root(sheet, node, early_root(sheet, anchor, statement.bodies), stated);
  }
  return true;
}

// The transactions whose hashes are listed.
void state_bodies(Sheet& sheet, const Statement& statement, const Anchor& anchor) {
  const std::vector<Transaction>& bodies = statement.bodies;
  if (bodies.empty()) return;
  if (kHashLen * bodies.size() != statement.transactions.len()) {
    return sheet.fail(claim::kRoot, Code::fisco_transaction_missing);
  }
  for (usize i = 0; i < bodies.size() && sheet.within_limits(); ++i) {
    const Transaction& tx = bodies[i];
    const Ref listed = statement.transactions.sub(static_cast<u32>(kHashLen * i), kHashLen);
    const NodeId node = sheet.all(claim::kRoot, Kind::tx, index_of(i));
    note_problems(sheet, node, tx.problems);
    const Ref hash = tx.hashed.empty() ? tx.stated_hash : sheet.hash(anchor.hash, tx.hashed);
    for (const Ref stated : {listed, tx.stated_hash}) {
      if (stated.len() == 0) continue;
      sheet.require(node, Code::hash_differs, sheet.compare(Compare::equal, hash, stated));
    }
    state_sender(sheet, node, tx, hash, anchor);
  }
  refuse_repeated(sheet, bodies);
}

// Everything that a statement says. Returns false iff nothing more can be said; `included` is whether its transactions
// are those of the root.
bool state_statement(Sheet& sheet, const Statement& statement, const Anchor& anchor, bool& included) {
  state_missing(sheet, statement);
  if (statement.lacks_header()) {
    sheet.undecided(claim::kRoot, Code::fisco_field_missing);
    return false;
  }
  if (!state_header(sheet, statement.block, anchor, statement.is_unsigned)) return false;
  included = state_listed(sheet, statement, anchor);
  state_bodies(sheet, statement, anchor);
  return true;
}

// --- proofs

struct Level {
  Ref left;
  Ref right;
  u64 off = 0;
};

struct Path {
  std::vector<Level> levels;
  u64 off = 0;
};

struct Proof {
  Statement statement;
  bool has_transaction = false;
  bool has_receipt = false;
  Transaction transaction;
  Receipt receipt;
  Path transaction_path;
  Path receipt_path;
  u64 index_plus_one = 0;
  Ref sender;
};

Path read_path(const Source& source, ProtobufReader reader) {
  Path path;
  path.off = reader.off();
  while (reader.next()) {
    if (reader.number() != 1) {
      reader.unknown();
      break;
    }
    if (path.levels.size() == kLevelsMax) {
      reader.refuse(Code::length_out_of_range);
      break;
    }
    Level level;
    ProtobufReader inner = reader.as_message();
    level.off = reader.off();
    while (inner.next()) {
      if (inner.number() == 1) {
        level.left = take_hashes(source, inner);
      } else if (inner.number() == 2) {
        level.right = take_hashes(source, inner);
      } else {
        inner.unknown();
      }
    }
    path.levels.push_back(level);
  }
  return path;
}

Proof read_proof(const Source& source, ProtobufReader reader, const Anchor& anchor) {
  Proof proof;
  Ref transaction_hash;
  Ref receipt_hash;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        proof.statement = read_statement(source, reader.as_message(kStatementRepeated), anchor);
        break;
      case 2: {
        const Bytes bytes = reader.as_bytes();
        proof.transaction = read_transaction(source, anchor, bytes);
        proof.has_transaction = true;
        break;
      }
      case 3:
        transaction_hash = source.ref(reader.as_bytes_exactly(kHashLen));
        proof.has_transaction = true;
        break;
      case 4:
        proof.transaction_path = read_path(source, reader.as_message(field_bit(1)));
        break;
      case 5: {
        const Bytes bytes = reader.as_bytes();
        proof.receipt = anchor.is_v3() ? v3::read_receipt(source, bytes) : v2::read_receipt(source, anchor, bytes);
        proof.has_receipt = true;
        break;
      }
      case 6:
        receipt_hash = source.ref(reader.as_bytes_exactly(kHashLen));
        proof.has_receipt = true;
        break;
      case 7:
        proof.receipt_path = read_path(source, reader.as_message(field_bit(1)));
        break;
      case 8:
        proof.index_plus_one = reader.as_u64();
        break;
      case 9:
        proof.sender = source.ref(reader.as_bytes_exactly(kAddressLen));
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(1);
  take_stated(source, transaction_hash, proof.transaction.stated_hash, proof.transaction.problems);
  take_stated(source, receipt_hash, proof.receipt.stated_hash, proof.receipt.problems);
  take_stated(source, proof.sender, proof.transaction.sender, proof.transaction.problems);
  return proof;
}

// Where a path leads, if a tree can have such a path at all.
struct Walk {
  bool possible = true;
  u64 index = 0;
  u64 bad_off = 0;
};

Walk walk_of(const Anchor& anchor, const Path& path) {
  constexpr usize kIndexBits = 60;
  const usize bits = anchor.is_v3() ? 1 : 4;
  const usize group = usize{1} << bits;
  Walk walk;
  bool at_edge = false;
  for (usize i = 0; i < path.levels.size(); ++i) {
    const usize left = path.levels[i].left.len() / kHashLen;
    const usize right = path.levels[i].right.len() / kHashLen;
    const bool is_top = i + 1 == path.levels.size();
    const bool too_many = left + right >= group || (at_edge && right != 0);
    if (too_many || (is_top && left + right == 0) || bits * i >= kIndexBits) {
      return {false, walk.index, path.levels[i].off};
    }
    at_edge |= left + 1 + right < group;
    walk.index |= static_cast<u64>(left) << (bits * i);
  }
  return walk;
}

// RLP of an index, as version 2 puts it before a leaf.
void append_rlp_number(std::vector<u8>& out, u64 number) {
  u8 raw[8];
  store_be64(raw, number);
  const Bytes digits =
      Bytes(raw).subspan(static_cast<usize>(std::find_if(raw, raw + 8, [](u8 b) { return b != 0; }) - raw));
  u8 head[wire::kRlpHeaderMax];
  out.insert(out.end(), head, head + wire::write_rlp_string_header(head, digits));
  out.insert(out.end(), digits.begin(), digits.end());
}

// Siblings of the lowest level, each behind its index where the tree numbers its leaves.
void append_leaves(Sheet& sheet, const Anchor& anchor, Ref siblings, u64 first, std::vector<Ref>& out) {
  for (u32 at = 0; at < siblings.len(); at += kHashLen) {
    if (!anchor.is_v3()) {
      std::vector<u8> number;
      append_rlp_number(number, first + at / kHashLen);
      out.push_back(sheet.text(number));
    }
    out.push_back(siblings.sub(at, kHashLen));
  }
}

Ref state_path(Sheet& sheet, const Anchor& anchor, const Path& path, u64 index, Ref leaf) {
  std::vector<Ref> group;
  Ref at = leaf;
  std::vector<Ref> numbered;  // the leaf behind its index
  if (!anchor.is_v3()) {
    std::vector<u8> number;
    append_rlp_number(number, index);
    numbered.push_back(sheet.text(number));
  }
  numbered.push_back(leaf);
  for (usize i = 0; i < path.levels.size(); ++i) {
    const Level& level = path.levels[i];
    group.clear();
    if (i == 0) {
      append_leaves(sheet, anchor, level.left, index - level.left.len() / kHashLen, group);
      group.insert(group.end(), numbered.begin(), numbered.end());
      append_leaves(sheet, anchor, level.right, index + 1, group);
    } else {
      group = {level.left, at, level.right};
    }
    at = sheet.hash(anchor.hash, group);
  }
  if (anchor.is_v3()) return at;
  return path.levels.empty() ? sheet.hash(anchor.hash, numbered) : sheet.hash(anchor.hash, {at});
}

// At `node`: the path leads from `leaf` to `root`, and to the place that the source states.
void state_inclusion(Sheet& sheet, NodeId node, const Anchor& anchor, const Path& path, Ref leaf, Ref root,
                     u64 index_plus_one) {
  const Walk walk = walk_of(anchor, path);
  if (!walk.possible) return sheet.fail(node, Code::fisco_proof_shape, walk.bad_off);
  if (index_plus_one != 0 && index_plus_one - 1 != walk.index) sheet.fail(node, Code::fisco_proof_index, path.off);
  require_root(sheet, node, state_path(sheet, anchor, path, walk.index, leaf), root);
}

// The hash of what is given, which must be the stated one where both are; else the stated one.
Ref state_leaf(Sheet& sheet, NodeId node, const Anchor& anchor, const std::vector<Ref>& hashed, Ref stated) {
  if (hashed.empty()) return stated;
  const Ref hash = sheet.hash(anchor.hash, hashed);
  if (stated.len() != 0) sheet.require(node, Code::hash_differs, sheet.compare(Compare::equal, hash, stated));
  return hash;
}

Ref le64_text(Sheet& sheet, u64 value) {
  u8 raw[8];
  store_le64(raw, value);
  return sheet.text(raw);
}

// A tree of version 3 does not mark its leaves: of a bare hash nobody knows whether it is a leaf or an inner node. What
// is given whole is a leaf, and as a block has one receipt for each transaction, paths of leaves are of one length.
bool may_be_inner(const Proof& proof, const Anchor& anchor, bool whole, bool other_whole) {
  if (!anchor.is_v3() || whole) return false;
  return !other_whole || proof.transaction_path.levels.size() != proof.receipt_path.levels.size();
}

void state_proved_transaction(Sheet& sheet, const Proof& proof, const Anchor& anchor) {
  const Header& header = proof.statement.block.header;
  const u64 index = walk_of(anchor, proof.transaction_path).index;
  const NodeId node = sheet.all(claim::kRoot, Kind::tx, index_of(index));
  const Transaction& tx = proof.transaction;
  note_problems(sheet, node, tx.problems);
  const Ref hash = state_leaf(sheet, node, anchor, tx.hashed, tx.stated_hash);
  state_inclusion(sheet, node, anchor, proof.transaction_path, hash, header.transactions_root, proof.index_plus_one);
  if (!tx.web3 && may_be_inner(proof, anchor, !tx.hashed.empty(), !proof.receipt.hashed.empty())) {
    sheet.undecided(node, Code::fisco_hash_only, tx.off);
  }
  const Ref sender = tx.hashed.empty() ? Ref{} : state_sender(sheet, node, tx, hash, anchor);
  if (tx.hashed.empty() && !tx.web3 && tx.sender.len() != 0) {
    sheet.undecided(node, Code::fisco_sender_unproved, tx.off);
  }
  sheet.fact("transaction_hash", hash);
  sheet.fact("index", le64_text(sheet, index));
  if (sender.len() != 0) sheet.fact("sender", sender);
}

// Returns whether the receipt is shown to be the transaction's, or stands alone. Version 3 makes proofs by the hash of
// what they prove, so among equal receipts they lead to the first; a receipt says nothing of its transaction, so at
// another place it may be any other's. Version 2 numbers its leaves, and then the places must agree.
bool state_proved_receipt(Sheet& sheet, const Proof& proof, const Anchor& anchor) {
  const Header& header = proof.statement.block.header;
  const u64 index = walk_of(anchor, proof.receipt_path).index;
  const NodeId node = sheet.all(claim::kRoot, Kind::receipt, index_of(index));
  check_receipt(sheet, node, proof.receipt, header);
  const Ref hash = state_leaf(sheet, node, anchor, proof.receipt.hashed, proof.receipt.stated_hash);
  if (may_be_inner(proof, anchor, !proof.receipt.hashed.empty(), !proof.transaction.hashed.empty())) {
    sheet.undecided(node, Code::fisco_hash_only, proof.receipt.off);
  }
  const u64 tx_index = walk_of(anchor, proof.transaction_path).index;
  u64 place = proof.index_plus_one;
  if (proof.has_transaction) place = anchor.is_v3() ? 0 : tx_index + 1;
  state_inclusion(sheet, node, anchor, proof.receipt_path, hash, header.receipts_root, place);
  u8 status[4];
  store_le32(status, proof.receipt.status);
  sheet.fact("receipt_hash", hash);
  sheet.fact("receipt_index", le64_text(sheet, index));
  if (!proof.receipt.hashed.empty()) sheet.fact("receipt_status", sheet.text(status));
  return !proof.has_transaction || index == tx_index;
}

void state_proof(Sheet& sheet, const Proof& proof, const Anchor& anchor) {
  Proved proved{.ordered = is_ordered(anchor)};
  if (!state_statement(sheet, proof.statement, anchor, proved.included)) return;
  if (!proof.has_transaction && !proof.has_receipt) {
    return sheet.fail(claim::kRoot, Code::fisco_transaction_missing);
  }
  if (anchor.version < kVersionTree) {
    return sheet.undecided(claim::kRoot, Code::fisco_version);  // roots of those releases have no such proofs
  }
  if (proof.has_transaction) {
    state_proved_transaction(sheet, proof, anchor);
  }
  if (proof.has_receipt) {
    const bool paired = state_proved_receipt(sheet, proof, anchor);
    proved.effective = paired && !proof.receipt.hashed.empty() && proof.receipt.status == 0;
  }
  proved.included = true;
  state_proved(sheet, proved);
}

}  // namespace
}  // namespace fisco

AnchorError decode_fisco_block(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace fisco;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;
  WireError error;
  const Source source{sheet, input, error, limits.rows_max};
  const Block block = anchor.is_v3() ? v3::read_block(source, anchor) : v2::read_block(source, anchor);
  if (error.failed()) {
    note_wire_error(sheet, error);
  } else {
    state_block(sheet, block, anchor);
  }
  return {};
}

AnchorError decode_fisco_header(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace fisco;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;
  WireError error;
  const Source source{sheet, input, error, limits.rows_max};
  const Statement statement =
      read_statement(source, ProtobufReader(input, error, {.repeated = kStatementRepeated}), anchor);
  if (error.failed()) {
    note_wire_error(sheet, error);
    return {};
  }
  Proved proved{.ordered = is_ordered(anchor)};
  if (state_statement(sheet, statement, anchor, proved.included)) state_proved(sheet, proved);
  return {};
}

AnchorError decode_fisco_proof(Bytes input, Bytes anchor_bytes, const Limits& limits, claim::Sheet& sheet) {
  using namespace fisco;
  if (!sheet.within_limits()) return {};
  Anchor anchor;
  const AnchorError anchor_error = read_anchor(anchor_bytes, limits.rows_max, anchor);
  if (anchor_error.what != nullptr) return anchor_error;
  WireError error;
  const Source source{sheet, input, error, limits.rows_max};
  const Proof proof = read_proof(source, ProtobufReader(input, error), anchor);
  if (error.failed()) {
    note_wire_error(sheet, error);
  } else {
    state_proof(sheet, proof, anchor);
  }
  return {};
}

}  // namespace isthmus::chain
