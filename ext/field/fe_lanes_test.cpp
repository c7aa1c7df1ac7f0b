// The field in lanes, tier by tier, against field/mont.hpp, which shares no reduction with it and is itself compared
// with slow integers in prime_fields_test.cpp. ISTHMUS_FIELD_CASES sets the number of operations per tier, prime and
// kind: by default ten million operations per tier in a release build; ci/field.py runs a thousand million.
#include <doctest/doctest.h>

#include <cstdlib>
#include <type_traits>
#include <vector>

#include "cpu/features.hpp"
#include "field/fe_lanes_probe.hpp"
#include "field/mont.hpp"

namespace isthmus {
namespace {

using field::Mont;
using field::Words;
using Probe = void (*)(FeLanesPrime, FeLanesOp, u64*, const u64*, const u64*, usize);

struct Prime256k1 {
  static constexpr Words kModulus = {0xFFFFFFFEFFFFFC2F, ~u64{0}, ~u64{0}, ~u64{0}};
};
struct PrimeP256 {
  static constexpr Words kModulus = {~u64{0}, 0x00000000FFFFFFFF, 0, 0xFFFFFFFF00000001};
};
struct PrimeSm2 {
  static constexpr Words kModulus = {~u64{0}, 0xFFFFFFFF00000000, ~u64{0}, 0xFFFFFFFEFFFFFFFF};
};

struct Noise {
  u64 state;
  u64 next() {
    state += 0x9E3779B97F4A7C15;
    u64 z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
};

// Half of the values have limbs of radix 2^52 that are all ones, all zeros, one, or all ones but the lowest: where
// carries run. The others are random. Values of p and more are among them.
Words pattern(Noise& noise) {
  if ((noise.next() & 1) == 0) return {noise.next(), noise.next(), noise.next(), noise.next()};
  constexpr u64 kMask = (u64{1} << 52) - 1;
  u64 limb[5];
  for (u64& each : limb) {
    const u64 pick = noise.next() % 6;
    each = pick == 0 ? 0 : pick == 1 ? kMask : pick == 2 ? 1 : pick == 3 ? kMask - 1 : noise.next() & kMask;
  }
  return {limb[0] | limb[1] << 52, limb[1] >> 12 | limb[2] << 40, limb[2] >> 24 | limb[3] << 28,
          limb[3] >> 36 | limb[4] << 16};
}

// What a raw product carries: 1 where the prime folds, 2^-520 in Montgomery form.
template <class P>
const Mont<P>& form_factor() {
  static const Mont<P> value = [] {
    Mont<P> factor = Mont<P>::one();
    if (!std::is_same_v<P, Prime256k1>) {
      Mont<P>::invert(factor, Mont<P>::from_constant(field::power_of_two_mod(520, P::kModulus)));
    }
    return factor;
  }();
  return value;
}

template <class P>
Words expected(FeLanesOp op, const Words& left, const Words& right) {
  using M = Mont<P>;
  const M a = M::from_words_reduced(left), b = M::from_words_reduced(right);
  M r;
  switch (op) {
    case FeLanesOp::mul:
      M::mul(r, a, b);
      break;
    case FeLanesOp::sqr:
      M::sqr(r, a);
      break;
    case FeLanesOp::mul_raw:
      M::mul(r, a, b);
      M::mul(r, r, form_factor<P>());
      break;
    case FeLanesOp::sqr_raw:
      M::sqr(r, a);
      M::mul(r, r, form_factor<P>());
      break;
    case FeLanesOp::mul_sub: {
      M square;
      M::sqr(square, b);
      M::add(square, square, square);
      M::mul(r, a, b);
      M::sub(r, r, square);
      break;
    }
    case FeLanesOp::add:
      M::add(r, a, b);
      break;
    case FeLanesOp::sub:
      M::sub(r, a, b);
      break;
    case FeLanesOp::spread: {
      M eight;
      M::mul_int(eight, b, 8);
      M::sqr(r, a);
      M::sub(r, r, eight);
      break;
    }
    case FeLanesOp::inverse: {
      Words exponent = {};
      field::sub_words(exponent, P::kModulus, {2});
      field::power(r, a, exponent);
      break;
    }
    case FeLanesOp::root: {
      Words exponent = {};
      field::add_words(exponent, field::half_words(field::half_words(P::kModulus)), {1, 0, 0, 0});
      field::power(r, a, exponent);
      break;
    }
  }
  return M::to_words(r);
}

template <class P>
void compare(Probe probe, FeLanesPrime prime, FeLanesOp op, usize cases) {
  constexpr usize kBatch = 64;
  Noise noise{static_cast<u64>(prime) * 100 + static_cast<u64>(op) + 1};
  std::vector<u64> a(4 * kBatch), b(4 * kBatch), out(4 * kBatch);
  for (usize done = 0; done < cases; done += kBatch) {
    for (usize i = 0; i < kBatch; ++i) {
      const Words x = pattern(noise), y = pattern(noise);
      for (usize w = 0; w < 4; ++w) {
        a[4 * i + w] = x[w];
        b[4 * i + w] = y[w];
      }
    }
    probe(prime, op, out.data(), a.data(), b.data(), kBatch);
    for (usize i = 0; i < kBatch; ++i) {
      const Words x = {a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]};
      const Words y = {b[4 * i], b[4 * i + 1], b[4 * i + 2], b[4 * i + 3]};
      const Words got = {out[4 * i], out[4 * i + 1], out[4 * i + 2], out[4 * i + 3]};
      REQUIRE(got == expected<P>(op, x, y));
    }
  }
}

usize case_count([[maybe_unused]] bool emulated) {
  const char* text = std::getenv("ISTHMUS_FIELD_CASES");
  if (text != nullptr) return static_cast<usize>(std::strtoull(text, nullptr, 10));
#ifdef ISTHMUS_DEBUG
  return 2'000;
#else
  return emulated ? 40'000 : 420'000;
#endif
}

void compare_all(Probe probe, bool emulated = false) {
  const usize cases = case_count(emulated);
  for (const FeLanesOp op : {FeLanesOp::mul, FeLanesOp::sqr, FeLanesOp::mul_raw, FeLanesOp::sqr_raw, FeLanesOp::add,
                             FeLanesOp::sub, FeLanesOp::spread, FeLanesOp::mul_sub}) {
    compare<Prime256k1>(probe, FeLanesPrime::secp256k1, op, cases);
    compare<PrimeP256>(probe, FeLanesPrime::p256, op, cases);
    compare<PrimeSm2>(probe, FeLanesPrime::sm2, op, cases);
  }
  for (const FeLanesOp op : {FeLanesOp::inverse, FeLanesOp::root}) {
    compare<Prime256k1>(probe, FeLanesPrime::secp256k1, op, cases / 500 + 64);
    compare<PrimeP256>(probe, FeLanesPrime::p256, op, cases / 500 + 64);
    compare<PrimeSm2>(probe, FeLanesPrime::sm2, op, cases / 500 + 64);
  }
}

#if defined(__x86_64__)
bool may_run(u32 needs) { return (cpu::features().hardware & needs) == needs; }
#endif

}  // namespace

TEST_CASE("field in lanes, emulated") { compare_all(base::probe_fe_lanes, true); }

#if defined(__x86_64__)
TEST_CASE("field in lanes, AVX2" * doctest::skip(!may_run(cpu::kAvx2))) { compare_all(avx2::probe_fe_lanes); }
TEST_CASE("field in lanes, AVX-512" * doctest::skip(!may_run(cpu::kAvx512))) { compare_all(avx512::probe_fe_lanes); }
TEST_CASE("field in lanes, IFMA" * doctest::skip(!may_run(cpu::kIfma))) { compare_all(ifma::probe_fe_lanes); }
#elif defined(__aarch64__)
TEST_CASE("field in lanes, NEON") { compare_all(neon::probe_fe_lanes, true); }
#endif

}  // namespace isthmus
