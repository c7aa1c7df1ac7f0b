// Signatures of certificates, revocation lists and messages as rows.
#include <algorithm>

#include "base/check.hpp"
#include "membership/room.hpp"
#include "wire/der.hpp"
#include "wire/der_reader.hpp"

namespace isthmus::membership {
namespace {

using wire::KeyAlgorithm;
using wire::SignatureAlgorithm;

constexpr usize kWidthMax = 48;

usize width_of(KeyAlgorithm algorithm) { return algorithm == KeyAlgorithm::p384 ? 48 : 32; }

Scheme scheme_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::p384:
      return Scheme::p384_ecdsa;
    case KeyAlgorithm::sm2:
      return Scheme::sm2_sm3;
    case KeyAlgorithm::ed25519:
      return Scheme::ed25519_rfc8032;
    case KeyAlgorithm::p256:
    case KeyAlgorithm::other:
      break;
  }
  return Scheme::p256_ecdsa;
}

bool is_ecdsa(KeyAlgorithm algorithm) { return algorithm == KeyAlgorithm::p256 || algorithm == KeyAlgorithm::p384; }

// The hash that an ECDSA algorithm names; false for other algorithms and for SHA-1, which Go refuses.
bool ecdsa_hash_of(SignatureAlgorithm algorithm, Hash& hash) {
  switch (algorithm) {
    case SignatureAlgorithm::ecdsa_sha256:
      hash = Hash::sha256;
      return true;
    case SignatureAlgorithm::ecdsa_sha384:
      hash = Hash::sha384;
      return true;
    case SignatureAlgorithm::ecdsa_sha512:
      hash = Hash::sha512;
      return true;
    default:
      return false;
  }
}

// Big-endian digits of a positive INTEGER, right-aligned in `width` bytes; false iff it is negative or longer.
bool store_positive(Bytes digits, u8* out, usize width) {
  if (digits.empty() || digits[0] >= 0x80) return false;
  if (digits[0] == 0) digits = digits.subspan(1);
  if (digits.size() > width) return false;
  std::fill(out, out + width, u8{0});
  std::copy(digits.begin(), digits.end(), out + width - digits.size());
  return true;
}

// r and s as encoding/asn1 reads them: what follows within the SEQUENCE and behind it does not matter.
bool loose_signature(Bytes der, u8* out, usize width) {
  wire::DerReader outer(der);
  wire::DerReader inside = outer.inside(wire::der::kSequence);
  const Bytes r = inside.integer();
  const Bytes s = inside.integer();
  return !inside.failed() && store_positive(r, out, width) && store_positive(s, out + width, width);
}

// One run of bytes, for schemes that hash the message themselves. Rows read scratch when it is written; several parts
// are copied before that, so none of them may lie there.
Ref joined(Sheet& sheet, std::span<const Ref> parts) {
  if (parts.size() == 1) return parts[0];
  std::vector<u8> bytes;
  for (const Ref part : parts) {
    ISTHMUS_CHECK(part.space() != claim::Space::scratch);
    const Bytes piece = sheet.bytes(part);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  return sheet.text(bytes);
}

// The row of an EC signature whose bytes are well formed.
ClaimId ec_row(Sheet& sheet, KeyAlgorithm algorithm, u32 flags, Ref key, const u8* compact, Ref message) {
  const Ref signature = sheet.text(Bytes(compact, 2 * width_of(algorithm)));
  return sheet.signature(scheme_of(algorithm), flags, key, signature, message);
}

}  // namespace

Stated state_signature(Sheet& sheet, SignatureAlgorithm algorithm, Ref tbs, Ref signature,
                       KeyAlgorithm issuer_algorithm, Ref issuer_key) {
  constexpr Stated kUndecided = {claim::kNoClaim, Status::undecided, Code::certificate_algorithm};
  constexpr Stated kRefused = {claim::kNoClaim, Status::invalid, Code::certificate_algorithm};
  constexpr Stated kFalse = {claim::kNoClaim, Status::invalid, Code::certificate_signature_false};
  if (issuer_algorithm == KeyAlgorithm::other) return kUndecided;
  if (issuer_algorithm == KeyAlgorithm::ed25519) {
    if (algorithm != SignatureAlgorithm::ed25519) return kRefused;
    if (signature.len() != 64) return kFalse;
    return {sheet.signature(Scheme::ed25519_rfc8032, kSigRemember, issuer_key, signature, tbs), Status::valid,
            Code::ok};
  }
  Hash hash = Hash::sha256;
  const bool names_ecdsa = ecdsa_hash_of(algorithm, hash);
  if (issuer_algorithm == KeyAlgorithm::sm2) {
    // Engines differ on SM2 keys under other algorithms: with or without Z, one hash or two.
    if (names_ecdsa || algorithm == SignatureAlgorithm::sm2_sha256) return kUndecided;
    if (algorithm != SignatureAlgorithm::sm2_sm3) return kRefused;
  } else if (!names_ecdsa) {
    return kRefused;
  }
  u8 compact[2 * kWidthMax];
  if (!wire::der_signature_strict(sheet.bytes(signature), compact, width_of(issuer_algorithm))) return kFalse;
  const Ref message = issuer_algorithm == KeyAlgorithm::sm2 ? tbs : sheet.hash(hash, {tbs});
  return {ec_row(sheet, issuer_algorithm, kSigRemember, issuer_key, compact, message), Status::valid, Code::ok};
}

ClaimId sign(Sheet& sheet, NodeId node, KeyAlgorithm algorithm, Ref key, Ref signature, std::span<const Ref> message,
             const SignatureForm& form, Code code) {
  if (algorithm == KeyAlgorithm::other) {
    sheet.undecided(node, Code::certificate_algorithm);
    return claim::kNoClaim;
  }
  ClaimId made = claim::kNoClaim;
  if (algorithm == KeyAlgorithm::ed25519) {
    made = sheet.signature(Scheme::ed25519_rfc8032, 0, key, signature, joined(sheet, message));
  } else {
    u8 compact[2 * kWidthMax];
    const usize width = width_of(algorithm);
    const Bytes der = sheet.bytes(signature);
    const bool good =
        form.trailing ? loose_signature(der, compact, width) : wire::der_signature_strict(der, compact, width);
    if (!good) {
      sheet.fail(node, Code::signature_encoding);
      return claim::kNoClaim;
    }
    const u32 flags = is_ecdsa(algorithm) && form.low_s ? kSigLowS : 0;
    const Ref digest = is_ecdsa(algorithm) ? sheet.hash(form.ecdsa_hash, message) : joined(sheet, message);
    made = ec_row(sheet, algorithm, flags, key, compact, digest);
  }
  sheet.bind(node, made, code);
  return made;
}

}  // namespace isthmus::membership
