// Rows, choices and G's tables of the lanes' multiplication; see multiply.hpp.
#include "curve/multiply.hpp"

#include <memory>
#include <new>

#include "cpu/row.hpp"
#include "curve/multiply_report.hpp"
#include "curve/multiply_tiers.hpp"
#include "curve/p256.hpp"
#include "curve/secp256k1.hpp"
#include "curve/sm2.hpp"
#include "curve/weierstrass.hpp"
#include "field/inverse.hpp"

namespace isthmus::curve {
namespace {

// The factor between a value and the form that the lanes' products keep.
template <class C>
constexpr field::Words kLaneForm =
    C::kEndomorphism ? field::Words{1, 0, 0, 0} : field::power_of_two_mod(260, C::Field::kModulus);

// j 2^(128 s) G for 1 <= j <= kMultiplyBaseEntries, made at first use by the C++ rule for static locals (a few
// milliseconds; other threads wait).
template <class C>
class LaneBaseTable {
  using F = typename C::Field;

 public:
  static constexpr usize kStreams = C::kEndomorphism ? 2 : 1;

  // Null without memory.
  static const u64* get() {
    static const LaneBaseTable table;
    return table.words_.get();
  }

 private:
  static constexpr usize kWords = kStreams * kMultiplyBaseEntries * 8;
  struct Free {
    void operator()(u64* words) const { ::operator delete(words, std::align_val_t(64)); }
  };

  LaneBaseTable()
      : words_(static_cast<u64*>(::operator new(kWords * sizeof(u64), std::align_val_t(64), std::nothrow))) {
    if (words_ == nullptr) return;
    Affine<C> start = {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)};
    for (usize s = 0; s < kStreams; ++s) {
      fill(words_.get() + s * kMultiplyBaseEntries * 8, start);
      Jacobian<C> next = to_jacobian(start);
      for (usize i = 0; i < 128; ++i) double_point(next, next);
      F inverse;
      F::invert(inverse, next.z);
      to_affine(start, next, inverse);
    }
  }

  static void fill(u64* out, const Affine<C>& start) {
    constexpr usize kBlock = 32;  // points that share an inversion
    const F form = F::from_constant(kLaneForm<C>);
    Jacobian<C> at = to_jacobian(start);
    for (usize first = 0; first < kMultiplyBaseEntries; first += kBlock) {
      Jacobian<C> points[kBlock];
      F z[kBlock], scratch[kBlock];
      for (usize i = 0; i < kBlock; ++i) {
        points[i] = at;
        z[i] = at.z;
        add_mixed(at, at, start);
      }
      field::invert_all(z, scratch, kBlock);
      for (usize i = 0; i < kBlock; ++i, out += 8) {
        Affine<C> point;
        to_affine(point, points[i], z[i]);
        F::mul(point.x, point.x, form);
        F::mul(point.y, point.y, form);
        const field::Words x = F::to_words(point.x), y = F::to_words(point.y);
        memcpy(out, x.data(), sizeof x);
        memcpy(out + 4, y.data(), sizeof y);
      }
    }
  }

  std::unique_ptr<u64[], Free> words_;
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
bool known_answers(MultiplyKernel kernel) {
  using F = typename C::Field;
  constexpr usize kCount = 11;
  const u64* base = LaneBaseTable<C>::get();
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
  kernel(rows, kCount, base, results, workspace.data);
  if (results[9].state != SumState::no_point || results[10].state != SumState::unsettled) return false;
  for (usize i = 0; i < 9; ++i) {
    Jacobian<C> sum = multiply_plain<C>(a[i], g);
    add(sum, sum, multiply_plain<C>(b[i], key));
    affine_words<C>(x, y, sum);
    const bool same = memcmp(x.data(), results[i].x, sizeof x) == 0 && memcmp(y.data(), results[i].y, sizeof y) == 0;
    if (results[i].state != SumState::settled || !same) return false;
  }
  return true;
}

// The last row of a table needs nothing: here it is no kernel at all, and rows go through scalar code.
void none(const MultiplyRow*, usize, const u64*, MultiplyResult*, void*) {}

template <class C>
bool test(MultiplyKernel kernel) {
  return kernel == none || known_answers<C>(kernel);
}

constexpr u32 kWide512 = cpu::kAvx512 | cpu::kAvx2 | cpu::kBmi2;
constexpr u32 kWide256 = cpu::kAvx2 | cpu::kBmi2;

#if defined(__x86_64__)
#define ISTHMUS_ROWS(name)                                                                     \
  {"ifma", kWide512 | cpu::kIfma, 8, 2, ifma::name}, {"avx512", kWide512, 8, 3, avx512::name}, \
      {"avx2", kWide256, 4, 3, avx2::name},
#else
#define ISTHMUS_ROWS(name)
#endif

constexpr cpu::Row<MultiplyKernel> kSecp256k1[] = {ISTHMUS_ROWS(multiply_secp256k1){"scalar", cpu::kNone, 1, 1, none}};
constexpr cpu::Row<MultiplyKernel> kP256[] = {ISTHMUS_ROWS(multiply_p256){"scalar", cpu::kNone, 1, 1, none}};
constexpr cpu::Row<MultiplyKernel> kSm2[] = {ISTHMUS_ROWS(multiply_sm2){"scalar", cpu::kNone, 1, 1, none}};
#undef ISTHMUS_ROWS

constexpr usize kRows = std::size(kSecp256k1);
using Choice = cpu::Choice<MultiplyKernel, kRows>;

const Choice& choice(LaneCurve curve) {
  static const Choice secp256k1("multiply_secp256k1", kSecp256k1, test<Secp256k1>);
  static const Choice p256("multiply_p256", kP256, test<P256>);
  static const Choice sm2("multiply_sm2", kSm2, test<Sm2>);
  return curve == LaneCurve::secp256k1 ? secp256k1 : curve == LaneCurve::p256 ? p256 : sm2;
}

}  // namespace

usize multiply_workspace_max() {
  usize size = 64;
#if defined(__x86_64__)
  for (const usize one : {avx2::multiply_workspace(), avx512::multiply_workspace(), ifma::multiply_workspace()}) {
    if (one > size) size = one;
  }
#endif
  return size;
}

const u64* multiply_base_table(LaneCurve curve) {
  return curve == LaneCurve::secp256k1 ? LaneBaseTable<Secp256k1>::get()
         : curve == LaneCurve::p256    ? LaneBaseTable<P256>::get()
                                       : LaneBaseTable<Sm2>::get();
}

MultiplyKernel named_multiply(LaneCurve curve, std::string_view tier) {
  const MultiplyKernel kernel = choice(curve).named(tier);
  return kernel == none ? nullptr : kernel;
}

void append_multiply_reports(bool again, std::vector<cpu::Report>& out) {
  for (const LaneCurve curve : {LaneCurve::secp256k1, LaneCurve::p256, LaneCurve::sm2}) {
    out.push_back(choice(curve).report(again));
  }
}

u32 multiply_count_min(LaneCurve curve) {
  const cpu::Row<MultiplyKernel>& best = choice(curve).best_row();
  return best.run == none ? 0 : best.count_min;
}

bool multiply_rows(LaneCurve curve, std::span<const MultiplyRow> rows, MultiplyResult* results) {
  const MultiplyKernel kernel = choice(curve).best();
  const u64* const base = multiply_base_table(curve);
  const Workspace workspace(multiply_workspace_max());
  if (kernel == none || base == nullptr || workspace.data == nullptr) return false;
  for (usize first = 0; first < rows.size(); first += kMultiplyBlock) {
    const usize left = rows.size() - first;
    kernel(rows.data() + first, left < kMultiplyBlock ? left : kMultiplyBlock, base, results + first, workspace.data);
  }
  return true;
}

}  // namespace isthmus::curve
