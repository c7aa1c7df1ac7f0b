// Rows, choices and G's tables of the lanes' multiplication; see multiply.hpp.
#include "curve/multiply.hpp"

#include <memory>
#include <new>

#include "base/made_once.hpp"
#include "cpu/row.hpp"
#include "curve/comb.hpp"
#include "curve/multiply_report.hpp"
#include "curve/multiply_tiers.hpp"
#include "curve/p256.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"
#include "curve/weierstrass.hpp"
#include "field/inverse.hpp"

namespace isthmus::curve {
namespace {

struct Free {
  void operator()(u64* words) const { ::operator delete(words, std::align_val_t(64)); }
};
using Table = std::unique_ptr<u64[], Free>;

// Null without memory.
Table make_table(usize words) {
  return Table(static_cast<u64*>(::operator new(words * sizeof(u64), std::align_val_t(64), std::nothrow)));
}

// G's tables, made at first use (a few milliseconds): multiples of 2^(128 s) G for the sums with doublings, and a comb.
template <class C>
class BaseTables {
 public:
  static const BaseTables& get() {
    static constinit std::atomic<const BaseTables*> tables = nullptr;
    return made_once(tables, [] { return std::unique_ptr<const BaseTables>(new BaseTables); });
  }
  // Null without memory.
  const u64* multiples() const { return multiples_.get(); }
  const u64* comb() const { return comb_.get(); }

 private:
  static constexpr usize kStreams = C::kEndomorphism ? 2 : 1;
  static constexpr usize kStreamWords = kMultiplyBaseEntries * kCombEntryWords;

  BaseTables() : multiples_(make_table(kStreams * kStreamWords)), comb_(make_table(comb_words(kBaseCombWidth))) {
    using F = typename C::Field;
    if (multiples_ == nullptr || comb_ == nullptr) {
      multiples_.reset();
      return;
    }
    const Affine<C> g = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
    write_comb(comb_.get(), g, kBaseCombWidth);
    Affine<C> start = g;
    for (usize s = 0; s < kStreams; ++s) {
      Jacobian<C> next;
      write_multiples(multiples_.get() + s * kStreamWords, next, start, kMultiplyBaseEntries);
      next = to_jacobian(start);
      for (usize i = 0; i < 128; ++i) double_point(next, next);
      F inverse;
      F::invert(inverse, next.z);
      to_affine(start, next, inverse);
    }
  }

  Table multiples_;
  Table comb_;
};

struct Workspace {
  explicit Workspace(usize size) : data(::operator new(size, std::align_val_t(64), std::nothrow)) {}
  ~Workspace() { ::operator delete(data, std::align_val_t(64)); }
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  void* data;
};

template <class C>
void affine_words(field::Words& x, field::Words& y, const Jacobian<C>& p) {
  using F = typename C::Field;
  F inverse;
  F::invert(inverse, p.z);
  Affine<C> affine;
  to_affine(affine, p, inverse);
  x = F::to_words(affine.x);
  y = F::to_words(affine.y);
}

// A tier that is right about these is used: sums of a key that is far from small multiples of G (so that none is
// special), given whole or as x with a parity; a key that is no point; a sum that is infinity.
template <class C>
bool known_answers(MultiplyKernels kernels) {
  using F = typename C::Field;
  constexpr usize kCount = 11;
  const u64* base = BaseTables<C>::get().multiples();
  const Workspace workspace(multiply_workspace_max());
  if (base == nullptr || workspace.data == nullptr) return false;
  const Affine<C> g = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
  const field::Words secret = {0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89};
  field::Words x, y, a[kCount], b[kCount];
  affine_words<C>(x, y, multiply_plain<C>(secret, g));
  const Affine<C> key = {F::from_constant(x), F::from_constant(y)};
  MultiplyRow rows[kCount] = {};
  for (usize i = 0; i < kCount; ++i) {
    a[i] = b[i] = {};
    for (usize w = 0; w < 4; ++w) a[i][w] = 0x9E3779B97F4A7C15 * (i + 1) * (w + 3);
    for (usize w = 0; w < (C::kEndomorphism ? 2 : 4); ++w) b[i][w] = 0xD1B54A32D192ED03 * (i + 7) * (w + 5);
    a[i][3] >>= 1;
    b[i][3] >>= 1;
    MultiplyRow& row = rows[i];
    memcpy(row.x, x.data(), sizeof row.x);
    memcpy(row.y, y.data(), sizeof row.y);
    memcpy(row.base, a[i].data(), sizeof row.base);
    memcpy(row.part[0], b[i].data(), sizeof row.part[0]);
    row.form = i % 3 == 0 ? PointForm::full : (y[0] & 1) != 0 ? PointForm::odd : PointForm::even;
  }
  rows[9].y[0] ^= 2;  // given whole, off the curve
  memcpy(rows[10].x, C::kGeneratorX.data(), sizeof rows[10].x);
  memcpy(rows[10].y, C::kGeneratorY.data(), sizeof rows[10].y);
  for (usize w = 0; w < 4; ++w) rows[10].part[0][w] = rows[10].base[w] = w == 0 ? 1 : 0;
  rows[10].form = PointForm::full;
  rows[10].negative = 1;  // G - G
  MultiplyResult results[kCount];
  kernels.multiply(rows, kCount, base, results, workspace.data);
  if (results[9].state != SumState::no_point || results[10].state != SumState::unsettled) return false;
  constexpr u32 kWidth = 5;
  const Table comb = make_table(comb_words(kWidth));
  if (comb == nullptr) return false;
  write_comb(comb.get(), key, kWidth);
  CombRow comb_rows[9];
  MultiplyResult comb_results[9];
  for (usize i = 0; i < 9; ++i) {
    comb_rows[i] = {{}, {}, comb.get(), 0};
    memcpy(comb_rows[i].base, a[i].data(), sizeof comb_rows[i].base);
    memcpy(comb_rows[i].part, b[i].data(), sizeof comb_rows[i].part);
  }
  kernels.comb(comb_rows, 9, kWidth, BaseTables<C>::get().comb(), comb_results, workspace.data);
  for (usize i = 0; i < 9; ++i) {
    Jacobian<C> sum = multiply_plain<C>(a[i], g);
    add(sum, sum, multiply_plain<C>(b[i], key));
    affine_words<C>(x, y, sum);
    for (const MultiplyResult& result : {results[i], comb_results[i]}) {
      const bool same = memcmp(x.data(), result.x, sizeof x) == 0 && memcmp(y.data(), result.y, sizeof y) == 0;
      if (result.state != SumState::settled || !same) return false;
    }
  }
  return true;
}

// The last row of a table needs nothing: here it is no kernel at all, and rows go through scalar code.
template <class C>
bool test(MultiplyKernels kernels) {
  return kernels.multiply == nullptr || known_answers<C>(kernels);
}

// Measured on a Zen 4, secp256k1: one row by itself 40 us; a pass of eight 60 us with IFMA and 125 without, a pass of
// four with AVX2 110.
#if defined(__x86_64__)
#define ISTHMUS_ROWS(name)                                                                \
  {"ifma", cpu::kWide512 | cpu::kIfma, 8, 2, {ifma::multiply_##name, ifma::comb_##name}}, \
      {"avx512", cpu::kWide512, 8, 4, {avx512::multiply_##name, avx512::comb_##name}},    \
      {"avx2", cpu::kWide256, 4, 3, {avx2::multiply_##name, avx2::comb_##name}},
#elif defined(__aarch64__)
#define ISTHMUS_ROWS(name) {"neon", cpu::kNeon, 2, 2, {neon::multiply_##name, neon::comb_##name}},
#else
#define ISTHMUS_ROWS(name)
#endif

constexpr cpu::Row<MultiplyKernels> kSecp256k1[] = {
    ISTHMUS_ROWS(secp256k1){"base", cpu::kNone, 1, 1, {nullptr, nullptr}}};
constexpr cpu::Row<MultiplyKernels> kP256[] = {ISTHMUS_ROWS(p256){"base", cpu::kNone, 1, 1, {nullptr, nullptr}}};
constexpr cpu::Row<MultiplyKernels> kSm2[] = {ISTHMUS_ROWS(sm2){"base", cpu::kNone, 1, 1, {nullptr, nullptr}}};
#undef ISTHMUS_ROWS

using Choice = cpu::Choice<MultiplyKernels, std::size(kSecp256k1)>;

const Choice& choice(LaneCurve curve) {
  static const Choice secp256k1("multiply_secp256k1", kSecp256k1, test<Secp256k1>);
  static const Choice p256("multiply_p256", kP256, test<P256>);
  static const Choice sm2("multiply_sm2", kSm2, test<Sm2>);
  return curve == LaneCurve::secp256k1 ? secp256k1 : curve == LaneCurve::p256 ? p256 : sm2;
}

// Calls kernel(first, count, workspace) for blocks of at most kMultiplyBlock rows; false without memory.
template <class Kernel>
bool in_blocks(usize total, Kernel&& kernel) {
  const Workspace workspace(multiply_workspace_max());
  if (workspace.data == nullptr) return false;
  for (usize first = 0; first < total; first += kMultiplyBlock) {
    const usize left = total - first;
    kernel(first, left < kMultiplyBlock ? left : kMultiplyBlock, workspace.data);
  }
  return true;
}

}  // namespace

usize multiply_workspace_max() {
  usize size = 64;
#if defined(__x86_64__)
  for (const usize one : {avx2::multiply_workspace(), avx512::multiply_workspace(), ifma::multiply_workspace()}) {
    if (one > size) size = one;
  }
#elif defined(__aarch64__)
  if (neon::multiply_workspace() > size) size = neon::multiply_workspace();
#endif
  return size;
}

const u64* multiply_base_table(LaneCurve curve) {
  return curve == LaneCurve::secp256k1 ? BaseTables<Secp256k1>::get().multiples()
         : curve == LaneCurve::p256    ? BaseTables<P256>::get().multiples()
                                       : BaseTables<Sm2>::get().multiples();
}

const u64* base_comb(LaneCurve curve) {
  return curve == LaneCurve::secp256k1 ? BaseTables<Secp256k1>::get().comb()
         : curve == LaneCurve::p256    ? BaseTables<P256>::get().comb()
                                       : BaseTables<Sm2>::get().comb();
}

MultiplyKernels named_multiply(LaneCurve curve, std::string_view tier) { return choice(curve).named(tier); }

void append_multiply_reports(bool again, std::vector<cpu::Report>& out) {
  for (const LaneCurve curve : {LaneCurve::secp256k1, LaneCurve::p256, LaneCurve::sm2}) {
    out.push_back(choice(curve).report(again));
  }
}

u32 multiply_count_min(LaneCurve curve) {
  const cpu::Row<MultiplyKernels>& best = choice(curve).best_row();
  return best.run.multiply == nullptr ? 0 : best.count_min;
}

u32 comb_count_min(LaneCurve curve) { return (multiply_count_min(curve) + 1) / 2; }

bool multiply_rows(LaneCurve curve, std::span<const MultiplyRow> rows, MultiplyResult* results) {
  const MultiplyKernel kernel = choice(curve).best().multiply;
  const u64* const table = multiply_base_table(curve);
  if (kernel == nullptr || table == nullptr) return false;
  return in_blocks(rows.size(), [&](usize first, usize count, void* workspace) {
    kernel(rows.data() + first, count, table, results + first, workspace);
  });
}

bool comb_rows(LaneCurve curve, std::span<const CombRow> rows, u32 width, MultiplyResult* results) {
  const CombKernel kernel = choice(curve).best().comb;
  const u64* const comb = base_comb(curve);
  if (kernel == nullptr || comb == nullptr) return false;
  return in_blocks(rows.size(), [&](usize first, usize count, void* workspace) {
    kernel(rows.data() + first, count, width, comb, results + first, workspace);
  });
}

}  // namespace isthmus::curve
