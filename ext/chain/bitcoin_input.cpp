// Chain "bitcoin-input": does one input of a transaction spend its output rightly? Input: one transaction in network
// form. Anchor (bitcoin_anchor.hpp): network, height, prevouts of all its inputs, index, and perhaps rules. Only
// scripts and signatures are checked: no values, no lock times. And the signature hashes of bitcoin.hpp.
#include "chain/bitcoin.hpp"
#include "chain/bitcoin_spend.hpp"
#include "wire/compact_size.hpp"

namespace isthmus::chain {
namespace bitcoin {
namespace {

using claim::Ref;
using claim::Sheet;

constexpr AnchorError kNoTransaction = {"tx: not one transaction in network form", 0};
constexpr AnchorError kNoInput = {"input: the transaction has no input of that index", 0};

// Reads the one transaction that is all of `bytes`; false: `code` and `off` say why.
bool read_single(Bytes bytes, TxSet& set, Code& code, usize& off) {
  set.bytes = bytes;
  wire::Cursor cursor(bytes);
  const bool read = read_tx(cursor, set);
  if (read && cursor.left() != 0) cursor.fail(Code::trailing_bytes);
  code = cursor.code();
  off = cursor.error_off();
  return !cursor.failed();
}

AnchorError read_for_digest(Bytes tx, u32 input, TxSet& set) {
  Code code;
  usize off;
  if (!read_single(tx, set, code, off)) return {kNoTransaction.what, off};
  return input < set.txs[0].in_count ? AnchorError{} : kNoInput;
}

// The script without every push of `signature` that begins where an operation begins.
std::vector<u8> find_and_delete(Bytes script, Bytes signature) {
  std::vector<u8> out;
  if (signature.empty()) return {script.begin(), script.end()};
  const std::vector<u8> pattern = push_of(signature);
  usize at = 0;
  for (;;) {
    while (script.size() - at >= pattern.size() && std::equal(pattern.begin(), pattern.end(), script.begin() + at)) {
      at += pattern.size();
    }
    ScriptReader reader(script.subspan(at));
    Op op;
    const bool more = reader.next(op);
    const usize end = more ? at + reader.at() : script.size();
    out.insert(out.end(), script.begin() + at, script.begin() + end);
    at = end;
    if (!more) return out;
  }
}

// The pieces between the OP_CODESEPARATORs of a script at `base`. The length that is written before them counts a
// cut-off tail, whose bytes behind the last readable opcode and length are not written: so the reference node does it.
u64 split_at_separators(Bytes script, Ref base, std::vector<Ref>& pieces) {
  u64 len = script.size();
  u32 kept = 0;
  ScriptReader reader(script);
  Op op;
  while (reader.next(op)) {
    if (op.opcode != kOpCodeseparator) continue;
    --len;
    if (op.off > kept) pieces.push_back(base.sub(kept, op.off - kept));
    kept = op.off + 1;
  }
  if (reader.at() > kept) pieces.push_back(base.sub(kept, reader.at() - kept));
  return len;
}

}  // namespace

AnchorError signature_hash_legacy(Bytes tx, u32 input, Bytes script_code, Bytes signature, u32 hash_type,
                                  Sheet& sheet) {
  TxSet set;
  const AnchorError bad = read_for_digest(tx, input, set);
  if (bad.what != nullptr) return bad;
  const std::vector<u8> script = find_and_delete(script_code, signature);
  std::vector<Ref> pieces;
  const u64 len = split_at_separators(script, sheet.text(script), pieces);
  Literals literals(sheet);
  TxDigests digests(sheet, literals, set);
  digests.begin(set.txs[0], {});
  sheet.fact("digest", digests.legacy(input, pieces, len, hash_type));
  return {};
}

AnchorError signature_hash_v0(Bytes tx, u32 input, Bytes script_code, u64 value, u32 hash_type, Sheet& sheet) {
  TxSet set;
  const AnchorError bad = read_for_digest(tx, input, set);
  if (bad.what != nullptr) return bad;
  u8 amount[8];
  store_le64(amount, value);
  std::vector<u8> code(9);
  code.resize(wire::write_compact_size(code.data(), script_code.size()));
  code.insert(code.end(), script_code.begin(), script_code.end());
  Literals literals(sheet);
  TxDigests digests(sheet, literals, set);
  digests.begin(set.txs[0], {});
  sheet.fact("digest", digests.v0(input, sheet.text(code), sheet.text(Bytes(amount)), hash_type));
  return {};
}

AnchorError signature_hash_taproot(Bytes tx, u32 input, Bytes prevouts, u32 hash_type, Bytes annex, Bytes leaf,
                                   Sheet& sheet) {
  TxSet set;
  AnchorError bad = read_for_digest(tx, input, set);
  if (bad.what != nullptr) return bad;
  std::vector<Prevout> spent;
  bad = parse_prevouts(prevouts, sheet.text(prevouts), spent);
  if (bad.what != nullptr) return bad;
  if (spent.size() != set.txs[0].in_count) return {"prevouts: not one per input", 0};
  if (!leaf.empty() && leaf.size() != 32) return {"leaf: not 32 bytes", 0};
  TaprootExtra extra;
  if (!leaf.empty()) extra.leaf = sheet.text(leaf);
  if (!annex.empty()) {
    std::vector<u8> serialised(9);
    serialised.resize(wire::write_compact_size(serialised.data(), annex.size()));
    serialised.insert(serialised.end(), annex.begin(), annex.end());
    extra.annex = sheet.text(serialised);
  }
  Literals literals(sheet);
  TxDigests digests(sheet, literals, set);
  digests.begin(set.txs[0], spent);
  Ref digest;
  if (hash_type > 0xff || !digests.taproot(input, static_cast<u8>(hash_type), extra, digest)) {
    return {"hash_type: does not exist, or is SINGLE without an output of that index", 0};
  }
  sheet.fact("digest", digest);
  return {};
}

}  // namespace bitcoin

AnchorError decode_bitcoin_input(Bytes input, Bytes anchor_bytes, const Limits&, claim::Sheet& sheet) {
  using namespace bitcoin;
  Anchor anchor;
  const AnchorError bad = parse_anchor(anchor_bytes, kInputFields, anchor);
  if (bad.what != nullptr) return bad;
  sheet.root(claim::Kind::input, anchor.index);
  TxSet set;
  Code code;
  usize off;
  if (!read_single(input, set, code, off)) {
    sheet.fail(claim::kRoot, code, off);
    return {};
  }
  const Tx& tx = set.txs[0];
  if (anchor.index >= tx.in_count) {
    sheet.fail(claim::kRoot, Code::bitcoin_input_missing);
    return {};
  }
  if (anchor.has_prevouts && anchor.prevouts.size() != tx.in_count) {
    sheet.undecided(claim::kRoot, Code::bitcoin_prevouts_count);
    return {};
  }
  anchor.prevouts.resize(tx.in_count);
  SpendStater stater(sheet, set, script_rules(anchor));
  stater.begin(tx, anchor.prevouts);
  stater.state(claim::kRoot, anchor.index);
  // What a revealed key signed is no proof that the output demanded that key.
  if (!anchor.has_prevouts) sheet.undecided(claim::kRoot, Code::bitcoin_prevouts_missing);
  return {};
}

}  // namespace isthmus::chain
