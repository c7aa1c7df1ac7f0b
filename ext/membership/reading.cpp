#include "membership/room.hpp"
#include "wire/pem.hpp"

namespace isthmus::membership {
namespace {

constexpr u32 kBlocksMax = 64;  // of one text: a chain, or an organisation's revocation lists

}  // namespace

Ref der_of(Sheet& sheet, Ref text, bool pem_only) {
  const Bytes bytes = sheet.bytes(text);
  wire::PemBlock block;
  if (wire::pem_block(bytes, block)) return sheet.text(block.bytes);
  return pem_only ? Ref{} : text;
}

std::vector<Ref> all_der_of(Sheet& sheet, Ref text, bool& complete) {
  std::vector<Ref> found;
  wire::PemBlock block;
  u32 at = 0;
  while (wire::pem_block(sheet.bytes(text.sub(at, text.len() - at)), block)) {
    complete = found.size() < kBlocksMax;
    if (!complete) break;
    at += static_cast<u32>(block.rest);
    found.push_back(sheet.text(block.bytes));
  }
  if (found.empty()) found.push_back(text);
  return found;
}

BareKey read_key(Sheet& sheet, Ref text) {
  BareKey out;
  if (text.len() > kIdentityMax) {
    out.code = Code::key_encoding;
    return out;
  }
  out.spki = der_of(sheet, text, false);
  wire::PublicKey key;
  out.code = wire::parse_public_key(sheet.bytes(out.spki), key);
  if (out.code == Code::ok && key.algorithm == wire::KeyAlgorithm::other) out.code = Code::certificate_algorithm;
  if (out.code != Code::ok) return out;
  out.algorithm = key.algorithm;
  out.key = out.spki.sub(key.key.off, key.key.len);
  return out;
}

}  // namespace isthmus::membership
