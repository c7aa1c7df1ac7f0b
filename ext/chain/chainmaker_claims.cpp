// Header and facts; see chainmaker_claims.hpp.
#include "chain/chainmaker_claims.hpp"

#include <algorithm>

namespace isthmus::chain::chainmaker {
namespace {

using claim::Compare;
using claim::Kind;

constexpr usize kVarintLenMax = 10;
constexpr u8 kHeaderTag = 0x0a;

usize put_varint(u8* out, u64 value) {
  usize len = 0;
  while (value >= 0x80) {
    out[len++] = static_cast<u8>(value | 0x80);
    value >>= 7;
  }
  out[len++] = static_cast<u8>(value);
  return len;
}

void check_link(Sheet& sheet, NodeId node, const Header& header, const Trusted& trusted) {
  if (header.height <= trusted.height) return sheet.fail(node, Code::chainmaker_height, header.off);
  if (header.height != trusted.height + 1) return;
  sheet.require(node, Code::chainmaker_previous_block,
                sheet.compare(Compare::equal, header.pre_block_hash, trusted.hash));
  const u64 left = trusted.is_config ? trusted.height : trusted.pre_conf_height;
  if (header.pre_conf_height != left) sheet.fail(node, Code::chainmaker_config_height, header.off);
}

Ref number_text(Sheet& sheet, u64 value) {
  u8 raw[8];
  store_le64(raw, value);
  return sheet.text(raw);
}

Ref words(Sheet& sheet, std::string_view text) {
  return sheet.text(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

}  // namespace

bool same_bytes(const Sheet& sheet, Ref left, Ref right) {
  const Bytes l = sheet.bytes(left);
  const Bytes r = sheet.bytes(right);
  return std::equal(l.begin(), l.end(), r.begin(), r.end());
}

bool is_text(const Sheet& sheet, Ref ref, std::string_view text) {
  const Bytes bytes = sheet.bytes(ref);
  return std::equal(bytes.begin(), bytes.end(), text.begin(), text.end(),
                    [](u8 byte, char letter) { return byte == static_cast<u8>(letter); });
}

void note_wire_error(Sheet& sheet, const WireError& error) {
  if (error.code == Code::limit_exceeded) return sheet.undecided(claim::kRoot, error.code, error.byte_off);
  sheet.fail(claim::kRoot, error.code, error.byte_off);
}

Ref state_block_hash(Sheet& sheet, const Header& header, const Anchor& anchor) {
  if (anchor.format == Format::v2) return sheet.hash(anchor.hash, header.hashed);
  u8 raw[1 + kVarintLenMax] = {kHeaderTag};
  const usize len = 1 + put_varint(raw + 1, header.hashed_len);
  std::vector<Ref> parts = {sheet.text(Bytes(raw, len))};
  parts.insert(parts.end(), header.hashed.begin(), header.hashed.end());
  return sheet.hash(anchor.hash, parts);
}

void state_header(const Case& c) {
  const Header& header = c.block.header;
  Sheet& sheet = c.sheet;
  const NodeId node = sheet.all(claim::kRoot, Kind::header, index_of(header.height));
  if (!same_bytes(sheet, header.chain_id, c.anchor.chain_id)) {
    sheet.fail(node, Code::chainmaker_chain_id, header.off);
  }
  if (c.anchor.trusted.present) check_link(sheet, node, header, c.anchor.trusted);
  if (c.anchor.has_config && header.pre_conf_height != c.anchor.config_height) {
    sheet.undecided(node, Code::chainmaker_other_config, header.off);
  }
  if (header.block_hash.len() == 0) sheet.fail(node, Code::chainmaker_header_incomplete, header.off);
  const Ref hash = state_block_hash(sheet, header, c.anchor);
  sheet.require(node, Code::chainmaker_block_hash, sheet.compare(Compare::equal, hash, header.block_hash));
  if (is_pinned(c.anchor)) {
    sheet.require(node, Code::chainmaker_pinned_block, sheet.compare(Compare::equal, hash, c.anchor.block_hash));
  }
  if (!c.block.dag.present) return;
  sheet.require(node, Code::chainmaker_dag_hash,
                sheet.compare(Compare::equal, sheet.hash(c.anchor.hash, {c.block.dag.value}), header.dag_hash));
}

void state_facts(const Case& c, std::string_view trust) {
  const Header& header = c.block.header;
  Sheet& sheet = c.sheet;
  sheet.fact("block_hash", header.block_hash);
  sheet.fact("height", number_text(sheet, header.height));
  sheet.fact("chain_id", header.chain_id);
  sheet.fact("pre_block_hash", header.pre_block_hash);
  sheet.fact("pre_conf_height", number_text(sheet, header.pre_conf_height));
  sheet.fact("tx_count", number_text(sheet, header.tx_count));
  sheet.fact("tx_root", header.tx_root);
  sheet.fact("rw_set_root", header.rw_set_root);
  sheet.fact("timestamp", number_text(sheet, static_cast<u64>(header.timestamp)));
  sheet.fact("block_type", number_text(sheet, header.block_type));
  sheet.fact("trust", words(sheet, trust));
}

}  // namespace isthmus::chain::chainmaker
