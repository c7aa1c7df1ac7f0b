#include "chain/bitcoin_spend.hpp"

#include <algorithm>

#include "wire/der.hpp"

namespace isthmus::chain::bitcoin {
namespace {

using claim::Ref;

// What OP_1NEGATE and OP_1 to OP_16 push.
constexpr u8 kSmallItems[17] = {0x81, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

// A key that a P2PKH input may reveal: its length must be that of its first byte.
bool looks_like_key(Bytes item) {
  if (item.size() == 33) return item[0] == 2 || item[0] == 3;
  return item.size() == 65 && (item[0] == 4 || item[0] == 6 || item[0] == 7);
}

}  // namespace

void SpendStater::begin(const Tx& tx, std::span<const Prevout> prevouts) {
  tx_ = &tx;
  prevouts_ = prevouts;
  prevouts_complete_ = std::all_of(prevouts.begin(), prevouts.end(), [](const Prevout& p) { return p.known; });
  digests_.begin(tx, prevouts);
}

void SpendStater::fail(Code code) { sheet_.fail(node_, code, in_->off); }
void SpendStater::undecided(Code code) { sheet_.undecided(node_, code, in_->off); }

// A rebuilt script is a guess, so what contradicts it proves nothing.
void SpendStater::refuse(const Checker& checker, Code why) {
  if (checker.rebuilt) return undecided(Code::bitcoin_prevouts_missing);
  fail(why);
}

void SpendStater::require(const Checker& checker, Code why, claim::ClaimId claim) {
  sheet_.require(node_, checker.rebuilt ? Code::bitcoin_rebuilt_script_false : why, claim);
}

SpendStater::Item SpendStater::item_of(const WitnessItem& item) const { return item_at(item.data_off, item.data_len); }

void SpendStater::state(claim::NodeId node, u32 input) {
  node_ = node;
  input_ = input;
  in_ = &set_.ins[tx_->in_first + input];
  const Prevout& prevout = prevouts_[input];
  if (prevout.known) {
    state_known(prevout);
  } else {
    state_rebuilt();
  }
}

// Runs an input script of pushes; the stack is then in stack_.
SpendStater::Pushes SpendStater::run_pushes(const TxIn& in) {
  stack_.clear();
  const Bytes script = set_.script_of(in);
  if (script.size() > kScriptLenMax) return Pushes::fails;
  ScriptReader reader(script);
  Op op;
  while (reader.next(op)) {
    if (op.opcode > kOp16) return Pushes::other;
    if (op.opcode == kOpReserved || op.data_len > kElementLenMax) return Pushes::fails;
    if (op.opcode <= kOpPushdata4) {
      stack_.push_back(item_at(in.script_off + op.data_off, op.data_len));
    } else {
      const u8* const value = &kSmallItems[op.opcode == kOp1Negate ? 0 : op.opcode - kOp1 + 1];
      stack_.push_back({literals_.byte(*value), Bytes(value, 1)});
    }
    if (stack_.size() > kStackItemsMax) return Pushes::fails;
  }
  return reader.malformed() ? Pushes::fails : Pushes::all;
}

void SpendStater::state_known(const Prevout& prevout) {
  const Template shape = classify(prevout.script_bytes);
  const bool script_hash = shape.shape == Shape::p2sh || shape.shape == Shape::witness;
  if (script_hash && rules_.p2sh_unsure) return undecided(Code::bitcoin_script_rules_unknown);
  if (shape.shape == Shape::witness) {
    if (!rules_.witness) return undecided(Code::bitcoin_script_not_template);
    // Whatever an input script does here, only an empty one is allowed.
    if (in_->script_len != 0) return fail(Code::bitcoin_script_malleated);
    const Ref program = prevout.script.sub(shape.off, shape.len);
    if (shape.witness_version == 0) {
      if (shape.len == 20) return state_key_program(program, prevout.script_bytes.subspan(shape.off, shape.len));
      if (shape.len == 32) return state_script_program(program);
      return fail(Code::bitcoin_witness_program);
    }
    if (shape.witness_version == 1 && shape.len == 32) return state_taproot(program);
    return undecided(Code::bitcoin_script_not_template);
  }
  if (shape.shape == Shape::p2sh && rules_.p2sh) return state_script_hash(prevout, shape);
  if (in_->witness_count != 0 && rules_.p2sh_unsure) return undecided(Code::bitcoin_script_rules_unknown);
  if (in_->witness_count != 0 && rules_.witness) return fail(Code::bitcoin_witness_unexpected);
  const Pushes pushes = run_pushes(*in_);
  if (pushes == Pushes::fails) return fail(Code::bitcoin_script_fails);
  if (pushes == Pushes::other || shape.shape == Shape::other || shape.shape == Shape::p2sh) {
    return undecided(Code::bitcoin_script_not_template);
  }
  Checker checker{shape, prevout.script_bytes, {prevout.script}, prevout.script.len(), {}, false, false};
  evaluate(checker, stack_);
}

void SpendStater::state_script_hash(const Prevout& prevout, const Template& shape) {
  const Pushes pushes = run_pushes(*in_);
  if (pushes == Pushes::other) return fail(Code::bitcoin_script_not_pushes);
  if (pushes == Pushes::fails) return fail(Code::bitcoin_script_fails);
  if (stack_.empty()) return fail(Code::bitcoin_stack);
  const Item redeem = stack_.back();
  stack_.pop_back();
  sheet_.require(node_, Code::bitcoin_script_hash,
                 sheet_.compare(claim::Compare::equal, sheet_.hash(Hash::hash160, {redeem.ref}),
                                prevout.script.sub(shape.off, shape.len)));
  u8 version;
  Bytes program;
  if (rules_.witness && is_witness_program(redeem.bytes, version, program)) {
    return state_nested_witness(redeem, version, program);
  }
  if (in_->witness_count != 0 && rules_.witness) return fail(Code::bitcoin_witness_unexpected);
  const Template inner = classify(redeem.bytes);
  if (inner.shape == Shape::other || inner.shape == Shape::p2sh || inner.shape == Shape::witness) {
    return undecided(Code::bitcoin_script_not_template);
  }
  Checker checker{inner, redeem.bytes, {redeem.ref}, redeem.ref.len(), {}, false, false};
  evaluate(checker, stack_);
}

void SpendStater::state_nested_witness(const Item& redeem, u8 version, Bytes program) {
  // The input script is exactly the direct push of the program: nothing below it, no longer form.
  if (in_->script_len != redeem.bytes.size() + 1) return fail(Code::bitcoin_script_malleated);
  const Ref ref = redeem.ref.sub(2, static_cast<u32>(program.size()));
  if (version != 0) return undecided(Code::bitcoin_script_not_template);
  if (program.size() == 20) return state_key_program(ref, program);
  if (program.size() == 32) return state_script_program(ref);
  fail(Code::bitcoin_witness_program);
}

void SpendStater::state_key_program(Ref program, Bytes program_bytes) {
  if (in_->witness_count != 2) return fail(Code::bitcoin_witness_program);
  WitnessReader reader(set_, *in_);
  WitnessItem sig;
  WitnessItem key;
  reader.next(sig);
  reader.next(key);
  if (sig.data_len > kElementLenMax || key.data_len > kElementLenMax) return fail(Code::bitcoin_script_fails);
  // BIP143: the script code is the P2PKH script of the program.
  u8 script[26] = {25, kOpDup, kOpHash160, 20};
  memcpy(script + 4, program_bytes.data(), 20);
  script[24] = kOpEqualverify;
  script[25] = kOpChecksig;
  Checker checker{{Shape::p2pkh, 0, 0, 0, 3, 20}, {}, {}, 0, sheet_.text(Bytes(script)), true, false};
  sheet_.require(node_, Code::bitcoin_key_hash,
                 sheet_.compare(claim::Compare::equal, sheet_.hash(Hash::hash160, {item_of(key).ref}), program));
  evaluate_key(checker, item_of(sig), item_of(key));
}

void SpendStater::state_script_program(Ref program) {
  if (in_->witness_count == 0) return fail(Code::bitcoin_witness_program);
  // No template needs more items below the script than a multisig's.
  stack_.clear();
  WitnessReader reader(set_, *in_);
  WitnessItem item{};
  bool long_item = false;
  for (u32 i = 0; reader.next(item); ++i) {
    if (i + 1 == in_->witness_count) break;
    long_item |= item.data_len > kElementLenMax;
    if (i <= kMultisigKeysMax + 1) stack_.push_back(item_of(item));
  }
  const Item script = item_of(item);
  sheet_.require(node_, Code::bitcoin_script_hash,
                 sheet_.compare(claim::Compare::equal, sheet_.hash(Hash::sha256, {script.ref}), program));
  if (script.bytes.size() > kScriptLenMax || long_item) return fail(Code::bitcoin_script_fails);
  const Template inner = classify(script.bytes);
  if (inner.shape != Shape::p2pk && inner.shape != Shape::p2pkh && inner.shape != Shape::multisig) {
    return undecided(Code::bitcoin_script_not_template);
  }
  Checker checker{inner, script.bytes, {}, 0, sheet_.input(item.off, item.end() - item.off), true, false};
  evaluate(checker, stack_);
}

// True when the script finds its items; in a witness nothing may be left below them.
bool SpendStater::enough(const Checker& checker, usize items, usize need) {
  if (items == need || (items > need && !checker.v0)) return true;
  refuse(checker, Code::bitcoin_stack);
  return false;
}

// Runs a template over the stack.
void SpendStater::evaluate(Checker& checker, std::span<const Item> stack) {
  const Template& shape = checker.shape;
  if (shape.shape == Shape::multisig) return evaluate_multisig(checker, stack);
  if (shape.shape == Shape::p2pk) {
    if (!enough(checker, stack.size(), 1)) return;
    const Ref script = checker.v0 ? checker.serialised : checker.pieces[0];
    // Behind its length a script of 35 or 67 bytes begins at offset 1.
    const Ref key = script.sub(shape.off + (checker.v0 ? 1 : 0), shape.len);
    return evaluate_key(checker, stack.back(), {key, checker.bytes.subspan(shape.off, shape.len)});
  }
  if (!enough(checker, stack.size(), 2)) return;
  const Item& key = stack.back();
  const Ref script = checker.v0 ? checker.serialised : checker.pieces[0];
  require(checker, Code::bitcoin_key_hash,
          sheet_.compare(claim::Compare::equal, sheet_.hash(Hash::hash160, {key.ref}),
                         script.sub(shape.off + (checker.v0 ? 1 : 0), shape.len)));
  evaluate_key(checker, stack[stack.size() - 2], key);
}

void SpendStater::evaluate_key(Checker& checker, const Item& sig_item, const Item& key) {
  if (deletable(checker, sig_item.bytes)) return undecided(Code::bitcoin_script_not_template);
  Signature sig;
  if (!read_signature(checker, sig_item, sig)) return;
  require(checker, Code::signature_false,
          sheet_.signature(Scheme::secp256k1_ecdsa, kSigHybrid, key.ref, sig.compact, digest(checker, sig.hash_type)));
}

// Every signature must match, so one that cannot match decides; which one is looked at first does not matter.
void SpendStater::evaluate_multisig(Checker& checker, std::span<const Item> stack) {
  const u32 need = checker.shape.need;
  if (!enough(checker, stack.size(), usize{need} + 1)) return;
  const std::span<const Item> sig_items = stack.last(need);
  const Item& dummy = stack[stack.size() - need - 1];
  if (rules_.null_dummy && !dummy.bytes.empty()) return refuse(checker, Code::bitcoin_null_dummy);
  KeyPlace places[kMultisigKeysMax];
  Ref keys[kMultisigKeysMax];
  Ref sigs[kMultisigKeysMax];
  Ref msgs[kMultisigKeysMax];
  u32 hash_types[kMultisigKeysMax];
  multisig_keys(checker.bytes, checker.shape, places);
  for (u32 i = 0; i < checker.shape.key_count; ++i) {
    const u32 base = checker.v0 ? checker.serialised.len() - static_cast<u32>(checker.bytes.size()) : 0;
    keys[i] = (checker.v0 ? checker.serialised : checker.pieces[0]).sub(base + places[i].off, places[i].len);
  }
  for (u32 i = 0; i < need; ++i) {
    if (deletable(checker, sig_items[i].bytes)) return undecided(Code::bitcoin_script_not_template);
  }
  for (u32 i = 0; i < need; ++i) {
    Signature sig;
    if (!read_signature(checker, sig_items[i], sig)) return;
    sigs[i] = sig.compact;
    hash_types[i] = sig.hash_type;
    u32 same = 0;
    while (same < i && hash_types[same] != sig.hash_type) ++same;
    msgs[i] = same < i ? msgs[same] : digest(checker, sig.hash_type);
  }
  require(checker, Code::bitcoin_multisig_false,
          sheet_.multisig(Scheme::secp256k1_ecdsa, kSigHybrid, std::span(keys, checker.shape.key_count),
                          std::span(sigs, need), std::span(msgs, need)));
}

// Before witness v0 a signature that stands in the script is removed from it before hashing; no template needs that.
bool SpendStater::deletable(const Checker& checker, Bytes sig) const {
  if (checker.v0) return false;
  // A rebuilt P2PKH script holds one push whose 20 bytes are not known here.
  if (checker.bytes.empty()) return sig.size() == 20;
  return contains_push(checker.bytes, sig);
}

bool SpendStater::read_signature(const Checker& checker, const Item& item, Signature& out) {
  if (item.bytes.empty()) {
    refuse(checker, Code::signature_missing);
    return false;
  }
  u8 compact[64];
  if ((rules_.strict_der && !wire::bip66_encoding(item.bytes)) ||
      !wire::der_signature_lax(item.bytes.first(item.bytes.size() - 1), compact)) {
    refuse(checker, Code::signature_encoding);
    return false;
  }
  out = {sheet_.text(Bytes(compact)), item.bytes.back()};
  return true;
}

Ref SpendStater::digest(const Checker& checker, u32 hash_type) {
  if (checker.v0) return digests_.v0(input_, checker.serialised, prevouts_[input_].value, hash_type);
  return digests_.legacy(input_, checker.pieces, checker.len, hash_type);
}

void SpendStater::state_rebuilt() {
  if (in_->witness_count != 0 || run_pushes(*in_) != Pushes::all || stack_.size() < 2) {
    return undecided(Code::bitcoin_prevouts_missing);
  }
  const Item last = stack_.back();
  if (stack_.size() == 2 && looks_like_key(last.bytes)) {
    static constexpr u8 kHead[3] = {kOpDup, kOpHash160, 20};
    static constexpr u8 kTail[2] = {kOpEqualverify, kOpChecksig};
    const Ref hash = sheet_.hash(Hash::hash160, {last.ref});
    Checker checker{{Shape::p2pkh, 0, 0, 0, 3, 20},
                    {},
                    {sheet_.text(Bytes(kHead)), hash, sheet_.text(Bytes(kTail))},
                    25,
                    {},
                    false,
                    true};
    return evaluate_key(checker, stack_[0], last);
  }
  const Template shape = classify(last.bytes);
  stack_.pop_back();
  const usize need = shape.shape == Shape::p2pk ? 1 : shape.shape == Shape::p2pkh ? 2 : usize{shape.need} + 1;
  const bool known = shape.shape == Shape::p2pk || shape.shape == Shape::p2pkh || shape.shape == Shape::multisig;
  if (!known || stack_.size() != need || rules_.p2sh_unsure || !rules_.p2sh) {
    return undecided(Code::bitcoin_prevouts_missing);
  }
  Checker checker{shape, last.bytes, {last.ref}, last.ref.len(), {}, false, true};
  evaluate(checker, stack_);
}

}  // namespace isthmus::chain::bitcoin
