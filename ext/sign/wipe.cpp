#include "sign/wipe.hpp"

namespace isthmus::sign {

// The array must lie below the caller's frame: not inlined, and not where AddressSanitizer keeps frames.
__attribute__((noinline, no_sanitize("address"))) void wipe_stack() {
  u8 below[kStackWiped];
  explicit_bzero(below, sizeof(below));
}

}  // namespace isthmus::sign
