// Rows, choice and B's multiples of the lanes of edwards25519; see ed25519_lanes.hpp.
#include "curve/ed25519_lanes.hpp"

#include "base/check.hpp"
#include "base/made_once.hpp"
#include "cpu/row.hpp"
#include "curve/ed25519_report.hpp"
#include "curve/ed25519_sum.hpp"
#include "field/fe25519_chains.hpp"
#include "field/sc25519.hpp"

namespace isthmus::curve {
namespace {

using field::Fe25519;
using field::Sc25519;

// 0, B, 2B, ..., 128B, made at first use by the C++ rule for static locals (below a millisecond; other threads wait).
struct BaseMultiples {
  Ed25519Row rows[kEd25519BaseMultiples];

  BaseMultiples() {
    // Montgomery's trick, as in settle_singly of sig/ed25519.cpp.
    Ed25519Point points[kEd25519BaseMultiples];
    Fe25519 before[kEd25519BaseMultiples];
    Ed25519Point at = kEd25519Identity;
    Fe25519 product = field::kFe25519One;
    for (usize i = 0; i < kEd25519BaseMultiples; ++i) {
      points[i] = at;
      before[i] = product;
      product = mul(product, at.Z);
      at = to_extended(plus(at, kEd25519BaseTable[0]));
    }
    Fe25519 inverse = field::invert(product);
    for (usize i = kEd25519BaseMultiples; i-- > 0;) {
      const Fe25519 z_inverse = mul(inverse, before[i]);
      inverse = mul(inverse, points[i].Z);
      fill(rows[i], mul(points[i].X, z_inverse), mul(points[i].Y, z_inverse));
    }
  }

  // Canonical limbs are tight in lanes too.
  static void fill(Ed25519Row& row, const Fe25519& x, const Fe25519& y) {
    const Fe25519 sum = canonical(add(y, x)), difference = canonical(sub(y, x));
    const Fe25519 xy2d = canonical(mul(mul(x, y), kEd25519D2));
    memcpy(row.sum, sum.limb, sizeof row.sum);
    memcpy(row.difference, difference.limb, sizeof row.difference);
    memcpy(row.xy2d, xy2d.limb, sizeof row.xy2d);
    row.is_point = ~u64{0};
  }
};

const BaseMultiples& base_multiples() {
  static constinit std::atomic<const BaseMultiples*> multiples = nullptr;
  return made_once(multiples, [] { return std::make_unique<const BaseMultiples>(); });
}

Ed25519Point point_of(const Ed25519Limbs& limbs) {
  Ed25519Point p;
  memcpy(p.X.limb, limbs[0], sizeof p.X.limb);
  memcpy(p.Y.limb, limbs[1], sizeof p.Y.limb);
  memcpy(p.Z.limb, limbs[2], sizeof p.Z.limb);
  memcpy(p.T.limb, limbs[3], sizeof p.T.limb);
  return p;
}

// ---- known answers ----

constexpr usize kKnown = 19;  // no whole number of vectors of either size

// Points of order L, 8 and 8 L, encodings that only ZIP 215 takes, and bytes that are no point.
void known_encodings(Ed25519Encoding (&out)[kKnown]) {
  const Ed25519Encoding order8 = {{0x4fd84d3d706a17c7, 0x670d760d0b3cba3c, 0xcc9c2cfa53202a0f, 0x7a03ac9277fdc74e}};
  Ed25519Point torsion = kEd25519Identity, at = kEd25519Identity;
  u8 bytes[32];
  memcpy(bytes, order8.word, sizeof bytes);
  decode_ed25519(torsion, bytes, PointRule::zip215);
  for (usize i = 0; i < kKnown; ++i) {
    encode_ed25519(bytes, to_projective(at), field::invert(at.Z));
    memcpy(out[i].word, bytes, sizeof bytes);
    if (i % 2 == 0) out[i].word[3] ^= u64{1} << 63;
    at = to_extended(plus(at, kEd25519BaseTable[i]));
    if (i % 3 == 0) at = to_extended(plus(at, to_cached(torsion, kEd25519D2)));
  }
  out[3] = {{2, 0, 0, 0}};
  out[5] = {{~u64{0} - 18, ~u64{0}, ~u64{0}, ~u64{0}}};  // y = p
  out[9] = {{~u64{0} - 19, ~u64{0}, ~u64{0}, ~u64{0}}};  // y = -1
}

bool same_encoding(const Ed25519Point& p, const Ed25519Encoding& encoding) {
  u8 bytes[32];
  encode_ed25519(bytes, to_projective(p), field::invert(p.Z));
  return memcmp(bytes, encoding.word, sizeof bytes) == 0;
}

bool same_row(const Ed25519Point& p, const Ed25519Row& row) {
  Ed25519Row expected;
  BaseMultiples::fill(expected, p.X, p.Y);
  const auto equal_limbs = [](const u64(&a)[5], const u64(&b)[5]) {
    return equal(Fe25519{{a[0], a[1], a[2], a[3], a[4]}}, Fe25519{{b[0], b[1], b[2], b[3], b[4]}});
  };
  return equal_limbs(row.sum, expected.sum) && equal_limbs(row.difference, expected.difference) &&
         equal_limbs(row.xy2d, expected.xy2d) && row.is_point == ~u64{0};
}

Sc25519 known_scalar(u64 seed, bool half) {
  u8 bytes[64];
  for (usize i = 0; i < 8; ++i) store_le64(bytes + 8 * i, (seed + 1) * (i + 3) * 0x9E3779B97F4A7C15);
  return half ? field::sc_from_half(bytes) : field::sc_reduce(bytes);
}

// A kernel that is right about these is used.
bool known_answers(const Ed25519Kernel& kernel) {
  const Ed25519Lanes lanes(kernel);
  Ed25519Encoding encodings[kKnown];
  known_encodings(encodings);
  Ed25519Row rows[kKnown];
  lanes.decode(rows, encodings);
  Ed25519Term terms[kKnown];
  Ed25519Product products[kKnown];
  Ed25519Table tables[kKnown];
  Ed25519Encoding results[kKnown];
  Ed25519Sum sum;
  usize count = 0;
  for (usize i = 0; i < kKnown; ++i) {
    Ed25519Point p;
    const bool is_point = decode_ed25519(p, reinterpret_cast<const u8*>(encodings[i].word), PointRule::zip215);
    if (is_point != (rows[i].is_point != 0)) return false;
    if (!is_point) continue;
    if (!same_row(p, rows[i])) return false;
    tables[count].fill(p);
    const bool half = i % 2 == 1;
    const Sc25519 factor = known_scalar(i, half), other = known_scalar(i + 100, false);
    terms[count] = {&rows[i], {factor.word[0], factor.word[1], factor.word[2], factor.word[3]}, half};
    if (half) terms[count].factor[1] >>= 2;  // in the range that half factors have
    sum.add_term({{terms[count].factor[0], terms[count].factor[1], factor.word[2], factor.word[3]}}, tables[count]);
    products[count] = {&rows[i], {}, {}};
    memcpy(products[count].base, factor.word, sizeof factor.word);
    memcpy(products[count].factor, other.word, sizeof other.word);
    ++count;
  }
  const Ed25519Point expected = to_extended(sum.total());
  for (const u32 width : {5, 8}) {
    const Ed25519Point got = lanes.sum({terms, count}, width);
    if (!is_identity(to_projective(minus(expected, to_cached(got, kEd25519D2))))) return false;
  }
  lanes.products(results, {products, count});
  for (usize i = 0; i < count; ++i) {
    Sc25519 base, factor;
    memcpy(base.word, products[i].base, sizeof base.word);
    memcpy(factor.word, products[i].factor, sizeof factor.word);
    sum.clear();
    sum.add_base(base);
    sum.take_term(factor, tables[i]);
    if (!same_encoding(to_extended(sum.total()), results[i])) return false;
  }
  return true;
}

// The last row needs nothing: here it is no kernel at all, and rows go through scalar code.
bool test(const Ed25519Kernel* kernel) { return kernel == nullptr || known_answers(*kernel); }

constexpr cpu::Row<const Ed25519Kernel*> kRows[] = {
#if defined(__x86_64__)
    {"ifma", cpu::kWide512 | cpu::kIfma, 8, 2, &ifma::ed25519},
    {"avx512", cpu::kWide512, 8, 4, &avx512::ed25519},
    {"avx2", cpu::kWide256, 4, 2, &avx2::ed25519},
#elif defined(__aarch64__)
    {"neon", cpu::kNeon, 2, 2, &neon::ed25519},
#endif
    {"base", cpu::kNone, 1, 1, nullptr},
};

const cpu::Choice<const Ed25519Kernel*, std::size(kRows)>& choice() {
  static const cpu::Choice value("ed25519", kRows, test);
  return value;
}

}  // namespace

void append_ed25519_reports(bool again, std::vector<cpu::Report>& out) { out.push_back(choice().report(again)); }

u32 Ed25519Lanes::count_min() { return choice().best() == nullptr ? 0 : choice().best_row().count_min; }

Ed25519Lanes::Ed25519Lanes() : Ed25519Lanes(*choice().best()) {}

Ed25519Lanes::Ed25519Lanes(const Ed25519Kernel& kernel)
    : kernel_(kernel), workspace_(::operator new(kernel.workspace, std::align_val_t(64))) {}

const Ed25519Row& Ed25519Lanes::base_point() { return base_multiples().rows[1]; }

void Ed25519Lanes::decode(Ed25519Row* out, std::span<const Ed25519Encoding> encodings) const {
  kernel_.decode(out, encodings.data(), encodings.size());
}

// Horner's rule over the windows.
Ed25519Point Ed25519Lanes::sum(std::span<const Ed25519Term> terms, u32 width) const {
  ISTHMUS_CHECK(terms.size() <= kEd25519TermsMax);
  if (width == 0) {
    usize whole = 0;
    for (const Ed25519Term& term : terms) whole += term.half ? 0 : 1;
    width = kernel_.best_width(whole, terms.size() - whole);
  }
  Ed25519Limbs windows[kEd25519Windows];
  const u32 count = kernel_.sums(windows, terms.data(), terms.size(), width, workspace_.get());
  Ed25519Point total = point_of(windows[count - 1]);
  for (u32 w = count - 1; w-- > 0;) {
    Projective<Fe25519> p = to_projective(total);
    for (u32 i = 1; i < width; ++i) p = to_projective(twice(p));
    total = to_extended(plus(to_extended(twice(p)), to_cached(point_of(windows[w]), kEd25519D2)));
  }
  return total;
}

void Ed25519Lanes::products(Ed25519Encoding* out, std::span<const Ed25519Product> rows) const {
  for (usize first = 0; first < rows.size(); first += kEd25519Block) {
    const usize left = rows.size() - first;
    kernel_.products(out + first, rows.data() + first, left < kEd25519Block ? left : kEd25519Block,
                     base_multiples().rows, workspace_.get());
  }
}

}  // namespace isthmus::curve
