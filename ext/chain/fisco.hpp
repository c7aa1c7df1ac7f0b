// A FISCO BCOS block as its decoders read it, for both generations: what is hashed, what is signed, what is compared.
//
// Version 2 hashes RLP as it lies in the input. Version 3 hashes a concatenation of fields without lengths (not the
// TARS bytes), so the segments are put together here, and every field whose end could be moved is held to its size.
#pragma once

#include <vector>

#include "chain/fisco_anchor.hpp"
#include "claim/sheet.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::fisco {

using claim::NodeId;
using claim::Sheet;
using wire::WireError;

// Something that is wrong with a part, noted at the part's node once that exists.
struct Problem {
  Status status;
  Code code;
  u64 byte_off;
};

struct Header {
  u64 number = 0;
  u64 timestamp = 0;  // milliseconds
  u64 sealer = 0;     // index
  Ref parent_hash;    // 0 bytes: none
  Ref transactions_root;
  Ref receipts_root;
  Ref state_root;
  std::vector<Sealer> sealers;
  bool has_extra_data = false;
  // Whether bytes could be moved between extra data and sealers without another hash.
  bool shifts = false;
  std::vector<Ref> hashed;
  std::vector<Problem> problems;
  u64 off = 0;

  bool is_genesis() const { return number == 0; }
};

struct Signature {
  u64 index = 0;  // of the sealer
  Ref bytes;
  u64 off = 0;
};

struct Transaction {
  std::vector<Ref> hashed;       // empty: only the stated hash is known
  std::vector<Ref> signed_part;  // what the signature's digest is the hash of; empty: the transaction's hash is signed
  Ref stated_hash;               // 0 or 32 bytes
  Ref signature;                 // r || s || v, with SM2 r || s; 0 bytes: none
  Ref key;                       // SM2: 64 bytes
  Ref sender;                    // 0 or 20 bytes, as stated
  Ref chain_id;
  Ref group_id;
  Ref nonce;
  bool web3 = false;
  std::vector<Problem> problems;
  u64 off = 0;
};

struct Receipt {
  std::vector<Ref> hashed;  // empty: only the stated hash is known
  Ref stated_hash;
  u32 status = 0;  // 0: executed without an error
  bool tells_number = false;
  u64 number = 0;
  std::vector<Problem> problems;
  u64 off = 0;
};

struct Block {
  Header header;
  Ref stated_hash;  // 0 or 32 bytes
  std::vector<Signature> signatures;
  std::vector<Transaction> transactions;
  std::vector<Receipt> receipts;
  Ref transactions_blob;  // version 2 until 2.1: what the roots are hashes of
  Ref receipts_list;
};

// Reads parts of `whole`, the untrusted input, and gives out references into it.
struct Source {
  Sheet& sheet;
  Bytes whole;
  WireError& error;
  u32 count_max;

  u64 off(Bytes part) const { return part.empty() ? 0 : static_cast<u64>(part.data() - whole.data()); }
  Ref ref(Bytes part) const { return sheet.input(static_cast<usize>(off(part)), part.size()); }
};

// Version 2: RLP. The header is that of libethcore/BlockHeader.cpp, a list of thirteen; the block that of Block.cpp:
// header, transactions, hash, signatures, receipts; before rc2 header, transaction list, receipts, hash, signatures.
namespace v2 {
Header read_header(const Source& source, Bytes encoding);
Transaction read_transaction(const Source& source, const Anchor& anchor, Bytes encoding);
Receipt read_receipt(const Source& source, const Anchor& anchor, Bytes encoding);
Block read_block(const Source& source, const Anchor& anchor);
}  // namespace v2

// Version 3: TARS (bcos-tars-protocol/tars/{Block,Transaction,TransactionReceipt}.tars).
namespace v3 {
// bcostars.BlockHeader: header, stated hash and signatures of `block`.
void read_block_header(const Source& source, Bytes encoding, Block& block);
// bcostars.Transaction and bcostars.TransactionReceipt, as fields of a struct.
Transaction read_transaction(const Source& source, const Anchor& anchor, Bytes encoding);
Receipt read_receipt(const Source& source, Bytes encoding);
// bcostars.Block.
Block read_block(const Source& source, const Anchor& anchor);
}  // namespace v3

}  // namespace isthmus::chain::fisco
