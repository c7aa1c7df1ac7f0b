// Version 3 of FISCO BCOS: blocks, headers, transactions and receipts in TARS.
//
// Hashes are taken of fields put one behind the other without their lengths (bcos-tars-protocol/impl/TarsHashable.h),
// numbers big-endian, absent fields as nothing. One hash would then stand for many readings of the same bytes, so what
// can be held to a size is: one parent, hashes of 32 bytes, node ids of 64, as many weights as sealers, decimal gas,
// numbers whose first byte cannot be a digit. Cached hashes and Merkle nodes beside the data are not looked at.
#include "chain/fisco.hpp"
#include "wire/tars.hpp"

namespace isthmus::chain::fisco::v3 {
namespace {

using wire::TarsList;
using wire::TarsReader;

constexpr u64 kTimestampMax = u64{1} << 56;  // its first byte is 0, so it ends the digits before it
constexpr i32 kStatusMax = 1 << 24;          // likewise
constexpr usize kGasUsedLenMax = 20;
constexpr i32 kTypeBcos = 0;

Ref be64_text(Sheet& sheet, u64 value) {
  u8 raw[8];
  store_be64(raw, value);
  return sheet.text(raw);
}

Ref be32_text(Sheet& sheet, i32 value) {
  u8 raw[4];
  store_be32(raw, static_cast<u32>(value));
  return sheet.text(raw);
}

// A number that is not negative.
u64 take_u64(TarsReader& reader) {
  const i64 value = reader.as_i64();
  if (value < 0) reader.refuse(Code::field_value);
  return value < 0 ? 0 : static_cast<u64>(value);
}

bool is_digit(u8 byte) { return byte >= '0' && byte <= '9'; }

bool is_hex(u8 byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'); }

bool is_decimal(Bytes text) {
  if (text.empty() || text.size() > kGasUsedLenMax || (text[0] == '0' && text.size() > 1)) return false;
  for (const u8 byte : text) {
    if (!is_digit(byte)) return false;
  }
  return true;
}

// Text that cannot run on into the number behind it (no zero byte) nor take over digits before it: nothing, an address,
// or a path.
bool is_contract_address(Bytes text) {
  if (text.empty()) return true;
  for (const u8 byte : text) {
    if (byte == 0) return false;
  }
  if (text[0] == '/') return true;
  const Bytes digits = text.size() == 2 + 2 * kAddressLen && text[0] == '0' && text[1] == 'x' ? text.subspan(2) : text;
  for (const u8 byte : digits) {
    if (!is_hex(byte)) return false;
  }
  return digits.size() == 2 * kAddressLen;
}

struct Parent {
  u64 number = 0;
  Ref hash;
};

// bcostars.BlockHeaderData as it stands.
struct HeaderFields {
  i32 version = 0;
  std::vector<Parent> parents;
  Ref roots[3];  // transactions, receipts, state
  u64 number = 0;
  Ref gas_used;
  Bytes gas_used_text;
  u64 timestamp = 0;
  u64 sealer = 0;
  std::vector<Ref> sealers;
  Ref extra_data;
  std::vector<i64> weights;
  u64 off = 0;
};

Parent read_parent(const Source& source, TarsReader reader) {
  Parent parent;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        parent.number = take_u64(reader);
        break;
      case 2:
        parent.hash = source.ref(reader.as_bytes());
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  return parent;
}

template <typename Take>
void take_list(const Source& source, TarsReader& reader, const Take& take) {
  TarsList list = reader.as_list();
  if (list.count() > source.count_max) return reader.refuse(Code::limit_exceeded);
  while (list.next() && source.sheet.within_limits()) take(list.item());
}

void take_header_list(const Source& source, TarsReader& reader, HeaderFields& fields) {
  switch (reader.tag()) {
    case 3:
      take_list(source, reader,
                [&](TarsReader& item) { fields.parents.push_back(read_parent(source, item.as_struct())); });
      break;
    case 11:
      take_list(source, reader, [&](TarsReader& item) { fields.sealers.push_back(source.ref(item.as_bytes())); });
      break;
    case 13:
      take_list(source, reader, [&](TarsReader& item) { fields.weights.push_back(item.as_i64()); });
      break;
    default:
      reader.refuse(Code::field_unknown);
  }
}

HeaderFields read_fields(const Source& source, TarsReader reader) {
  HeaderFields fields;
  while (reader.next()) {
    switch (reader.tag()) {
      case 2:
        fields.version = reader.as_i32();
        break;
      case 4:
      case 5:
      case 6:
        fields.roots[reader.tag() - 4] = source.ref(reader.as_bytes());
        break;
      case 7:
        fields.number = take_u64(reader);
        break;
      case 8:
        fields.gas_used_text = reader.as_text();
        fields.gas_used = source.ref(fields.gas_used_text);
        break;
      case 9:
        fields.timestamp = take_u64(reader);
        if (fields.timestamp >= kTimestampMax) reader.refuse(Code::field_value);
        break;
      case 10:
        fields.sealer = take_u64(reader);
        break;
      case 12:
        fields.extra_data = source.ref(reader.as_bytes());
        break;
      default:
        take_header_list(source, reader, fields);
    }
  }
  return fields;
}

void check_sizes(const HeaderFields& fields, Header& header) {
  const auto refuse = [&](Code code) { header.problems.push_back({Status::invalid, code, header.off}); };
  const bool genesis = fields.number == 0;
  for (const Ref& root : fields.roots) {
    // Of the first block the roots are hashed as nothing.
    if (root.len() != kHashLen && !(genesis && root.len() == 0)) refuse(Code::fisco_field_size);
  }
  for (const Ref& id : fields.sealers) {
    if (id.len() != kNodeIdLen) refuse(Code::fisco_field_size);
  }
  if (genesis ? !fields.parents.empty() : fields.parents.size() != 1) {
    refuse(Code::fisco_parents);
  } else if (!genesis) {
    if (fields.parents[0].hash.len() != kHashLen) refuse(Code::fisco_field_size);
    if (fields.parents[0].number != fields.number - 1) refuse(Code::fisco_parents);
  }
  if (!is_decimal(fields.gas_used_text) && !(genesis && fields.gas_used_text.empty())) refuse(Code::fisco_gas_used);
  if (fields.weights.size() != fields.sealers.size()) refuse(Code::fisco_weight_count);
}

void take_sealers(const HeaderFields& fields, Header& header) {
  if (fields.weights.size() != fields.sealers.size()) return;
  u64 total = 0;
  for (usize i = 0; i < fields.sealers.size(); ++i) {
    const i64 weight = fields.weights[i];
    if (weight > 0) total += static_cast<u64>(weight);  // both below 2^63
    if (weight <= 0 || total > kWeightMax) {
      header.problems.push_back({Status::invalid, Code::fisco_sealer_weight, header.off});
      return header.sealers.clear();
    }
    header.sealers.push_back({fields.sealers[i], static_cast<u64>(weight)});
  }
}

void put_hashed(Sheet& sheet, const HeaderFields& fields, Header& header) {
  std::vector<Ref>& out = header.hashed;
  out.push_back(be32_text(sheet, fields.version));
  for (const Parent& parent : fields.parents) {
    out.push_back(be64_text(sheet, parent.number));
    out.push_back(parent.hash);
  }
  out.insert(out.end(), fields.roots, fields.roots + 3);
  out.push_back(be64_text(sheet, fields.number));
  out.push_back(fields.gas_used);
  u8 raw[16];
  store_be64(raw, fields.timestamp);
  store_be64(raw + 8, fields.sealer);
  out.push_back(sheet.text(raw));
  out.insert(out.end(), fields.sealers.begin(), fields.sealers.end());
  out.push_back(fields.extra_data);
  std::vector<u8> weights(8 * fields.weights.size());
  for (usize i = 0; i < fields.weights.size(); ++i) {
    store_be64(weights.data() + 8 * i, static_cast<u64>(fields.weights[i]));
  }
  out.push_back(sheet.text(weights));
}

Header to_header(const Source& source, const HeaderFields& fields) {
  Header header;
  header.off = fields.off;
  header.number = fields.number;
  header.timestamp = fields.timestamp;
  header.sealer = fields.sealer;
  header.transactions_root = fields.roots[0];
  header.receipts_root = fields.roots[1];
  header.state_root = fields.roots[2];
  header.has_extra_data = fields.extra_data.len() != 0;
  header.shifts = header.has_extra_data;
  if (fields.parents.size() == 1) header.parent_hash = fields.parents[0].hash;
  if (fields.version >> 24 != static_cast<i32>(kVersion3 >> 24)) {
    header.problems.push_back({Status::undecided, Code::fisco_version, fields.off});
    return header;
  }
  check_sizes(fields, header);
  take_sealers(fields, header);
  put_hashed(source.sheet, fields, header);
  return header;
}

Signature read_signature(const Source& source, TarsReader reader) {
  Signature signature;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        signature.index = take_u64(reader);
        break;
      case 2:
        signature.bytes = source.ref(reader.as_bytes());
        signature.off = reader.off();
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  return signature;
}

void read_header_struct(const Source& source, TarsReader reader, Block& block) {
  HeaderFields fields;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        fields = read_fields(source, reader.as_struct());
        fields.off = reader.off();
        break;
      case 2:
        block.stated_hash = source.ref(reader.as_bytes());
        if (block.stated_hash.len() != 0 && block.stated_hash.len() != kHashLen) {
          reader.refuse(Code::length_out_of_range);
        }
        break;
      case 3:
        take_list(source, reader,
                  [&](TarsReader& item) { block.signatures.push_back(read_signature(source, item.as_struct())); });
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  if (!source.error.failed()) block.header = to_header(source, fields);
}

// bcostars.TransactionData.
struct TransactionFields {
  i32 version = 0;
  Ref texts[15];  // by tag: strings and byte lists
  u64 block_limit = 0;
  u64 gas_limit = 0;
};

TransactionFields read_transaction_fields(const Source& source, TarsReader reader) {
  TransactionFields fields;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        fields.version = reader.as_i32();
        break;
      case 4:
        fields.block_limit = static_cast<u64>(reader.as_i64());
        break;
      case 11:
        fields.gas_limit = static_cast<u64>(reader.as_i64());
        break;
      case 7:
      case 14:
        fields.texts[reader.tag()] = source.ref(reader.as_bytes());
        break;
      case 2:
      case 3:
      case 5:
      case 6:
      case 8:
      case 9:
      case 10:
      case 12:
      case 13:
        fields.texts[reader.tag()] = source.ref(reader.as_text());
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  return fields;
}

void put_hashed(Sheet& sheet, const TransactionFields& fields, Transaction& tx) {
  const Ref* const texts = fields.texts;
  tx.hashed = {be32_text(sheet, fields.version),
               texts[2],
               texts[3],
               be64_text(sheet, fields.block_limit),
               texts[5],
               texts[6],
               texts[7],
               texts[8]};
  if (fields.version < 0 || fields.version > 2) {
    tx.problems.push_back({Status::undecided, Code::fisco_version, tx.off});
  }
  if (fields.version >= 1) {
    tx.hashed.insert(tx.hashed.end(), {texts[9], texts[10], be64_text(sheet, fields.gas_limit), texts[12], texts[13]});
  }
  if (fields.version >= 2) tx.hashed.push_back(texts[14]);
}

// 65 bytes r || s || v; with SM2 r || s and the key.
void split_signature(const Anchor& anchor, Ref bytes, u64 off, Transaction& tx) {
  if (bytes.len() == 0) return;
  if (bytes.len() != (anchor.sm ? 128u : 65u)) {
    tx.problems.push_back({Status::invalid, Code::signature_encoding, off});
    return;
  }
  tx.signature = anchor.sm ? bytes.sub(0, 64) : bytes;
  if (anchor.sm) tx.key = bytes.sub(64, 64);
}

Ref take_sized(const Source& source, TarsReader& reader, usize len) {
  const Bytes bytes = reader.as_bytes();
  if (!bytes.empty() && bytes.size() != len) reader.refuse(Code::length_out_of_range);
  return source.ref(bytes);
}

Transaction read_transaction_struct(const Source& source, const Anchor& anchor, TarsReader reader, u64 off) {
  Transaction tx;
  tx.off = off;
  TransactionFields fields;
  Ref web3_hash;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        fields = read_transaction_fields(source, reader.as_struct());
        break;
      case 2:
        tx.stated_hash = take_sized(source, reader, kHashLen);
        break;
      case 3:
        split_signature(anchor, source.ref(reader.as_bytes()), reader.off(), tx);
        break;
      case 7:
        tx.sender = take_sized(source, reader, kAddressLen);
        break;
      case 9:
        tx.web3 = reader.as_i32() != kTypeBcos;
        break;
      case 11:
        web3_hash = take_sized(source, reader, kHashLen);
        break;
      case 4:   // when it was imported
      case 5:   // attribute
      case 8:   // extra data: not hashed
      case 10:  // the Ethereum transaction's bytes
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  tx.chain_id = fields.texts[2];
  tx.group_id = fields.texts[3];
  tx.nonce = fields.texts[5];
  if (!tx.web3) {
    put_hashed(source.sheet, fields, tx);
    return tx;
  }
  tx.stated_hash = web3_hash;
  tx.problems.push_back({Status::undecided, Code::fisco_web3_transaction, off});
  return tx;
}

void take_log(const Source& source, TarsReader reader, Receipt& receipt) {
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        receipt.hashed.push_back(source.ref(reader.as_text()));
        break;
      case 2:
        take_list(source, reader,
                  [&](TarsReader& item) { receipt.hashed.push_back(take_sized(source, item, kHashLen)); });
        break;
      case 3:
        receipt.hashed.push_back(source.ref(reader.as_bytes()));
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
}

void read_receipt_data(const Source& source, TarsReader reader, Receipt& receipt) {
  i32 version = 0;
  i32 status = 0;
  Bytes gas_used, address;
  Ref output, price;
  Receipt logs;  // only its hashed segments
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        version = reader.as_i32();
        break;
      case 2:
        gas_used = reader.as_text();
        break;
      case 3:
        address = reader.as_text();
        break;
      case 4:
        status = reader.as_i32();
        break;
      case 5:
        output = source.ref(reader.as_bytes());
        break;
      case 6:
        take_list(source, reader, [&](TarsReader& item) { take_log(source, item.as_struct(), logs); });
        break;
      case 7:
        receipt.number = take_u64(reader);
        break;
      case 8:
        price = source.ref(reader.as_text());
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  const auto refuse = [&](Status what, Code code) { receipt.problems.push_back({what, code, receipt.off}); };
  if (version < 0 || version > 2) refuse(Status::undecided, Code::fisco_version);
  if (!is_decimal(gas_used)) refuse(Status::invalid, Code::fisco_gas_used);
  if (!is_contract_address(address) || status < 0 || status >= kStatusMax) {
    refuse(Status::invalid, Code::fisco_field_size);
  }
  receipt.status = static_cast<u32>(status);
  receipt.tells_number = true;
  receipt.hashed = {be32_text(source.sheet, version), source.ref(gas_used), source.ref(address),
                    be32_text(source.sheet, status), output};
  if (version >= 1) receipt.hashed.push_back(price);
  receipt.hashed.insert(receipt.hashed.end(), logs.hashed.begin(), logs.hashed.end());
  receipt.hashed.push_back(be64_text(source.sheet, receipt.number));
}

Receipt read_receipt_struct(const Source& source, TarsReader reader, u64 off) {
  Receipt receipt;
  receipt.off = off;
  bool has_data = false;
  while (reader.next()) {
    switch (reader.tag()) {
      case 1:
        read_receipt_data(source, reader.as_struct(), receipt);
        has_data = true;
        break;
      case 2:
        receipt.stated_hash = take_sized(source, reader, kHashLen);
        break;
      case 3:  // message, gas used by the block so far, bloom, indices, other layers' fields: none is hashed
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  if (!has_data) source.error.set(Code::field_missing, off);
  return receipt;
}

}  // namespace

void read_block_header(const Source& source, Bytes encoding, Block& block) {
  read_header_struct(source, TarsReader(encoding, source.error, source.off(encoding)), block);
}

Transaction read_transaction(const Source& source, const Anchor& anchor, Bytes encoding) {
  const u64 off = source.off(encoding);
  return read_transaction_struct(source, anchor, TarsReader(encoding, source.error, off), off);
}

Receipt read_receipt(const Source& source, Bytes encoding) {
  const u64 off = source.off(encoding);
  return read_receipt_struct(source, TarsReader(encoding, source.error, off), off);
}

Block read_block(const Source& source, const Anchor& anchor) {
  Block block;
  bool has_header = false;
  TarsReader reader(source.whole, source.error);
  while (reader.next()) {
    switch (reader.tag()) {
      case 3:
        read_header_struct(source, reader.as_struct(), block);
        has_header = true;
        break;
      case 4:
        take_list(source, reader, [&](TarsReader& item) {
          block.transactions.push_back(read_transaction_struct(source, anchor, item.as_struct(), item.off()));
        });
        break;
      case 5:
        take_list(source, reader, [&](TarsReader& item) {
          block.receipts.push_back(read_receipt_struct(source, item.as_struct(), item.off()));
        });
        break;
      case 1:  // version and type of the container
      case 2:
      case 6:  // hashes, nonces, Merkle nodes and blooms that follow from the rest
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
        break;
      default:
        reader.refuse(Code::field_unknown);
    }
  }
  if (!has_header) source.error.set(Code::field_missing, source.whole.size());
  return block;
}

}  // namespace isthmus::chain::fisco::v3
