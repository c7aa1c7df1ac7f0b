// Operations of field/fe_lanes.hpp on arrays, for the tests: one file per tier defines ISTHMUS_TIER, ISTHMUS_FE52 and,
// where the policy asks for it, ISTHMUS_ROUNDING. Not used by the engine.
#include "field/fe_lanes_primes.hpp"
#include "field/fe_lanes_probe.hpp"

#ifndef ISTHMUS_ROUNDING
#define ISTHMUS_ROUNDING static_cast<void>(0)
#endif

namespace isthmus::ISTHMUS_TIER {
namespace {

using P = simd::ISTHMUS_FE52;
using V = P::V;

template <class Prime>
struct Probe {
  using F = field::FeLanes<P, Prime>;

  static F load_raw(const u64* words, usize first) {
    u64 columns[4][V::kLanes];
    for (usize lane = 0; lane < V::kLanes; ++lane) {
      for (usize w = 0; w < 4; ++w) columns[w][lane] = words[4 * (first + lane) + w];
    }
    return F::unpack(V::load(columns[0]), V::load(columns[1]), V::load(columns[2]), V::load(columns[3]));
  }
  static void store(u64* words, usize first, const F& a) {
    V packed[4];
    u64 columns[4][V::kLanes];
    F::pack(packed, F::canonical(F::from_form(a)));
    for (usize w = 0; w < 4; ++w) packed[w].store(columns[w]);
    for (usize lane = 0; lane < V::kLanes; ++lane) {
      for (usize w = 0; w < 4; ++w) words[4 * (first + lane) + w] = columns[w][lane];
    }
  }
  static F apply(FeLanesOp op, const F& a, const F& b) {
    switch (op) {
      case FeLanesOp::mul:
      case FeLanesOp::mul_raw:
        return F::mul(a, b);
      case FeLanesOp::sqr:
      case FeLanesOp::sqr_raw:
        return F::sqr(a);
      case FeLanesOp::add:
        return F::template fold<0>(a + b);
      case FeLanesOp::sub:
        return F::template fold<3>(a - b);
      case FeLanesOp::spread:  // the widest combination that point formulas make
        return F::template fold<17>(F::sqr(a) - field::doubled<3>(b));
      case FeLanesOp::mul_sub:
        return F::mul_sub(a, b, b, F::template tight<0>(b + b));
      case FeLanesOp::inverse:
        return Prime::inverse(a);
      case FeLanesOp::root:
        return Prime::root(a);
    }
    return a;
  }
  [[gnu::noinline]] static void run(FeLanesOp op, u64* out, const u64* a, const u64* b, usize count) {
    const bool raw = op == FeLanesOp::mul_raw || op == FeLanesOp::sqr_raw;
    for (usize i = 0; i < count; i += V::kLanes) {
      const F left = load_raw(a, i), right = load_raw(b, i);
      store(out, i, raw ? apply(op, left, right) : apply(op, F::to_form(left), F::to_form(right)));
    }
  }
};

}  // namespace

void probe_fe_lanes(FeLanesPrime prime, FeLanesOp op, u64* out, const u64* a, const u64* b, usize count) {
  ISTHMUS_ROUNDING;
  switch (prime) {
    case FeLanesPrime::secp256k1:
      return Probe<field::LanePrime256k1>::run(op, out, a, b, count);
    case FeLanesPrime::p256:
      return Probe<field::LanePrimeP256>::run(op, out, a, b, count);
    case FeLanesPrime::sm2:
      return Probe<field::LanePrimeSm2>::run(op, out, a, b, count);
  }
}

}  // namespace isthmus::ISTHMUS_TIER
