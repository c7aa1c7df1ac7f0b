#include "chain/cometbft_claims.hpp"

#include <algorithm>

namespace isthmus::chain::cometbft {
namespace {

constexpr usize kVarintLenMax = 10;

usize put_varint(u8* out, u64 value) {
  usize len = 0;
  while (value >= 0x80) {
    out[len++] = static_cast<u8>(value | 0x80);
    value >>= 7;
  }
  out[len++] = static_cast<u8>(value);
  return len;
}

void append_varint(std::vector<u8>& out, u64 value) {
  u8 raw[kVarintLenMax];
  out.insert(out.end(), raw, raw + put_varint(raw, value));
}

void append(std::vector<u8>& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_field(std::vector<u8>& out, u8 tag, Bytes bytes) {
  out.push_back(tag);
  append_varint(out, bytes.size());
  append(out, bytes);
}

void append_sfixed64(std::vector<u8>& out, u8 tag, u64 value) {
  u8 raw[8];
  store_le64(raw, value);
  out.push_back(tag);
  append(out, raw);
}

// A run of leaf hashes, SHA-256(00 || leaf), that a tree row reads.
class LeafRun {
 public:
  LeafRun(Sheet& sheet, usize count) : sheet_(sheet), run_(sheet.reserve(kHashLen * count)) {}

  // `parts` begin with the 00.
  void add(std::initializer_list<Ref> parts) {
    sheet_.hash_into(run_.sub(static_cast<u32>(kHashLen) * count_++, kHashLen), Hash::sha256, parts);
  }
  Ref root() { return sheet_.tree(Tree::rfc6962, run_).root; }

 private:
  Sheet& sheet_;
  Ref run_;
  u32 count_ = 0;
};

// Adds header fields that are wrapped as field 1 of a message: 0a, length, bytes (amino: without the 0a). An empty
// value is an empty leaf.
class HeaderLeaves {
 public:
  HeaderLeaves(Sheet& sheet, Format format)
      : sheet_(sheet), run_(sheet, 14), tagged_(format == Format::protobuf), plain_(sheet.text({0x00})) {
    hash_ = prefix(0x0a, kHashLen);
  }

  void body(Ref message) { run_.add({plain_, message}); }

  void wrapped(Ref value) {
    if (value.len() == 0) return run_.add({plain_});
    run_.add({value.len() == kHashLen ? hash_ : prefix(0x0a, value.len()), value});
  }

  void integer(u64 value) { run_.add({prefix(0x08, value)}); }

  Ref root() { return run_.root(); }

 private:
  Ref prefix(u8 tag, u64 value) {
    u8 raw[2 + kVarintLenMax] = {0x00, tag};
    const usize at = tagged_ ? 2 : 1;
    return sheet_.text(Bytes(raw, at + put_varint(raw + at, value)));
  }

  Sheet& sheet_;
  LeafRun run_;
  bool tagged_;
  Ref plain_;
  Ref hash_;
};

// Amino's prefix of a key type (four bytes derived from the type's name) and the key's length.
constexpr u8 kAminoEd25519[] = {0x16, 0x24, 0xde, 0x64, 0x20};
constexpr u8 kAminoSecp256k1[] = {0xeb, 0x5a, 0xe9, 0x87, 0x21};

std::vector<u8> encoded_key(const Sheet& sheet, const Validator& validator, Format format) {
  std::vector<u8> out;
  if (format == Format::amino) append(out, validator.type == KeyType::ed25519 ? kAminoEd25519 : kAminoSecp256k1);
  append(out, sheet.bytes(format == Format::amino ? validator.key : validator.pub_key));
  return out;
}

// CanonicalBlockID; its part set header has its fields the other way round in amino.
std::vector<u8> canonical_block_id(const Sheet& sheet, const BlockId& id, Format format) {
  std::vector<u8> out;
  if (format == Format::protobuf) {
    append(out, sheet.bytes(id.body));
    return out;
  }
  std::vector<u8> parts;
  if (id.parts_hash.len() != 0) append_field(parts, 0x0a, sheet.bytes(id.parts_hash));
  if (id.parts_total != 0) {
    parts.push_back(0x10);
    append_varint(parts, id.parts_total);
  }
  if (id.hash.len() != 0) append_field(out, 0x0a, sheet.bytes(id.hash));
  if (!parts.empty()) append_field(out, 0x12, parts);
  return out;
}

bool address_less(const Sheet& sheet, Ref left, Ref right) {
  const Bytes l = sheet.bytes(left);
  const Bytes r = sheet.bytes(right);
  return std::lexicographical_compare(l.begin(), l.end(), r.begin(), r.end());
}

Ref state_address(Sheet& sheet, const Validator& validator) {
  if (validator.type == KeyType::secp256k1) return sheet.hash(Hash::hash160, {validator.key});
  return sheet.hash(Hash::sha256, {validator.key}).sub(0, kAddressLen);
}

}  // namespace

bool same_bytes(const Sheet& sheet, Ref left, Ref right) {
  const Bytes l = sheet.bytes(left);
  const Bytes r = sheet.bytes(right);
  return std::equal(l.begin(), l.end(), r.begin(), r.end());
}

void note_wire_error(Sheet& sheet, const WireError& error) {
  if (error.code == Code::limit_exceeded) return sheet.undecided(claim::kRoot, error.code, error.byte_off);
  sheet.fail(claim::kRoot, error.code, error.byte_off);
}

Ref state_header_hash(Sheet& sheet, const Header& header, Format format) {
  HeaderLeaves leaves(sheet, format);
  leaves.body(header.version);
  leaves.wrapped(header.chain_id);
  leaves.integer(header.height);
  leaves.body(header.time.body);
  const bool first = header.last_block_id.body.len() == kEmptyBlockIdLen;
  leaves.body(first && format == Format::amino ? header.last_block_id.hash : header.last_block_id.body);
  for (const Ref value : {header.last_commit_hash, header.data_hash, header.validators_hash,
                          header.next_validators_hash, header.consensus_hash, header.app_hash, header.last_results_hash,
                          header.evidence_hash, header.proposer_address}) {
    leaves.wrapped(value);
  }
  return leaves.root();
}

Ref state_validators_hash(Sheet& sheet, const ValidatorSet& set, Format format) {
  LeafRun leaves(sheet, set.validators.size());
  std::vector<u8> leaf;
  for (const Validator& validator : set.validators) {
    leaf.assign(1, 0x00);
    append_field(leaf, 0x0a, encoded_key(sheet, validator, format));
    leaf.push_back(0x10);
    append_varint(leaf, validator.power);
    leaves.add({sheet.text(leaf)});
    if (!sheet.within_limits()) break;
  }
  return leaves.root();
}

void state_validators(Sheet& sheet, NodeId node, const ValidatorSet& set) {
  for (usize i = 0; i < set.validators.size() && sheet.within_limits(); ++i) {
    const Validator& validator = set.validators[i];
    const NodeId here = sheet.all(node, claim::Kind::validator, static_cast<u32>(i));
    if (validator.type == KeyType::unsupported) {
      sheet.undecided(here, Code::cometbft_key_type, validator.off);
      continue;
    }
    const ClaimId equal = sheet.compare(claim::Compare::equal, state_address(sheet, validator), validator.address);
    sheet.require(here, Code::cometbft_validator_address, equal);
  }
  const u32 repeated = AddressBook(sheet, set).repeated();
  if (repeated != AddressBook::kNone) {
    sheet.fail(node, Code::cometbft_validator_repeated, set.validators[repeated].off);
  }
}

AddressBook::AddressBook(const Sheet& sheet, const ValidatorSet& set) : sheet_(sheet) {
  sorted_.reserve(set.validators.size());
  for (u32 i = 0; i < set.validators.size(); ++i) sorted_.emplace_back(set.validators[i].address, i);
  std::sort(sorted_.begin(), sorted_.end(), [&](const auto& left, const auto& right) {
    if (address_less(sheet, left.first, right.first)) return true;
    return same_bytes(sheet, left.first, right.first) && left.second < right.second;
  });
}

u32 AddressBook::find(Ref address) const {
  const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), address, [&](const auto& entry, Ref wanted) {
    return address_less(sheet_, entry.first, wanted);
  });
  return at != sorted_.end() && same_bytes(sheet_, at->first, address) ? at->second : kNone;
}

u32 AddressBook::repeated() const {
  u32 first = kNone;
  for (usize i = 1; i < sorted_.size(); ++i) {
    if (same_bytes(sheet_, sorted_[i - 1].first, sorted_[i].first)) first = std::min(first, sorted_[i].second);
  }
  return first;
}

SignBytes::SignBytes(const Sheet& sheet, Place place, const BlockId& block_id, Ref chain_id, Format format) {
  common_.push_back(0x08);
  append_varint(common_, place.type);
  append_sfixed64(common_, 0x11, place.height);
  if (place.round != 0) append_sfixed64(common_, 0x19, place.round);
  append_field(block_id_, 0x22, canonical_block_id(sheet, block_id, format));
  append_field(tail_, 0x32, sheet.bytes(chain_id));
}

Ref SignBytes::text(Sheet& sheet, bool for_block, Ref time) {
  const usize block_id_len = for_block ? block_id_.size() : 0;
  // A timestamp takes at most 17 bytes, so its length is one byte.
  const usize len = common_.size() + block_id_len + 2 + time.len() + tail_.size();
  message_.clear();
  append_varint(message_, len);
  append(message_, common_);
  if (for_block) append(message_, block_id_);
  append_field(message_, 0x2a, sheet.bytes(time));
  append(message_, tail_);
  return sheet.text(message_);
}

ClaimId state_signature(Sheet& sheet, const Validator& validator, Ref signature, Ref message) {
  if (validator.type == KeyType::ed25519) {
    return sheet.signature(Scheme::ed25519_zip215, 0, validator.key, signature, message);
  }
  const Ref digest = sheet.hash(Hash::sha256, {message});
  return sheet.signature(Scheme::secp256k1_ecdsa, kSigLowS, validator.key, signature, digest);
}

}  // namespace isthmus::chain::cometbft
