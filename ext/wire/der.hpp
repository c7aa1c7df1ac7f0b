// ECDSA signatures in DER: SEQUENCE { INTEGER r, INTEGER s }, brought to the 64-byte form r || s (big-endian).
#pragma once

#include "base/span.hpp"

namespace isthmus::wire {

// Strict DER (ITU-T X.690 and BIP66 without the hash-type byte): true and `out` filled iff the encoding is the only one.
// Integers of more than 256 bits that are otherwise well formed are refused (they can never be below a 256-bit order).
bool der_signature_strict(Bytes der, u8 out[64]);

// The tolerant parser that Bitcoin's chain before BIP66 demands. Accepts exactly what Bitcoin Core's
// ecdsa_signature_parse_der_lax accepts. Where it accepts but r or s does not fit below the group order's 256 bits or
// overflows, `out` is all zero, a signature that never verifies.
bool der_signature_lax(Bytes der, u8 out[64]);

// BIP66's IsValidSignatureEncoding over the signature with its trailing hash-type byte.
bool bip66_encoding(Bytes sig_with_hash_type);

}  // namespace isthmus::wire
