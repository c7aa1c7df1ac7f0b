// ECDSA signatures in DER: SEQUENCE { INTEGER r, INTEGER s }, brought to the 64-byte form r || s (big-endian).
// All three are total and read each byte at most twice; lengths are bounded by the input before they are used.
#pragma once

#include "base/span.hpp"

namespace isthmus::wire {

// Strict DER (ITU-T X.690 and BIP66 without the hash-type byte): true and `out` filled iff the encoding is the only
// one. Integers of more than 256 bits that are otherwise well formed are refused (they can never be below a 256-bit
// order).
bool der_signature_strict(Bytes der, u8 out[64]);

// The tolerant parser that Bitcoin's chain before BIP66 demands: what Bitcoin Core's ecdsa_signature_parse_der_lax
// takes. Needed are 30, one length (stepped over in whatever form, its value ignored), then two integers whose values
// lie within the input. Integers may have long-form lengths with leading zeros (up to three bytes that count), leading
// zeros, or no bytes (zero), and are never negative; bytes behind s do not matter. Where an integer has more than 256
// bits, `out` is all zero, a signature that never verifies. A value between the group's order and 2^256 is handed on
// and refused by the verifier. False, and `out` unspecified, iff the form is not even this.
bool der_signature_lax(Bytes der, u8 out[64]);

// BIP66's IsValidSignatureEncoding over the signature with its trailing hash-type byte.
bool bip66_encoding(Bytes sig_with_hash_type);

}  // namespace isthmus::wire
