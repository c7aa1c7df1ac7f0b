// Rows, choice, offset and the end of sums in lanes over many points; see bucket_sum.hpp.
#include "curve/bucket_sum.hpp"

#include <unistd.h>

#include "base/check.hpp"
#include "base/made_once.hpp"
#include "cpu/row.hpp"
#include "curve/bucket_sum_report.hpp"
#include "curve/decode.hpp"
#include "curve/strauss.hpp"

namespace isthmus::curve {
namespace {

using C = Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using Point = Jacobian<C>;
using field::Words;

// Halves of scalars, at most (a + b) (1/2 + 2^-128) for a + b of a column of the basis (curve/glv.hpp), are below
// kBucketPartTop 2^120: half of the sums' upper words and one more for what was cut off.
constexpr u64 upper_half_sum(const u64 (&a)[3], const u64 (&b)[3]) {
  return (a[1] >> 1 | a[2] << 63) + (b[1] >> 1 | b[2] << 63) + 2;
}
static_assert(upper_half_sum(C::kA1, C::kA2) < kBucketPartTop << 56);
static_assert(upper_half_sum(C::kMinusB1, C::kB2) < kBucketPartTop << 56);

void write_limbs(u64 (&out)[5], const F& a) {
  const Words w = F::to_words(a);
  constexpr u64 kMask = (u64{1} << 52) - 1;
  out[0] = w[0] & kMask;
  out[1] = (w[0] >> 52 | w[1] << 12) & kMask;
  out[2] = (w[1] >> 40 | w[2] << 24) & kMask;
  out[3] = (w[2] >> 28 | w[3] << 36) & kMask;
  out[4] = w[3] >> 16;
}
F read_limbs(const u64 (&limbs)[5]) { return F::from_constant(words_of(limbs)); }

void write_point(u64 (&out)[2][5], const Point& p) {
  F inverse;
  F::invert(inverse, p.z);
  Affine<C> affine;
  to_affine(affine, p, inverse);
  write_limbs(out[0], affine.x);
  write_limbs(out[1], affine.y);
}

// (X / ZZ, Y / ZZZ) has the Jacobian coordinates (X ZZ, Y ZZZ, ZZ), because ZZ^3 = ZZZ^2. False iff ZZ is 0.
bool read_window(Point& r, const BucketWindow& window) {
  const F zzz = read_limbs(window.coordinate[3]);
  r.z = read_limbs(window.coordinate[2]);
  if (F::is_zero(r.z)) return false;
  F::mul(r.x, read_limbs(window.coordinate[0]), r.z);
  F::mul(r.y, read_limbs(window.coordinate[1]), zzz);
  r.infinity = false;
  return true;
}

// How often T is in the sum of all windows: 1 + 2 + ... + m times, and m times more for the topmost bucket.
Scalar offset_count(std::span<const BucketWindow> windows, u32 width) {
  const Scalar base = Scalar::from_constant({u64{1} << width, 0, 0, 0});
  Scalar count = Scalar::zero();
  for (usize w = windows.size(); w-- > 0;) {
    const u64 m = windows[w].entries;
    Scalar::mul(count, count, base);
    Scalar::add(count, count, Scalar::from_constant({m * (m + 1) / 2 + m, 0, 0, 0}));
  }
  return count;
}

// r = base G + the sum of 2^(width w) windows[w], doublings shared.
void add_up(Point& r, const Words& base, std::span<const Point> windows, u32 width) {
  using Table = BaseTable<C>;
  const Table& table = Table::get();
  i32 digits[Table::kStreams][C::kSteps + 1] = {};
  for (usize s = 0; s < Table::kStreams; ++s) {
    signed_digits(digits[s], 1, base, s * C::kSteps, C::kSteps, C::kBaseWindow);
  }
  r.infinity = true;
  for (usize bit = C::kSteps + 1; bit-- > 0;) {
    double_point(r, r);
    if (bit % width == 0 && bit / width < windows.size()) add(r, r, windows[bit / width]);
    for (usize s = 0; s < Table::kStreams; ++s) {
      if (digits[s][bit] == 0) continue;
      Affine<C> q;
      table.load(q, s, digits[s][bit]);
      add_mixed(r, r, q);
    }
  }
}

// ---- known answers ----

constexpr usize kKnown = 9;  // one more than a vector
constexpr Words kKnownOffset = {0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89};

bool same_lifted(const LiftedPoint& got, const Words& x) {
  Affine<C> point;
  if (!lift_x(point, x, false)) return got.is_point == 0;
  Affine<C> minus;
  negate(minus, point);
  F image;
  F::mul(image, point.x, C::beta());
  return got.is_point == ~u64{0} && F::equal(read_limbs(got.x), point.x) && F::equal(read_limbs(got.y), point.y) &&
         F::equal(read_limbs(got.minus_y), minus.y) && F::equal(read_limbs(got.image_x), image);
}

// part[0] P + part[1] times P's image.
Point plain_term(const BucketTerm& term, const Words& x) {
  Affine<C> at;
  lift_x(at, x, false);
  Point sum;
  for (usize part = 0; part < 2; ++part) {
    Point product = multiply_plain<C>({term.part[part][0], term.part[part][1], 0, 0}, at);
    if ((term.negative >> part & 1) != 0) negate(product, product);
    add(sum, sum, product);
    F::mul(at.x, at.x, C::beta());
  }
  return sum;
}

bool is_difference_zero(const Point& a, const Point& b) {
  Point difference;
  negate(difference, b);
  add(difference, difference, a);
  return difference.infinity;
}

// A kernel that is right about these is used: x of points and of none, whole and half terms of all signs with digits at
// their ends, a point in a bucket that begins with it.
bool known_answers(const BucketKernel& kernel) {
  const BucketOffset offset(kKnownOffset);
  const BucketSum lanes(kernel, offset);
  u64 xs[kKnown][4] = {};
  for (usize i = 0; i < kKnown; ++i) {
    for (usize w = 0; w < 4; ++w) xs[i][w] = i < 3 ? (w == 0 ? i + 1 : 0) : 0x9E3779B97F4A7C15 * (i + 1) * (w + 3);
  }
  LiftedPoint points[kKnown];
  lanes.lift(points, xs);
  BucketTerm terms[kKnown];
  usize count = 0;
  const Words base = kKnownOffset;
  Point expected = multiply_plain<C>(base, {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)});
  for (usize i = 0; i < kKnown; ++i) {
    const Words x = {xs[i][0], xs[i][1], xs[i][2], xs[i][3]};
    if (!same_lifted(points[i], x)) return false;
    if (points[i].is_point == 0) continue;
    const u64 noise = 0xD1B54A32D192ED03 * (i + 7);
    const u64 part = i % 4 == 1 ? ~u64{0} : noise;
    BucketTerm& term = terms[count++];
    term = {&points[i], {{part, (kBucketPartTop << 56) - 1}, {noise, noise >> 2}}, static_cast<u8>(i % 4), i % 3 == 0};
    if (term.half) term = {&points[i], {{part >> 1, 0}, {u64{1} << 63, 0}}, static_cast<u8>(i % 4), true};
    add(expected, expected, plain_term(term, x));
  }
  Point sum;
  for (const u32 width : {kBucketWidthMin, u32{7}, kBucketWidthMax}) {
    if (!lanes.sum(sum, base, {terms, count}, width) || !is_difference_zero(sum, expected)) return false;
  }
  const BucketOffset generator({1, 0, 0, 0});
  const u64 generator_x[1][4] = {{C::kGeneratorX[0], C::kGeneratorX[1], C::kGeneratorX[2], C::kGeneratorX[3]}};
  lanes.lift(points, generator_x);
  const BucketTerm special = {&points[0], {{1, 0}, {}}, 0, false};
  return !BucketSum(kernel, generator).sum(sum, {}, {&special, 1}, kBucketWidthMin);
}

// The last row needs nothing: here it is no kernel at all, and rows go through scalar code.
bool test(const BucketKernel* kernel) { return kernel == nullptr || known_answers(*kernel); }

// count_min: BIP340 rows with different keys, 2026-11 on a Zen 4 (EPYC), GCC 12, in microseconds per row by themselves
// / by one equation. IFMA: 16 rows 7.7 / 8.9, 17 rows (they begin a third vector) 10.4 / 8.9, 24 rows 7.5 / 7.7, 32
// rows 7.4 / 7.0, 64 rows 7.2 / 6.9, 256 rows 7.3 / 4.9, 1,024 rows 7.5 / 4.4. AVX-512: 16 rows 13.0 / 13.0, 17 rows
// 17.6 / 13.2, 24 rows 12.6 / 11.5, 64 rows 12.0 / 9.6, 256 rows 12.1 / 7.2, 1,024 rows 12.4 / 6.3. AVX2: 8 rows
// 23.9 / 28.8, 16 rows 23.0 / 22.1, 64 rows 22.3 / 16.6, 256 rows 22.9 / 12.7, 1,024 rows 23.2 / 10.8.
constexpr cpu::Row<const BucketKernel*> kRows[] = {
#if defined(__x86_64__)
    {"ifma", cpu::kWide512 | cpu::kIfma, 8, 17, &ifma::bucket_sum},
    {"avx512", cpu::kWide512, 8, 17, &avx512::bucket_sum},
    {"avx2", cpu::kWide256, 4, 16, &avx2::bucket_sum},
#elif defined(__aarch64__)
    {"neon", cpu::kNeon, 2, 16, &neon::bucket_sum},
#endif
    {"base", cpu::kNone, 1, 1, nullptr},
};

const cpu::Choice<const BucketKernel*, std::size(kRows)>& choice() {
  static const cpu::Choice value("bucket_sum_secp256k1", kRows, test);
  return value;
}

}  // namespace

void append_bucket_sum_reports(bool again, std::vector<cpu::Report>& out) { out.push_back(choice().report(again)); }

BucketOffset::BucketOffset(const Words& t) : scalar(Scalar::from_constant(t)) {
  Point p = multiply_plain<C>(t, {F::from_constant(C::kGeneratorX), F::from_constant(C::kGeneratorY)});
  write_point(points.once, p);
  double_point(p, p);
  write_point(points.twice, p);
}

const BucketOffset* BucketOffset::secret() {
  struct Drawn {
    std::unique_ptr<const BucketOffset> offset;
  };
  static constinit std::atomic<const Drawn*> drawn = nullptr;
  const Drawn& one = made_once(drawn, [] {
    Words t = {};
    // The kernel's generator (getrandom); it fails only where the system call is missing.
    const bool random = getentropy(t.data(), sizeof t) == 0;
    t = Scalar::to_words(Scalar::from_words_reduced(t));
    const bool usable = random && !field::is_zero_words(t);
    return std::unique_ptr<const Drawn>(new Drawn{usable ? std::make_unique<const BucketOffset>(t) : nullptr});
  });
  return one.offset.get();
}

u32 BucketSum::count_min() {
  if (choice().best() == nullptr || BucketOffset::secret() == nullptr) return 0;
  return choice().best_row().count_min;
}

BucketSum::BucketSum() : BucketSum(*choice().best(), *BucketOffset::secret()) {}

BucketSum::BucketSum(const BucketKernel& kernel, const BucketOffset& offset)
    : kernel_(kernel), offset_(offset), workspace_(::operator new(kernel.workspace, std::align_val_t(64))) {}

void BucketSum::lift(LiftedPoint* out, std::span<const u64[4]> xs) const { kernel_.lift(out, xs.data(), xs.size()); }

bool BucketSum::sum(Point& r, const Words& base, std::span<const BucketTerm> terms, u32 width) const {
  ISTHMUS_CHECK(terms.size() <= kBucketTermsMax);
  if (width == 0) {
    usize whole = 0;
    for (const BucketTerm& term : terms) whole += term.half ? 0 : 1;
    width = kernel_.best_width(whole, terms.size() - whole);
  }
  BucketWindow windows[kBucketWindowsMax];
  const u32 count = kernel_.sums(windows, terms.data(), terms.size(), width, offset_.points, workspace_.get());
  Point points[kBucketWindowsMax];
  for (u32 w = 0; w < count; ++w) {
    if (!read_window(points[w], windows[w])) return false;
  }
  Scalar rest = offset_count({windows, count}, width);
  Scalar::mul(rest, rest, offset_.scalar);
  Scalar::sub(rest, Scalar::from_constant(base), rest);
  add_up(r, Scalar::to_words(rest), {points, count}, width);
  return true;
}

}  // namespace isthmus::curve
