// Version 2 of FISCO BCOS: blocks, headers, transactions and receipts in RLP. Only canonical RLP is read, since what is
// hashed is hashed as it lies here.
#include <algorithm>

#include "chain/fisco.hpp"
#include "wire/rlp.hpp"

namespace isthmus::chain::fisco::v2 {
namespace {

using wire::RlpItem;
using wire::take_rlp;

constexpr usize kBloomLen = 256;
constexpr usize kWordLen = 32;  // integers are of 256 bits
constexpr u64 kRecoveryBase = 27;

// Takes the items of one list from the left; what is wrong becomes the source's error, and then nothing more is given.
class Items {
 public:
  Items(const Source& source, Bytes payload) : source_(source), rest_(payload), off_(source.off(payload)) {}

  bool done() const { return source_.error.failed() || rest_.empty(); }
  u64 off() const { return off_; }

  RlpItem any() {
    RlpItem item;
    if (source_.error.failed()) return {};
    off_ = rest_.empty() ? off_ : source_.off(rest_);
    if (take_rlp(rest_, item)) return item;
    refuse(rest_.empty() ? Code::truncated : Code::not_canonical);
    return {};
  }
  RlpItem list() {
    const RlpItem item = any();
    if (!source_.error.failed() && !item.is_list) refuse(Code::wire_type);
    return source_.error.failed() ? RlpItem{} : item;
  }
  Bytes string() {
    const RlpItem item = any();
    if (item.is_list) refuse(Code::wire_type);
    return source_.error.failed() ? Bytes{} : item.payload;
  }
  Bytes exactly(usize len) {
    const Bytes bytes = string();
    if (!source_.error.failed() && bytes.size() != len) refuse(Code::length_out_of_range);
    return source_.error.failed() ? Bytes{} : bytes;
  }
  // Big-endian without leading zeros.
  Bytes integer(usize len_max = kWordLen) {
    const Bytes bytes = string();
    if (bytes.size() > len_max) refuse(Code::field_value);
    if (!bytes.empty() && bytes[0] == 0) refuse(Code::not_canonical);
    return source_.error.failed() ? Bytes{} : bytes;
  }
  u64 number() {
    u64 value = 0;
    for (const u8 byte : integer(8)) value = value << 8 | byte;
    return value;
  }
  Ref ref(Bytes bytes) const { return source_.ref(bytes); }
  void end() {
    if (!done()) {
      off_ = source_.off(rest_);
      refuse(Code::trailing_bytes);
    }
  }
  void refuse(Code code) { source_.error.set(code, off_); }

 private:
  const Source& source_;
  Bytes rest_;
  u64 off_;
};

// The payload of the one list that `encoding` is.
Bytes list_payload(const Source& source, Bytes encoding) {
  Items outer(source, encoding);
  const RlpItem item = outer.list();
  outer.end();
  return source.error.failed() ? Bytes{} : item.payload;
}

std::vector<Sealer> read_sealers(const Source& source, Bytes payload) {
  std::vector<Sealer> sealers;
  Items items(source, payload);
  while (!items.done()) {
    if (sealers.size() >= source.count_max) {
      items.refuse(Code::limit_exceeded);
      break;
    }
    sealers.push_back({source.ref(items.exactly(kNodeIdLen)), 1});
  }
  return sealers;
}

std::vector<Signature> read_signatures(const Source& source, Bytes payload) {
  std::vector<Signature> signatures;
  Items items(source, payload);
  while (!items.done()) {
    if (signatures.size() >= source.count_max) {
      items.refuse(Code::limit_exceeded);
      break;
    }
    Items pair(source, items.list().payload);
    Signature signature;
    signature.index = pair.number();
    signature.bytes = source.ref(pair.string());
    signature.off = items.off();
    pair.end();
    signatures.push_back(signature);
  }
  return signatures;
}

// An integer at the right end of `len` bytes.
void pad_left(std::vector<u8>& out, Bytes integer, usize len) {
  out.insert(out.end(), len - integer.size(), 0);
  out.insert(out.end(), integer.begin(), integer.end());
}

// The signature's three items: v or the signer's key, r and s.
void read_signature(const Source& source, const Anchor& anchor, Items& items, Transaction& tx) {
  const Bytes first = items.integer(anchor.sm ? kNodeIdLen : kWordLen);
  const u64 off = items.off();
  const Bytes r = items.integer();
  const Bytes s = items.integer();
  if (source.error.failed()) return;
  std::vector<u8> bytes;
  if (anchor.sm) {
    pad_left(bytes, first, kNodeIdLen);
    tx.key = source.sheet.text(bytes);
    bytes.clear();
  }
  pad_left(bytes, r, kWordLen);
  pad_left(bytes, s, kWordLen);
  if (!anchor.sm) {
    const bool known = first.size() == 1 && (first[0] == kRecoveryBase || first[0] == kRecoveryBase + 1);
    if (!known) tx.problems.push_back({Status::invalid, Code::fisco_recovery_id, off});
    bytes.push_back(known ? static_cast<u8>(first[0] - kRecoveryBase) : u8{0});
  }
  tx.signature = source.sheet.text(bytes);
}

// u32 count, then count + 1 offsets of which the first is 0 and the last the size of what follows them, all
// little-endian; then the transactions (libethcore/TxsParallelParser.h).
void read_blob(const Source& source, const Anchor& anchor, Bytes blob, Block& block) {
  const u64 off = source.off(blob);
  const auto refuse = [&](Code code) { source.error.set(code, off); };
  if (blob.size() < 4) return refuse(Code::truncated);
  const u64 count = load_le32(blob.data());
  const u64 table = 4 + 4 * (count + 1);
  if (table > blob.size()) return refuse(Code::truncated);
  if (count > source.count_max) return refuse(Code::limit_exceeded);
  const Bytes body = blob.subspan(static_cast<usize>(table));
  u64 from = load_le32(blob.data() + 4);
  if (from != 0) return refuse(Code::fisco_transactions_blob);
  for (u64 i = 0; i < count && !source.error.failed() && source.sheet.within_limits(); ++i) {
    const u64 to = load_le32(blob.data() + 8 + 4 * i);
    if (to <= from || to > body.size()) return refuse(Code::fisco_transactions_blob);
    const Bytes encoding = body.subspan(static_cast<usize>(from), static_cast<usize>(to - from));
    block.transactions.push_back(read_transaction(source, anchor, encoding));
    from = to;
  }
  if (from != body.size()) refuse(Code::fisco_transactions_blob);
}

void read_transaction_list(const Source& source, const Anchor& anchor, Bytes payload, Block& block) {
  Items items(source, payload);
  while (!items.done() && source.sheet.within_limits()) {
    if (block.transactions.size() >= source.count_max) return items.refuse(Code::limit_exceeded);
    block.transactions.push_back(read_transaction(source, anchor, items.list().encoding));
  }
}

void read_receipt_list(const Source& source, const Anchor& anchor, const RlpItem& list, Block& block) {
  block.receipts_list = source.ref(list.encoding);
  Items items(source, list.payload);
  while (!items.done() && source.sheet.within_limits()) {
    if (block.receipts.size() >= source.count_max) return items.refuse(Code::limit_exceeded);
    block.receipts.push_back(read_receipt(source, anchor, items.list().encoding));
  }
}

}  // namespace

Header read_header(const Source& source, Bytes encoding) {
  Header header;
  header.off = source.off(encoding);
  Items items(source, list_payload(source, encoding));
  header.parent_hash = source.ref(items.exactly(kHashLen));
  header.state_root = source.ref(items.exactly(kHashLen));
  header.transactions_root = source.ref(items.exactly(kHashLen));
  header.receipts_root = source.ref(items.exactly(kHashLen));
  items.exactly(kHashLen);   // hash of the changed state
  items.exactly(kBloomLen);  // logs
  header.number = items.number();
  items.integer();  // gas limit
  items.integer();  // gas used
  header.timestamp = items.number();
  Items extra(source, items.list().payload);
  header.has_extra_data = !extra.done();
  while (!extra.done()) extra.string();
  header.sealer = items.number();
  header.sealers = read_sealers(source, items.list().payload);
  items.end();
  header.hashed = {source.ref(encoding)};
  return header;
}

Transaction read_transaction(const Source& source, const Anchor& anchor, Bytes encoding) {
  Transaction tx;
  tx.off = source.off(encoding);
  tx.hashed = {source.ref(encoding)};
  const Bytes payload = list_payload(source, encoding);
  Items items(source, payload);
  tx.nonce = source.ref(items.integer());
  for (int i = 0; i < 3; ++i) items.integer();  // gas price, gas, block limit
  const Bytes to = items.string();
  if (!to.empty() && to.size() != kAddressLen) items.refuse(Code::length_out_of_range);
  items.integer();  // value
  items.string();   // data
  if (anchor.version >= kVersionRc2) {
    tx.chain_id = source.ref(items.integer());
    tx.group_id = source.ref(items.integer());
    items.string();  // extra data
  }
  if (source.error.failed()) return tx;
  // The signed list is that of the items so far, behind a header of its own.
  RlpItem next;
  Bytes rest = payload;
  const usize unsigned_count = anchor.version >= kVersionRc2 ? 10 : 7;
  for (usize i = 0; i < unsigned_count; ++i) take_rlp(rest, next);
  const Bytes unsigned_part = payload.first(payload.size() - rest.size());
  u8 head[wire::kRlpHeaderMax];
  const usize head_len = wire::write_rlp_header(head, wire::kRlpList, unsigned_part.size());
  tx.signed_part = {source.sheet.text(Bytes(head, head_len)), source.ref(unsigned_part)};
  read_signature(source, anchor, items, tx);
  items.end();
  return tx;
}

Receipt read_receipt(const Source& source, const Anchor& anchor, Bytes encoding) {
  Receipt receipt;
  receipt.off = source.off(encoding);
  receipt.hashed = {source.ref(encoding)};
  Items items(source, list_payload(source, encoding));
  items.exactly(kHashLen);  // state root
  items.integer();          // gas used
  items.exactly(kAddressLen);
  items.exactly(kBloomLen);
  receipt.status = static_cast<u32>(std::min<u64>(items.number(), ~u32{0}));
  items.string();  // output
  if (anchor.version >= kVersionRemainGas) items.integer();
  Items logs(source, items.list().payload);
  while (!logs.done()) {
    Items log(source, logs.list().payload);
    log.exactly(kAddressLen);
    Items topics(source, log.list().payload);
    while (!topics.done()) topics.exactly(kHashLen);
    log.string();
    log.end();
  }
  items.end();
  return receipt;
}

Block read_block(const Source& source, const Anchor& anchor) {
  Block block;
  Items items(source, list_payload(source, source.whole));
  block.header = read_header(source, items.list().encoding);
  if (anchor.version >= kVersionRc2) {
    const Bytes blob = items.string();
    block.transactions_blob = source.ref(blob);
    read_blob(source, anchor, blob, block);
    block.stated_hash = source.ref(items.exactly(kHashLen));
    block.signatures = read_signatures(source, items.list().payload);
    read_receipt_list(source, anchor, items.list(), block);
  } else {
    read_transaction_list(source, anchor, items.list().payload, block);
    read_receipt_list(source, anchor, items.list(), block);
    block.stated_hash = source.ref(items.exactly(kHashLen));
    block.signatures = read_signatures(source, items.list().payload);
  }
  items.end();
  return block;
}

}  // namespace isthmus::chain::fisco::v2
