// Chain "bitcoin-block": one block in network form. The anchor's form stands in bitcoin_anchor.hpp.
//
// Stated in this order: the header; the Merkle root and that the tree is no mutation (CVE-2012-2459); size and weight;
// the witness commitment (BIP141); per transaction its own rules, double spends (CVE-2018-17144), values, lock times
// (BIP68, BIP113), maturity and the script of every input; signature operations; what the coinbase may pay. A body that
// does not belong to the header is found before a transaction is blamed. Without prevouts the block cannot be valid,
// only undecided, though inputs that reveal their key are checked. Facts: "hash", "height" (u32), "time" (u32), "txids"
// (32 bytes each), and with all prevouts "fees" (u64). Cost: two SHA-256d of each transaction (one before SegWit) and
// what bitcoin_spend.hpp says.
#include "chain/bitcoin_block.hpp"

#include <algorithm>
#include <numeric>

#include "wire/compact_size.hpp"

namespace isthmus::chain {
namespace bitcoin {

using claim::Compare;
using claim::Kind;
using claim::NodeId;
using claim::Ref;

namespace {

constexpr u32 kCoinbaseScriptMin = 2;
constexpr u32 kCoinbaseScriptMax = 100;
constexpr u32 kCommitmentLen = 38;
constexpr u8 kCommitmentHead[6] = {0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed};

}  // namespace

void BlockDecoder::decode() {
  sheet_.root(Kind::block, anchor_.height);
  if (input_.size() < kHeaderLen) return sheet_.fail(claim::kRoot, Code::truncated, input_.size());
  state_own_header();
  if (!read_transactions()) return;
  state_merkle_root();
  if (!check_size()) return;
  state_witness_commitment();
  resolve_prevouts();
  find_double_spends();
  state_transactions();
  check_sigops();
  check_coinbase_value();
  if (params_.signet && anchor_.height != 0) sheet_.undecided(claim::kRoot, Code::bitcoin_signet_unchecked);
}

void BlockDecoder::decode_txids() {
  sheet_.root(Kind::block, anchor_.height);
  if (input_.size() < kHeaderLen) return sheet_.fail(claim::kRoot, Code::truncated, input_.size());
  if (!read_transactions()) return;
  sheet_.fact("hash", sheet_.hash(Hash::sha256d, {sheet_.input(0, kHeaderLen)}));
  state_merkle_root();
  sheet_.undecided(claim::kRoot, Code::bitcoin_header_context_missing);
}

void BlockDecoder::state_own_header() {
  const Ref hash = sheet_.hash(Hash::sha256d, {sheet_.input(0, kHeaderLen)});
  u8 bytes[4];
  store_le32(bytes, anchor_.height);
  sheet_.fact("hash", hash);
  sheet_.fact("height", sheet_.text(Bytes(bytes)));
  sheet_.fact("time", sheet_.input(68, 4));
  state_link(sheet_, claim::kRoot, anchor_, hash);
  const HeaderContext context{params_, lineage_, anchor_.now, !anchor_.hash.empty()};
  state_header(sheet_, claim::kRoot, context, anchor_.height, PeriodBits(lineage_, params_.limit_bits), hash, 0);
  median_known_ = anchor_.height != 0 && lineage_.median_time_past(anchor_.height, median_);
}

bool BlockDecoder::read_transactions() {
  set_.bytes = input_;
  wire::Cursor cursor(input_, kHeaderLen);
  const u64 count = wire::read_compact_size(cursor);
  for (u64 i = 0; i < count && !cursor.failed(); ++i) {
    if (read_tx(cursor, set_)) continue;
    sheet_.fail(sheet_.all(claim::kRoot, Kind::tx, static_cast<u32>(i)), cursor.code(), cursor.error_off());
    return false;
  }
  if (!cursor.failed() && cursor.left() != 0) cursor.fail(Code::trailing_bytes);
  if (!cursor.failed() && count == 0) cursor.fail(Code::bitcoin_no_coinbase, kHeaderLen);
  if (cursor.failed()) sheet_.fail(claim::kRoot, cursor.code(), cursor.error_off());
  return !cursor.failed();
}

void BlockDecoder::state_merkle_root() {
  const Ref leaves = sheet_.reserve(32 * set_.txs.size());
  Ref segments[3];
  for (usize i = 0; i < set_.txs.size() && sheet_.within_limits(); ++i) {
    const u32 count = txid_segments(set_.txs[i], segments);
    sheet_.hash_into(leaves.sub(static_cast<u32>(32 * i), 32), Hash::sha256d, std::span(segments, count));
  }
  if (!sheet_.within_limits()) return;
  txids_ = leaves;
  const claim::Sheet::TreeResult tree = sheet_.tree(Tree::sha256d_bitcoin, leaves);
  merkle_claim_ = sheet_.compare(Compare::equal, sheet_.input(36, 32), tree.root);
  sheet_.require(claim::kRoot, Code::merkle_root_differs, merkle_claim_);
  sheet_.require(claim::kRoot, Code::merkle_mutated, tree.claim);
  sheet_.fact("txids", leaves);
}

bool BlockDecoder::check_size() {
  u64 stripped = kHeaderLen + wire::compact_size_len(set_.txs.size());
  for (const Tx& tx : set_.txs) stripped += tx.stripped_len();
  const bool fits = 4 * stripped <= kWeightMax && 3 * stripped + input_.size() <= kWeightMax;
  // Nothing more is stated, so that the work stays bounded by what a block may cost.
  if (!fits) sheet_.fail(claim::kRoot, Code::bitcoin_block_too_large);
  return fits && sheet_.within_limits();
}

// The last output of the coinbase that has a commitment's form; its 32 bytes begin at the returned offset, 0 for none.
u32 BlockDecoder::commitment_off() const {
  u32 off = 0;
  for (const TxOut& out : set_.outs_of(set_.txs[0])) {
    const Bytes script = set_.script_of(out);
    if (script.size() < kCommitmentLen) continue;
    if (std::equal(std::begin(kCommitmentHead), std::end(kCommitmentHead), script.begin())) off = out.script_off + 6;
  }
  return off;
}

void BlockDecoder::state_witness_commitment() {
  const u32 commitment = anchor_.height >= params_.segwit_height ? commitment_off() : 0;
  if (commitment == 0) return;
  committed_ = true;
  WitnessItem nonce{};
  const TxIn& coinbase = set_.ins[0];
  if (coinbase.witness_count == 1) WitnessReader(set_, coinbase).next(nonce);
  if (nonce.data_len != 32) return sheet_.fail(claim::kRoot, Code::bitcoin_witness_nonce, set_.txs[0].off);
  // The coinbase, which holds the commitment, counts as 32 zero bytes.
  const Ref leaves = sheet_.reserve(32 * set_.txs.size());
  for (usize i = 1; i < set_.txs.size() && sheet_.within_limits(); ++i) {
    const Tx& tx = set_.txs[i];
    sheet_.hash_into(leaves.sub(static_cast<u32>(32 * i), 32), Hash::sha256d,
                     std::initializer_list<Ref>{sheet_.input(tx.off, tx.len)});
  }
  if (!sheet_.within_limits()) return;
  const Ref root = sheet_.tree(Tree::sha256d_bitcoin, leaves).root;
  const Ref computed = sheet_.hash(Hash::sha256d, {root, sheet_.input(nonce.data_off, 32)});
  sheet_.require(claim::kRoot, Code::bitcoin_witness_commitment,
                 sheet_.compare(Compare::equal, sheet_.input(commitment, 32), computed));
}

void BlockDecoder::find_double_spends() {
  const usize count = set_.ins.size();
  repeated_.assign(count, 0);
  std::vector<u32> order(count);
  std::iota(order.begin(), order.end(), 0);
  const auto outpoint = [this](u32 i) { return set_.bytes.data() + set_.ins[i].off; };
  std::sort(order.begin(), order.end(), [&](u32 a, u32 b) {
    const int difference = memcmp(outpoint(a), outpoint(b), kOutpointLen);
    return difference != 0 ? difference < 0 : a < b;
  });
  // Equal outpoints stand together, first spender first.
  for (usize i = 1; i < count; ++i) {
    if (memcmp(outpoint(order[i - 1]), outpoint(order[i]), kOutpointLen) == 0) repeated_[order[i]] = order[i - 1] + 1;
  }
}

void BlockDecoder::state_transactions() {
  SpendStater stater(sheet_, set_, rules_);
  for (u32 i = 0; i < set_.txs.size() && sheet_.within_limits(); ++i) {
    const Tx& tx = set_.txs[i];
    const NodeId node = sheet_.all(claim::kRoot, Kind::tx, i);
    if (!anchor_.txids.empty() && hints_usable_) {
      sheet_.require(node, Code::bitcoin_txid_hint,
                     sheet_.compare(Compare::equal, txids_.sub(32 * i, 32),
                                    anchor_.ref(anchor_.txids.subspan(32 * usize{i}, 32))));
    }
    check_transaction(node, tx);
    if (i == 0) {
      // A coinbase has no input to answer for: what holds it is the Merkle root.
      sheet_.bind(node, merkle_claim_, Code::merkle_root_differs);
      check_coinbase(node, tx);
      continue;
    }
    stater.begin(tx, prevouts_of(tx));
    for (u32 j = 0; j < tx.in_count && sheet_.within_limits(); ++j) {
      const NodeId input = sheet_.all(node, Kind::input, j);
      check_input(input, i, tx.in_first + j);
      stater.state(input, j);
    }
    check_relative_locks(node, tx);
    check_values(node, tx);
  }
}

void BlockDecoder::check_transaction(NodeId node, const Tx& tx) {
  if (tx.witness && !committed_) sheet_.fail(node, Code::bitcoin_witness_uncommitted, tx.off);
  if (tx.out_count == 0) sheet_.fail(node, Code::bitcoin_tx_no_outputs, tx.off);
  if (u64{4} * tx.stripped_len() > kWeightMax) sheet_.fail(node, Code::bitcoin_tx_too_large, tx.off);
  u64 sum = 0;
  for (const TxOut& out : set_.outs_of(tx)) {
    // Signed on the wire: a negative value is a very large one here. The sum stays below 2^52 while it is within
    // bounds.
    const u64 value = set_.value_of(out);
    if (value <= kMoneyMax && sum + value <= kMoneyMax) {
      sum += value;
      continue;
    }
    sheet_.fail(node, Code::bitcoin_output_value, out.off);
    break;
  }
  const u32 locktime = set_.locktime_of(tx);
  const std::span<const TxIn> ins = set_.ins_of(tx);
  const bool final_inputs =
      std::all_of(ins.begin(), ins.end(), [this](const TxIn& in) { return set_.sequence_of(in) == ~u32{0}; });
  if (locktime == 0 || final_inputs) return;
  constexpr u32 kLocktimeSeconds = 500'000'000;
  const bool by_median = anchor_.height >= params_.csv_height;
  if (locktime >= kLocktimeSeconds && by_median && !median_known_) {
    sheet_.undecided(node, Code::bitcoin_median_time_missing, tx.locktime_off);
    return;
  }
  const u32 now = locktime < kLocktimeSeconds ? anchor_.height : by_median ? median_ : header_time(input_.data());
  if (locktime >= now) sheet_.fail(node, Code::bitcoin_not_final, tx.locktime_off);
}

// `CScript() << height` as BIP34 compares it: a small-number opcode up to 16, else the shortest push of a signed
// integer.
u32 BlockDecoder::height_push(u8 out[6]) const {
  const u32 height = anchor_.height;
  if (height <= 16) {
    out[0] = static_cast<u8>(height == 0 ? kOp0 : kOp1 + height - 1);
    return 1;
  }
  u32 len = 0;  // behind the opcode
  for (u32 rest = height; rest != 0; rest >>= 8) out[1 + len++] = static_cast<u8>(rest);
  if ((out[len] & 0x80) != 0) out[1 + len++] = 0;
  out[0] = static_cast<u8>(len);
  return 1 + len;
}

void BlockDecoder::check_coinbase(NodeId node, const Tx& tx) {
  if (!is_coinbase(set_, tx)) return sheet_.fail(node, Code::bitcoin_no_coinbase, tx.off);
  const Bytes script = set_.script_of(set_.ins[tx.in_first]);
  if (script.size() < kCoinbaseScriptMin || script.size() > kCoinbaseScriptMax) {
    sheet_.fail(node, Code::bitcoin_coinbase_script, tx.off);
  }
  if (anchor_.height < params_.bip34_height) return;
  u8 expected[6];
  const u32 len = height_push(expected);
  if (script.size() < len || !std::equal(expected, expected + len, script.begin())) {
    sheet_.fail(node, Code::bitcoin_coinbase_height, tx.off);
  }
}

void BlockDecoder::check_input(NodeId node, u32 tx, u32 in) {
  const u32 off = set_.ins[in].off;
  if (is_null_outpoint(set_.outpoint_of(set_.ins[in]))) {
    const bool alone = set_.txs[tx].in_count == 1;
    sheet_.fail(node, alone ? Code::bitcoin_extra_coinbase : Code::bitcoin_null_outpoint, off);
  }
  if (repeated_[in] != 0) {
    const bool same_tx = repeated_[in] - 1 >= set_.txs[tx].in_first;
    sheet_.fail(node, same_tx ? Code::bitcoin_input_repeated : Code::bitcoin_double_spend, off);
  }
  const Finding finding = findings_[in];
  if (finding == Finding::missing) sheet_.fail(node, Code::bitcoin_input_missing, off);
  if (finding == Finding::differs) sheet_.undecided(node, Code::bitcoin_prevout_differs, off);
  const Prevout& prevout = prevouts_[in];
  if (!prevout.known || !prevout.coinbase) return;
  if (prevout.height == kUnknown) return sheet_.undecided(node, Code::bitcoin_prevout_height_missing, off);
  if (anchor_.height - std::min(prevout.height, anchor_.height) < kCoinbaseMaturity) {
    sheet_.fail(node, Code::bitcoin_coinbase_immature, off);
  }
}

void BlockDecoder::check_relative_locks(NodeId node, const Tx& tx) {
  constexpr u32 kDisabled = u32{1} << 31;
  constexpr u32 kSeconds = u32{1} << 22;
  if (anchor_.height < params_.csv_height || set_.version_of(tx) < 2) return;
  for (u32 i = tx.in_first; i < tx.in_first + tx.in_count; ++i) {
    const u32 sequence = set_.sequence_of(set_.ins[i]);
    const u32 lock = sequence & 0xffff;
    // A lock of zero ends with the block that made the output.
    if ((sequence & kDisabled) != 0 || lock == 0) continue;
    const Prevout& prevout = prevouts_[i];
    if (!prevout.known) continue;  // said once for the block
    const u32 off = set_.ins[i].sequence_off();
    if ((sequence & kSeconds) == 0) {
      if (prevout.height == kUnknown) {
        sheet_.undecided(node, Code::bitcoin_prevout_height_missing, off);
      } else if (u64{prevout.height} + lock > anchor_.height) {
        sheet_.fail(node, Code::bitcoin_relative_lock, off);
      }
      continue;
    }
    const u32 made = prevout_time(i);
    if (made == kUnknown || !median_known_) {
      sheet_.undecided(
          node, made == kUnknown ? Code::bitcoin_prevout_height_missing : Code::bitcoin_median_time_missing, off);
    } else if (u64{made} + (u64{lock} << 9) > median_) {
      sheet_.fail(node, Code::bitcoin_relative_lock, off);
    }
  }
}

// Median time past of the block before the one that made the output that input `in` spends.
u32 BlockDecoder::prevout_time(u32 in) const {
  if (prevouts_[in].height == anchor_.height) return median_known_ ? median_ : kUnknown;
  const u32 entry = in - set_.txs[0].in_count;
  return anchor_.prevout_times.empty() || !container_usable_
             ? kUnknown
             : load_le32(anchor_.prevout_times.data() + 4 * usize{entry});
}

void BlockDecoder::check_values(NodeId node, const Tx& tx) {
  u64 in = 0;
  u64 out = 0;
  for (const Prevout& prevout : prevouts_of(tx)) {
    if (!prevout.known) {
      all_known_ = false;
      return;
    }
    if (prevout.amount > kMoneyMax || in + prevout.amount > kMoneyMax) return refuse_values(node, tx);
    in += prevout.amount;
  }
  for (const TxOut& output : set_.outs_of(tx)) {
    // Values out of range are said by check_transaction.
    out = std::min(out + std::min(set_.value_of(output), kMoneyMax + 1), kMoneyMax + 1);
  }
  if (out > in) {
    values_sound_ = false;
    return sheet_.fail(node, Code::bitcoin_value_created, tx.off);
  }
  if (fees_ + (in - out) > kMoneyMax) return refuse_values(node, tx);
  fees_ += in - out;
}

void BlockDecoder::refuse_values(NodeId node, const Tx& tx) {
  values_sound_ = false;
  sheet_.fail(node, Code::bitcoin_input_value, tx.off);
}

void BlockDecoder::check_sigops() {
  u64 cost = 0;
  for (const TxOut& out : set_.outs) cost += u64{4} * count_sigops(set_.script_of(out), false);
  for (usize i = 0; i < set_.ins.size(); ++i) {
    const Bytes script = set_.script_of(set_.ins[i]);
    cost += u64{4} * count_sigops(script, false);
    if (i >= set_.txs[0].in_count && prevouts_[i].known) cost += prevout_sigops(set_.ins[i], prevouts_[i]);
  }
  if (cost > kSigopCostMax) sheet_.fail(claim::kRoot, Code::bitcoin_sigops);
}

// What the spent output adds: the redeem script's operations fourfold, a witness program's once.
u64 BlockDecoder::prevout_sigops(const TxIn& in, const Prevout& prevout) const {
  u64 cost = 0;
  Bytes program = prevout.script_bytes;
  if (classify(prevout.script_bytes).shape == Shape::p2sh) {
    Bytes redeem;
    if (!rules_.p2sh || !last_push(set_.script_of(in), redeem)) return 0;
    cost = u64{4} * count_sigops(redeem, true);
    program = redeem;
  }
  u8 version;
  if (!rules_.witness || !is_witness_program(program, version, program) || version != 0) return cost;
  if (program.size() == 20) return cost + 1;
  if (program.size() != 32 || in.witness_count == 0) return cost;
  WitnessItem item{};
  for (WitnessReader reader(set_, in); reader.next(item);) {
  }
  return cost + count_sigops(set_.bytes.subspan(item.data_off, item.data_len), true);
}

void BlockDecoder::check_coinbase_value() {
  if (!all_known_) {
    sheet_.undecided(claim::kRoot, container_ignored_ ? Code::bitcoin_prevouts_count : Code::bitcoin_prevouts_missing);
    return;
  }
  if (!values_sound_) return;  // the fees are not known
  const u32 halvings = anchor_.height / params_.halving_interval;
  const u64 subsidy = halvings >= 64 ? 0 : u64{50} * 100'000'000 >> halvings;
  u64 paid = 0;
  for (const TxOut& out : set_.outs_of(set_.txs[0])) {
    const u64 value = set_.value_of(out);
    paid = value > kMoneyMax ? ~u64{0} : std::min(paid + value, kMoneyMax + 1);
    if (paid > kMoneyMax) break;
  }
  u8 bytes[8];
  store_le64(bytes, fees_);
  sheet_.fact("fees", sheet_.text(Bytes(bytes)));
  if (paid > subsidy + fees_) {
    sheet_.fail(claim::kRoot, Code::bitcoin_coinbase_value, set_.txs[0].off);
  }
}

}  // namespace bitcoin

AnchorError decode_bitcoin_block(Bytes input, Bytes anchor_bytes, const Limits&, claim::Sheet& sheet) {
  bitcoin::Anchor anchor;
  const AnchorError bad = bitcoin::parse_anchor(anchor_bytes, bitcoin::kBlockFields, anchor);
  if (bad.what != nullptr) return bad;
  bitcoin::BlockDecoder(input, anchor, sheet).decode();
  return {};
}

// Chain "bitcoin-txids": the same input, but only its identifiers: facts "hash" and "txids", for an anchor's hint. The
// Merkle root ties them to the header and nothing else is looked at, so the verdict is never valid.
AnchorError decode_bitcoin_txids(Bytes input, Bytes anchor_bytes, const Limits&, claim::Sheet& sheet) {
  bitcoin::Anchor anchor;
  const AnchorError bad = bitcoin::parse_anchor(anchor_bytes, bitcoin::kBlockFields, anchor);
  if (bad.what != nullptr) return bad;
  bitcoin::BlockDecoder(input, anchor, sheet).decode_txids();
  return {};
}

}  // namespace isthmus::chain
