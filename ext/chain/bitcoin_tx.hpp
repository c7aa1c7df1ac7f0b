// Bitcoin transactions as offsets into the bytes that hold them: the strict parser and the cheap questions about them.
//
// Serialisation with and without witness (BIP144). Cost: each byte is read once; 20 bytes of memory per input (41 bytes
// or more on the wire), 16 per output (9 or more). Offsets are 32 bits: a sheet's input is shorter than 2^30 bytes.
#pragma once

#include <vector>

#include "claim/sheet.hpp"
#include "wire/cursor.hpp"

namespace isthmus::chain::bitcoin {

inline constexpr u32 kOutpointLen = 36;

struct TxIn {
  u32 off;         // outpoint: hash 32, index 4
  u32 script_off;  // behind its length
  u32 script_len;
  u32 witness_off;  // first item's length; 0 when the transaction has no witness section
  u32 witness_count;

  u32 sequence_off() const { return script_off + script_len; }
};

struct TxOut {
  u32 off;  // value 8, script length, script
  u32 script_off;
  u32 script_len;

  u32 end() const { return script_off + script_len; }
};

struct Tx {
  u32 off;  // version
  u32 len;
  u32 inputs_off;    // the count of inputs, behind marker and flag
  u32 outputs_off;   // the count of outputs
  u32 first_output;  // the first output; outputs end where witness or lock time begins
  u32 outputs_end;
  u32 locktime_off;
  u32 in_first;  // into TxSet::ins
  u32 in_count;
  u32 out_first;  // into TxSet::outs
  u32 out_count;
  bool witness;

  // Size without marker, flag and witness.
  u32 stripped_len() const { return witness ? len - 2 - (locktime_off - outputs_end) : len; }
};

// Transactions over one run of bytes.
struct TxSet {
  Bytes bytes;
  std::vector<Tx> txs;
  std::vector<TxIn> ins;
  std::vector<TxOut> outs;

  std::span<const TxIn> ins_of(const Tx& tx) const { return std::span(ins).subspan(tx.in_first, tx.in_count); }
  std::span<const TxOut> outs_of(const Tx& tx) const { return std::span(outs).subspan(tx.out_first, tx.out_count); }
  Bytes script_of(const TxIn& in) const { return bytes.subspan(in.script_off, in.script_len); }
  Bytes script_of(const TxOut& out) const { return bytes.subspan(out.script_off, out.script_len); }
  Bytes outpoint_of(const TxIn& in) const { return bytes.subspan(in.off, kOutpointLen); }
  u32 sequence_of(const TxIn& in) const { return load_le32(bytes.data() + in.sequence_off()); }
  u64 value_of(const TxOut& out) const { return load_le64(bytes.data() + out.off); }
  u32 version_of(const Tx& tx) const { return load_le32(bytes.data() + tx.off); }
  u32 locktime_of(const Tx& tx) const { return load_le32(bytes.data() + tx.locktime_off); }
};

// Reads the transaction at the cursor, which walks set.bytes, and appends it; it has inputs, perhaps no outputs. False:
// the cursor holds the error and the set is as it was but for the tails of ins and outs.
bool read_tx(wire::Cursor& cursor, TxSet& set);

// The null outpoint stands for "no output": only a coinbase has it.
bool is_null_outpoint(Bytes outpoint);
bool is_coinbase(const TxSet& set, const Tx& tx);

// One witness item: where its length begins and where its bytes are.
struct WitnessItem {
  u32 off;
  u32 data_off;
  u32 data_len;

  u32 end() const { return data_off + data_len; }
};

// Walks the items of one input's witness, which read_tx has checked.
class WitnessReader {
 public:
  WitnessReader(const TxSet& set, const TxIn& in) : cursor_(set.bytes, in.witness_off), left_(in.witness_count) {}
  bool next(WitnessItem& item);

 private:
  wire::Cursor cursor_;
  u32 left_;
};

// Segments of the bytes that the txid is made over.
u32 txid_segments(const Tx& tx, claim::Ref out[3]);

}  // namespace isthmus::chain::bitcoin
