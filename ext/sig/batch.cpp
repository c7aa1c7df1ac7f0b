// Dispatch of signature rows to their scheme. The switch has no default, so that a scheme added to
// base/schemes.def and forgotten here does not compile without a warning; a number outside the list makes
// every row false.
#include "sig/batch.hpp"

#include "sig/schemes.hpp"

namespace isthmus::sig {

void verify(Scheme scheme, std::span<const Row> rows, u8* ok, const Context& context) {
  switch (scheme) {
    case Scheme::ed25519_zip215:
      return verify_ed25519_zip215(rows, ok);
    case Scheme::ed25519_rfc8032:
      return verify_ed25519_rfc8032(rows, ok);
    case Scheme::secp256k1_ecdsa:
      return verify_secp256k1_ecdsa(rows, ok, context);
    case Scheme::secp256k1_bip340:
      return verify_secp256k1_bip340(rows, ok, context);
    case Scheme::secp256k1_taproot_tweak:
      return verify_secp256k1_taproot_tweak(rows, ok, context);
    case Scheme::p256_ecdsa:
      return verify_p256_ecdsa(rows, ok, context);
    case Scheme::p384_ecdsa:
      return verify_p384_ecdsa(rows, ok, context);
    case Scheme::sm2_sm3:
      return verify_sm2_sm3(rows, ok, context);
  }
  for (usize i = 0; i < rows.size(); ++i) ok[i] = 0;
}

}  // namespace isthmus::sig
