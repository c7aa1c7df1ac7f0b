// X.509 certificates, public keys and revocation lists as permissioned networks use them (RFC 5280; ITU-T X.509), read
// by the rules of Go's crypto/x509, on which Hyperledger Fabric and ChainMaker stand. No cryptography: the readers find
// the parts; whether a key is a point of its curve and a signature verifies is for rows of a claim sheet.
//
// Bounded and total: any bytes give a code. Parts are offsets into the DER bytes, so a structure stays good when the
// bytes move. Cost: one pass over tags and lengths, the bytes of names, and one small allocation for each O and OU.
//
// Where this reader is stricter than Go's, no certificate authority is known to write what is refused:
//   - no bytes may follow the last field of any structure (Go ignores them in several places, which gives one
//     certificate many spellings);
//   - the algorithm inside and outside the signed part must be the same, and no extension may stand twice (ChainMaker's
//     own copy of an older crypto/x509 lets both pass);
//   - a serial number is positive or zero and of at most 20 bytes (RFC 5280, 4.1.2.2), a leading zero not counted.
#pragma once

#include <string>
#include <vector>

#include "base/codes.hpp"
#include "base/span.hpp"

namespace isthmus::wire {

// A run of bytes inside the DER bytes of the structure that it belongs to.
struct Part {
  u32 off = 0;
  u32 len = 0;

  Bytes of(Bytes whole) const { return whole.subspan(off, len); }
  bool empty() const { return len == 0; }
};

enum class KeyAlgorithm : u8 {
  other = 0,  // well formed, but none of ours: RSA, DSA, other curves
  p256 = 1,
  p384 = 2,
  sm2 = 3,
  ed25519 = 4,
};

enum class SignatureAlgorithm : u8 {
  other = 0,
  ecdsa_sha1 = 1,  // which Go does not verify: a certificate signed with it has no chain
  ecdsa_sha256 = 2,
  ecdsa_sha384 = 3,
  ecdsa_sha512 = 4,
  sm2_sm3 = 5,     // 1.2.156.10197.1.501; parameters are not looked at, absent and NULL ones are in use
  sm2_sha256 = 6,  // 1.2.156.10197.1.503
  ed25519 = 7,
};

// A SubjectPublicKeyInfo. Its key is the point of an EC key, 04 x y (Go takes no other form: neither network knows
// compressed points in certificates), or the 32 bytes of Ed25519. SM2 keys come as id-ecPublicKey with the curve's OID
// as parameters (GM/T 0015, ChainMaker, GmSSL) and with the curve's OID as the algorithm, parameters the same OID or
// absent (Tongsuo). Explicit curve parameters are refused: nobody computes with a curve that an input chose.
struct PublicKey {
  KeyAlgorithm algorithm = KeyAlgorithm::other;
  Part whole;
  Part key;
};

// Bits of Certificate::extended_usage.
inline constexpr u8 kUsageAny = 1;
inline constexpr u8 kUsageServer = 2;
inline constexpr u8 kUsageClient = 4;
inline constexpr u8 kUsageOther = 8;

// Bits of Certificate::key_usage: bit i of the extension is bit i here.
inline constexpr u16 kKeyUsageCertSign = 1 << 5;

struct Certificate {
  Part tbs;              // the signed part: tag, length, contents
  Part algorithm;        // the contents of the outer AlgorithmIdentifier
  Part signature;        // the bits' bytes; for ECDSA and SM2 a SEQUENCE of two INTEGERs, not yet looked at
  Part signature_field;  // the whole BIT STRING that holds them, the last element
  Part serial;           // big-endian, without leading zeros; empty for zero
  Part issuer;           // names with tag and length, compared byte for byte as Go compares them
  Part subject;
  Part subject_key_id;    // contents; empty if absent (see has_...)
  Part authority_key_id;  // the keyIdentifier; empty if absent
  Part subject_alt_name;  // value of the extension; empty if absent
  PublicKey key;
  std::vector<std::string> organizations;  // O and OU of the subject in their order, in UTF-8
  std::vector<std::string> organizational_units;
  std::string common_name;  // the last one
  i64 not_before = 0;       // seconds since 1970; both ends belong to the time of validity
  i64 not_after = 0;
  i64 path_len = -1;      // -1: no limit
  u16 key_usage = 0;      // 0: no restriction
  u8 extended_usage = 0;  // kUsage... bits; 0: no restriction
  u8 version = 1;         // 1, 2 or 3
  SignatureAlgorithm signature_algorithm = SignatureAlgorithm::other;
  bool has_basic_constraints = false;
  bool is_ca = false;
  bool has_subject_key_id = false;
  bool has_name_constraints = false;
  bool has_unknown_critical = false;  // a critical extension that Go before 1.24 does not handle
};

// All three give Code::ok or what is wrong; the result is then not to be used. Inputs of more than kX509Max bytes are
// refused.
inline constexpr usize kX509Max = usize{1} << 20;

Code parse_certificate(Bytes der, Certificate& out);
// A DER SubjectPublicKeyInfo, as a "PUBLIC KEY" block has it.
Code parse_public_key(Bytes der, PublicKey& out);

// A certificate revocation list, version 1 or 2.
struct RevocationList {
  Part tbs;
  Part signature;
  Part issuer;
  Part authority_key_id;
  i64 this_update = 0;
  i64 next_update = 0;
  SignatureAlgorithm signature_algorithm = SignatureAlgorithm::other;
  bool has_authority_key_id = false;
  bool has_next_update = false;
  std::vector<Part> serials;  // as Certificate::serial, ascending by length and value

  bool names(Bytes der, Bytes serial) const;
};

Code parse_revocation_list(Bytes der, RevocationList& out);

}  // namespace isthmus::wire
