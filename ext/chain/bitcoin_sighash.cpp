#include "chain/bitcoin_sighash.hpp"

#include <algorithm>
#include <string_view>

#include "wire/compact_size.hpp"

namespace isthmus::chain::bitcoin {
namespace {

using claim::Ref;

// One input of a blanked list: outpoint, empty script, sequence.
constexpr u32 kBlankLen = kOutpointLen + 1 + 4;
// One output of a SINGLE digest that is not the signed one: value -1 and an empty script.
constexpr u32 kEmptyOutputLen = 9;

constexpr std::string_view kTagNames[] = {"TapLeaf", "TapTweak", "TapSighash"};

bool made(Ref ref) { return ref.len() != 0; }

u32 base_of(u32 hash_type) { return hash_type & 0x1f; }
bool anyone_can_pay(u32 hash_type) { return (hash_type & kSighashAnyoneCanPay) != 0; }

// By resize and copy: GCC 12 sees an overflow that is not there in insert() of a few bytes into a cleared vector.
void append(std::vector<u8>& bytes, Bytes more) {
  const usize at = bytes.size();
  bytes.resize(at + more.size());
  std::copy(more.begin(), more.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

Ref Literals::zeros() {
  static constexpr u8 kZeros[32] = {};
  if (!made(zeros_)) zeros_ = sheet_.text(Bytes(kZeros));
  return zeros_;
}

Ref Literals::one() {
  static constexpr u8 kOne[32] = {1};
  if (!made(one_)) one_ = sheet_.text(Bytes(kOne));
  return one_;
}

Ref Literals::byte(u8 value) {
  if (!made(bytes_[value])) bytes_[value] = sheet_.text({value});
  return bytes_[value];
}

Ref Literals::hash_type(u32 value) {
  u8 bytes[4];
  store_le32(bytes, value);
  if (value > 0xff) return sheet_.text(Bytes(bytes));
  if (!made(hash_types_[value])) hash_types_[value] = sheet_.text(Bytes(bytes));
  return hash_types_[value];
}

Ref Literals::size(u64 value) {
  u8 bytes[9];
  const Bytes form(bytes, wire::write_compact_size(bytes, value));
  if (value >= std::size(sizes_)) return sheet_.text(form);
  if (!made(sizes_[value])) sizes_[value] = sheet_.text(form);
  return sizes_[value];
}

Ref Literals::tag(Tag tag) {
  Ref& ref = tags_[static_cast<usize>(tag)];
  if (!made(ref)) {
    const std::string_view name = kTagNames[static_cast<usize>(tag)];
    ref = sheet_.hash(Hash::sha256, {sheet_.text(Bytes(reinterpret_cast<const u8*>(name.data()), name.size()))});
  }
  return ref;
}

Ref Literals::tagged(Tag name, std::span<const Ref> message) {
  const Ref prefix = tag(name);
  message_.assign({prefix, prefix});
  message_.insert(message_.end(), message.begin(), message.end());
  return sheet_.hash(Hash::sha256, message_);
}

void TxDigests::begin(const Tx& tx, std::span<const Prevout> prevouts) {
  tx_ = &tx;
  prevouts_ = prevouts;
  for (Lazy* lazy : {&blanked_[0], &blanked_[1], &empty_outputs_, &outpoints_, &sequences_, &amounts_, &prevouts_twice_,
                     &sequences_twice_, &outputs_twice_, &prevouts_once_, &amounts_once_, &scripts_once_,
                     &sequences_once_, &outputs_once_}) {
    *lazy = {};
  }
}

// version | count | per input: outpoint, 00, sequence (its own or zero).
Ref TxDigests::blanked(bool zero_sequences) {
  Lazy& lazy = blanked_[zero_sequences];
  if (lazy.made) return lazy.ref;
  bytes_.clear();
  u8 count[9];
  append(bytes_, set_.bytes.subspan(tx_->off, 4));
  append(bytes_, Bytes(count, wire::write_compact_size(count, tx_->in_count)));
  for (const TxIn& in : set_.ins_of(*tx_)) {
    append(bytes_, set_.outpoint_of(in));
    bytes_.push_back(0);
    u8 sequence[4];
    store_le32(sequence, zero_sequences ? 0 : set_.sequence_of(in));
    append(bytes_, Bytes(sequence));
  }
  lazy = {sheet_.text(bytes_), true};
  return lazy.ref;
}

// A run of as many empty outputs as any input of this transaction may need; the first `count` of them.
Ref TxDigests::empty_outputs(u32 count) {
  if (!empty_outputs_.made) {
    bytes_.assign(usize{kEmptyOutputLen} * tx_->out_count, 0xff);
    for (usize i = kEmptyOutputLen - 1; i < bytes_.size(); i += kEmptyOutputLen) bytes_[i] = 0;
    empty_outputs_ = {sheet_.text(bytes_), true};
  }
  return empty_outputs_.ref.sub(0, kEmptyOutputLen * count);
}

void TxDigests::push_legacy_inputs(u32 input, std::span<const Ref> code, u64 code_len, u32 hash_type) {
  if (anyone_can_pay(hash_type)) {
    row_.insert(row_.end(), {version(), literals_.size(1), outpoint(input), literals_.size(code_len)});
    row_.insert(row_.end(), code.begin(), code.end());
    row_.push_back(sequence(input));
    return;
  }
  const bool zero_sequences = base_of(hash_type) == kSighashNone || base_of(hash_type) == kSighashSingle;
  const Ref list = blanked(zero_sequences);
  if (!sheet_.within_limits()) return;
  const u32 head = 4 + static_cast<u32>(wire::compact_size_len(tx_->in_count));
  const u32 at = head + kBlankLen * input;
  row_.insert(row_.end(), {list.sub(0, at + kOutpointLen), literals_.size(code_len)});
  row_.insert(row_.end(), code.begin(), code.end());
  if (zero_sequences) row_.push_back(sequence(input));
  const u32 rest = at + kOutpointLen + 1 + (zero_sequences ? 4 : 0);
  if (rest < list.len()) row_.push_back(list.sub(rest, list.len() - rest));
}

void TxDigests::push_legacy_outputs(u32 input, u32 hash_type) {
  if (base_of(hash_type) == kSighashNone) {
    row_.push_back(literals_.byte(0));
  } else if (base_of(hash_type) == kSighashSingle) {
    row_.push_back(literals_.size(u64{input} + 1));
    if (input > 0) row_.push_back(empty_outputs(input));
    row_.push_back(output(input));
  } else {
    row_.push_back(sheet_.input(tx_->outputs_off, tx_->outputs_end - tx_->outputs_off));
  }
}

Ref TxDigests::legacy(u32 input, std::span<const Ref> code, u64 code_len, u32 hash_type) {
  if (base_of(hash_type) == kSighashSingle && input >= tx_->out_count) return literals_.one();
  row_.clear();
  push_legacy_inputs(input, code, code_len, hash_type);
  push_legacy_outputs(input, hash_type);
  row_.push_back(locktime());
  row_.push_back(literals_.hash_type(hash_type));
  return sheet_.hash(Hash::sha256d, row_);
}

Ref TxDigests::all_outpoints() {
  if (outpoints_.made) return outpoints_.ref;
  bytes_.clear();
  for (const TxIn& in : set_.ins_of(*tx_)) append(bytes_, set_.outpoint_of(in));
  outpoints_ = {sheet_.text(bytes_), true};
  return outpoints_.ref;
}

Ref TxDigests::all_sequences() {
  if (sequences_.made) return sequences_.ref;
  bytes_.clear();
  for (const TxIn& in : set_.ins_of(*tx_)) append(bytes_, set_.bytes.subspan(in.sequence_off(), 4));
  sequences_ = {sheet_.text(bytes_), true};
  return sequences_.ref;
}

Ref TxDigests::amounts() {
  if (amounts_.made) return amounts_.ref;
  bytes_.clear();
  for (const Prevout& prevout : prevouts_) {
    u8 amount[8];
    store_le64(amount, prevout.amount);
    append(bytes_, Bytes(amount));
  }
  amounts_ = {sheet_.text(bytes_), true};
  return amounts_.ref;
}

Ref TxDigests::digest_of(Lazy& lazy, Hash hash, Ref message) {
  if (!lazy.made) lazy = {sheet_.hash(hash, {message}), true};
  return lazy.ref;
}

Ref TxDigests::scripts_digest() {
  if (scripts_once_.made) return scripts_once_.ref;
  std::vector<Ref> scripts;
  scripts.reserve(prevouts_.size());
  for (const Prevout& prevout : prevouts_) scripts.push_back(prevout.serialised);
  scripts_once_ = {sheet_.hash(Hash::sha256, scripts), true};
  return scripts_once_.ref;
}

Ref TxDigests::v0(u32 input, Ref code, Ref value, u32 hash_type) {
  const u32 base = base_of(hash_type);
  const bool every_output = base != kSighashNone && base != kSighashSingle;
  Ref outpoints_digest = literals_.zeros();
  Ref sequences_digest = literals_.zeros();
  Ref outputs_digest = literals_.zeros();
  if (!anyone_can_pay(hash_type)) {
    outpoints_digest = digest_of(prevouts_twice_, Hash::sha256d, all_outpoints());
    if (every_output) sequences_digest = digest_of(sequences_twice_, Hash::sha256d, all_sequences());
  }
  if (every_output) {
    outputs_digest = digest_of(outputs_twice_, Hash::sha256d, outputs());
  } else if (base == kSighashSingle && input < tx_->out_count) {
    outputs_digest = sheet_.hash(Hash::sha256d, {output(input)});
  }
  return sheet_.hash(Hash::sha256d, {version(), outpoints_digest, sequences_digest, outpoint(input), code, value,
                                     sequence(input), outputs_digest, locktime(), literals_.hash_type(hash_type)});
}

bool TxDigests::taproot(u32 input, u8 hash_type, const TaprootExtra& extra, Ref& digest) {
  if (hash_type > 3 && (hash_type < 0x81 || hash_type > 0x83)) return false;
  const u32 base = hash_type & 3;
  if (base == kSighashSingle && input >= tx_->out_count) return false;
  const bool script_path = made(extra.leaf);
  const bool annex = made(extra.annex);
  std::vector<Ref> row = {literals_.byte(0), literals_.byte(hash_type), version(), locktime()};
  if (!anyone_can_pay(hash_type)) {
    row.push_back(digest_of(prevouts_once_, Hash::sha256, all_outpoints()));
    row.push_back(digest_of(amounts_once_, Hash::sha256, amounts()));
    row.push_back(scripts_digest());
    row.push_back(digest_of(sequences_once_, Hash::sha256, all_sequences()));
  }
  if (base != kSighashNone && base != kSighashSingle) {
    row.push_back(digest_of(outputs_once_, Hash::sha256, outputs()));
  }
  row.push_back(literals_.byte(static_cast<u8>(2 * script_path + annex)));
  if (anyone_can_pay(hash_type)) {
    const Prevout& spent = prevouts_[input];
    row.insert(row.end(), {outpoint(input), spent.value, spent.serialised, sequence(input)});
  } else {
    row.push_back(literals_.hash_type(input));
  }
  if (annex) row.push_back(sheet_.hash(Hash::sha256, {extra.annex}));
  if (base == kSighashSingle) row.push_back(sheet_.hash(Hash::sha256, {output(input)}));
  // Key version 0, and no OP_CODESEPARATOR was executed.
  if (script_path) row.insert(row.end(), {extra.leaf, literals_.byte(0), literals_.hash_type(~u32{0})});
  digest = literals_.tagged(Tag::sighash, row);
  return true;
}

}  // namespace isthmus::chain::bitcoin
