// ECDSA signatures in DER: SEQUENCE { INTEGER r, INTEGER s }, brought to the compact form r || s (big-endian) with
// `width` bytes to an integer: 32 for 256-bit orders, 48 for P-384.
// All three are total and read each byte at most twice; lengths are bounded by the input before they are used.
#pragma once

#include "base/span.hpp"

namespace isthmus::wire {

// Strict DER (ITU-T X.690 and BIP66 without the hash-type byte): true and `out` filled iff the encoding is the only
// one. Integers of more than `width` bytes that are otherwise well formed are refused (they can never be below an order
// of that size). `out` has room for 2 * width.
bool der_signature_strict(Bytes der, u8* out, usize width = 32);

// The tolerant parser that Bitcoin's chain before BIP66 demands: what Bitcoin Core's ecdsa_signature_parse_der_lax
// takes. Needed are 30, one length (stepped over in whatever form, its value ignored), then two integers whose values
// lie within the input. Integers may have long-form lengths with leading zeros (up to three bytes that count), leading
// zeros, or no bytes (zero), and are never negative; bytes behind s do not matter. Where an integer has more than
// `width` bytes, `out` is all zero, a signature that never verifies. A value between the group's order and 2^(8 width)
// is handed on and refused by the verifier. False, and `out` unspecified, iff the form is not even this.
bool der_signature_lax(Bytes der, u8* out, usize width = 32);

// BIP66's IsValidSignatureEncoding over the signature with its trailing hash-type byte.
bool bip66_encoding(Bytes sig_with_hash_type);

}  // namespace isthmus::wire
