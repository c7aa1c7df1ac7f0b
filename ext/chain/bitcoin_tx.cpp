#include "chain/bitcoin_tx.hpp"

#include <algorithm>

#include "wire/compact_size.hpp"

namespace isthmus::chain::bitcoin {
namespace {

using wire::Cursor;

// Smallest encodings: a count that the rest of the bytes cannot hold is refused before anything is kept for it.
constexpr u64 kInputLenMin = 41;
constexpr u64 kOutputLenMin = 9;

u32 off_of(const Cursor& cursor) { return static_cast<u32>(cursor.at()); }

// A count of structures of at least `least` bytes each.
u32 read_count(Cursor& cursor, u64 least) {
  const usize off = cursor.at();
  const u64 count = wire::read_compact_size(cursor);
  if (count * least > cursor.left()) cursor.fail(Code::truncated, off);
  return cursor.failed() ? 0 : static_cast<u32>(count);
}

void read_inputs(Cursor& cursor, u32 count, TxSet& set) {
  for (u32 i = 0; i < count && !cursor.failed(); ++i) {
    TxIn in{};
    in.off = off_of(cursor);
    cursor.skip(kOutpointLen);
    in.script_len = static_cast<u32>(wire::read_compact_size(cursor));
    in.script_off = off_of(cursor);
    cursor.skip(in.script_len);
    cursor.skip(4);
    set.ins.push_back(in);
  }
}

void read_outputs(Cursor& cursor, u32 count, TxSet& set) {
  for (u32 i = 0; i < count && !cursor.failed(); ++i) {
    TxOut out{};
    out.off = off_of(cursor);
    cursor.skip(8);
    out.script_len = static_cast<u32>(wire::read_compact_size(cursor));
    out.script_off = off_of(cursor);
    cursor.skip(out.script_len);
    set.outs.push_back(out);
  }
}

// A witness section in which every stack is empty is a second encoding of the same transaction.
void read_witnesses(Cursor& cursor, std::span<TxIn> ins) {
  const usize off = cursor.at();
  bool any = false;
  for (TxIn& in : ins) {
    in.witness_count = read_count(cursor, 1);
    in.witness_off = off_of(cursor);
    any |= in.witness_count != 0;
    for (u32 i = 0; i < in.witness_count && !cursor.failed(); ++i) cursor.skip(wire::read_compact_size(cursor));
    if (cursor.failed()) return;
  }
  if (!any) cursor.fail(Code::not_canonical, off);
}

}  // namespace

bool read_tx(Cursor& cursor, TxSet& set) {
  Tx tx{};
  tx.off = off_of(cursor);
  tx.in_first = static_cast<u32>(set.ins.size());
  tx.out_first = static_cast<u32>(set.outs.size());
  cursor.skip(4);
  tx.inputs_off = off_of(cursor);
  tx.in_count = read_count(cursor, kInputLenMin);
  if (!cursor.failed() && tx.in_count == 0) {
    // No inputs at this place is the marker of the form with flags.
    const u8 flags = cursor.byte();
    if (flags > 1) cursor.fail(Code::bitcoin_tx_flags, tx.inputs_off);
    tx.witness = true;
    tx.inputs_off = off_of(cursor);
    if (flags == 1) tx.in_count = read_count(cursor, kInputLenMin);
    if (tx.in_count == 0) cursor.fail(Code::bitcoin_tx_no_inputs, tx.off);
  }
  read_inputs(cursor, tx.in_count, set);
  tx.outputs_off = off_of(cursor);
  tx.out_count = read_count(cursor, kOutputLenMin);
  tx.first_output = off_of(cursor);
  read_outputs(cursor, tx.out_count, set);
  tx.outputs_end = off_of(cursor);
  if (tx.witness && !cursor.failed()) read_witnesses(cursor, std::span(set.ins).subspan(tx.in_first));
  tx.locktime_off = off_of(cursor);
  cursor.skip(4);
  if (cursor.failed()) return false;
  tx.len = off_of(cursor) - tx.off;
  set.txs.push_back(tx);
  return true;
}

bool is_null_outpoint(Bytes outpoint) {
  return load_le32(outpoint.data() + 32) == ~u32{0} &&
         std::all_of(outpoint.begin(), outpoint.begin() + 32, [](u8 byte) { return byte == 0; });
}

bool is_coinbase(const TxSet& set, const Tx& tx) {
  return tx.in_count == 1 && is_null_outpoint(set.outpoint_of(set.ins[tx.in_first]));
}

bool WitnessReader::next(WitnessItem& item) {
  if (left_ == 0) return false;
  --left_;
  item.off = off_of(cursor_);
  item.data_len = static_cast<u32>(wire::read_compact_size(cursor_));
  item.data_off = off_of(cursor_);
  cursor_.skip(item.data_len);
  return true;
}

u32 txid_segments(const Tx& tx, claim::Ref out[3]) {
  const auto input = [](u32 off, u32 end) { return claim::Ref::make(claim::Space::input, off, end - off); };
  if (!tx.witness) {
    out[0] = input(tx.off, tx.off + tx.len);
    return 1;
  }
  out[0] = input(tx.off, tx.off + 4);
  out[1] = input(tx.inputs_off, tx.outputs_end);
  out[2] = input(tx.locktime_off, tx.locktime_off + 4);
  return 3;
}

}  // namespace isthmus::chain::bitcoin
