// Barrett reduction (Handbook of Applied Cryptography, algorithm 14.42) with words of 64 bits and four words
// of modulus. Invariant: every Sc25519 that leaves this file is below L.
#include "field/sc25519.hpp"

#include "base/check.hpp"

namespace isthmus::field {
namespace {

// a - b into out; the borrow (0 or 1) that remains.
template <int N>
u64 subtract(u64* out, const u64* a, const u64* b) {
  u64 borrow = 0;
  for (int i = 0; i < N; ++i) {
    const u128 difference = u128{a[i]} - b[i] - borrow;
    out[i] = static_cast<u64>(difference);
    borrow = static_cast<u64>(difference >> 64) & 1;
  }
  return borrow;
}

// out[0 .. N + M) = a * b. (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1: product, old word and carry fit 128 bits.
template <int N, int M>
void multiply(u64* out, const u64* a, const u64* b) {
  for (int i = 0; i < N + M; ++i) out[i] = 0;
  for (int i = 0; i < N; ++i) {
    u64 carry = 0;
    for (int j = 0; j < M; ++j) {
      const u128 sum = u128{a[i]} * b[j] + out[i + j] + carry;
      out[i + j] = static_cast<u64>(sum);
      carry = static_cast<u64>(sum >> 64);
    }
    out[i + M] = carry;
  }
}

bool below_order(const u64* a) {
  u64 scratch[4];
  return subtract<4>(scratch, a, kSc25519Order) != 0;
}

// x (512 bits) modulo L. With b = 2^64, k = 4 and b^3 <= L < b^4 the estimate q3 = floor(floor(x / b^3) mu /
// b^5) is at most 2 below the quotient, so x - q3 L lies in [0, 3L); 3L < 2^254, hence four words of it are
// enough.
Sc25519 reduce_wide(const u64* x) {
  u64 estimate[10];
  multiply<5, 5>(estimate, x + 3, kSc25519Barrett);
  u64 product[9];
  multiply<5, 4>(product, estimate + 5, kSc25519Order);
  Sc25519 r;
  subtract<4>(r.word, x, product);
  for (int i = 0; i < 2 && !below_order(r.word); ++i) subtract<4>(r.word, r.word, kSc25519Order);
  ISTHMUS_CHECK(below_order(r.word));
  return r;
}

}  // namespace

bool sc_from_bytes(Sc25519& out, const u8* bytes) {
  u64 word[4];
  for (int i = 0; i < 4; ++i) word[i] = load_le64(bytes + 8 * i);
  if (!below_order(word)) return false;
  for (int i = 0; i < 4; ++i) out.word[i] = word[i];
  return true;
}

Sc25519 sc_reduce(const u8* bytes) {
  u64 x[8];
  for (int i = 0; i < 8; ++i) x[i] = load_le64(bytes + 8 * i);
  return reduce_wide(x);
}

Sc25519 sc_from_half(const u8* bytes) { return {{load_le64(bytes), load_le64(bytes + 8), 0, 0}}; }

void sc_to_bytes(u8* bytes, const Sc25519& a) {
  for (int i = 0; i < 4; ++i) store_le64(bytes + 8 * i, a.word[i]);
}

// a + b < 2L < 2^254: no carry leaves the top word and one subtraction is enough.
Sc25519 sc_add(const Sc25519& a, const Sc25519& b) {
  ISTHMUS_CHECK(below_order(a.word) && below_order(b.word));
  Sc25519 r;
  u64 carry = 0;
  for (int i = 0; i < 4; ++i) {
    const u128 sum = u128{a.word[i]} + b.word[i] + carry;
    r.word[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64);
  }
  if (!below_order(r.word)) subtract<4>(r.word, r.word, kSc25519Order);
  return r;
}

Sc25519 sc_mul(const Sc25519& a, const Sc25519& b) {
  u64 product[8];
  multiply<4, 4>(product, a.word, b.word);
  return reduce_wide(product);
}

Sc25519 sc_neg(const Sc25519& a) {
  ISTHMUS_CHECK(below_order(a.word));
  if ((a.word[0] | a.word[1] | a.word[2] | a.word[3]) == 0) return a;
  Sc25519 r;
  subtract<4>(r.word, kSc25519Order, a.word);
  return r;
}

}  // namespace isthmus::field
