// BIP340 Schnorr verification over secp256k1, rows n at a time.
//
// What `secp256k1-bip340` accepts (vector by vector: tests/accept/secp256k1_bip340.toml):
//   key  32 bytes, the x below p of a point P; its even y is meant
//   sig  64 bytes r || s with r < p and s < n; longer ones (a hash-type byte behind) are the caller's to strip
//   msg  any length
//   R = s G - e P is not infinity, R.x = r, R.y even; e = SHA-256 tagged "BIP0340/challenge" of r || key || msg, mod n
//
// Where lanes are at hand, sig/schnorr_bip340_lanes.cpp takes all but the smallest batches. Else rows are checked one
// by one with shared inversions or, where that is measured to be faster, by one equation for many:
//   sum a_i s_i G = sum a_i R_i + sum a_i e_i P_i,  R_i the even point with x = r_i
// with a_i = b_i + c_i lambda for random 64-bit b_i, c_i; why that is right stands in that file, too. A false equation
// is halved, and its bad rows are named one by one. Cost per row: one by one a square root and one double
// multiplication; in an equation two square roots, two tables of odd multiples and 64 additions, doublings shared.
#include <unistd.h>

#include <memory>
#include <new>

#include "base/made_once.hpp"
#include "curve/decode.hpp"
#include "curve/secp256k1.hpp"
#include "curve/strauss.hpp"
#include "hash/sha256.hpp"
#include "sig/schnorr_bip340.hpp"

namespace isthmus::sig {
namespace {

using field::Words;
using C = curve::Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using Point = curve::Jacobian<C>;
using Table = curve::OddMultiples<C>;
using Term = curve::Term<C>;

constexpr usize kChunk = 32;       // rows that share inversions when checked one by one
constexpr usize kEquation = 64;    // rows of one equation at most
constexpr usize kEquationMin = 3;  // fewer are faster one by one (measured)
constexpr usize kTermsPerRow = 4;  // b R, c lambda R, and both halves of a e P
constexpr usize kColumns = kTermsPerRow * kEquation;

// A row after parsing.
struct Parsed {
  usize row;  // where the answer goes
  Words r;
  Scalar s;
  Scalar e;
  curve::Affine<C> key;
};

const hash::Sha256& challenge_state() {
  static constinit std::atomic<const hash::Sha256*> state = nullptr;
  return made_once(state,
                   [] { return std::make_unique<const hash::Sha256>(hash::sha256_tagged("BIP0340/challenge")); });
}

// False iff an encoding or range rule refuses the row.
bool parse_row(Parsed& out, const Row& row) {
  bip340::Signature one;
  if (!bip340::read_signature(one, row) || !curve::lift_x(out.key, one.key, false)) return false;
  out.r = one.r;
  out.s = one.s;
  out.e = one.e;
  return true;
}

// One by one: rows[0, count), count <= kChunk, with the tables of their keys.
void verify_singly(const Parsed* rows, const Table* tables, usize count, u8* ok) {
  Point points[kChunk];
  F z[kChunk], scratch[kChunk];
  usize finite[kChunk], finite_count = 0;
  for (usize i = 0; i < count; ++i) {
    Scalar minus_e;
    Scalar::neg(minus_e, rows[i].e);
    curve::base_and_key(points[i], Scalar::to_words(rows[i].s), Scalar::to_words(minus_e), tables[i]);
    ok[rows[i].row] = 0;
    // x decides nearly every false row without a share in the inversion.
    if (points[i].infinity || !curve::has_x(points[i], F::from_constant(rows[i].r))) continue;
    z[finite_count] = points[i].z;
    finite[finite_count++] = i;
  }
  field::invert_all(z, scratch, finite_count);
  for (usize k = 0; k < finite_count; ++k) {
    curve::Affine<C> point;
    curve::to_affine(point, points[finite[k]], z[k]);
    ok[rows[finite[k]].row] = F::is_odd(point.y) ? 0 : 1;
  }
}

// Working memory of equations; on the heap, because a thread's stack may be as small as 128 KiB.
struct Equation {
  Parsed rows[kEquation];
  usize count = 0;
  curve::Affine<C> points[2 * kEquation];  // keys, then nonce points
  Table tables[2 * kEquation];
  F scratch[4 * kEquation];
  Words coefficients[kEquation];  // b in word 0, c in word 1
  Scalar base[kEquation];         // a s
  Term terms[kColumns];
  curve::Digit digits[(C::kSteps + 1) * kColumns];
};

// Keeps the rows whose r is an x coordinate, with the point R in `points` behind the keys; the others are false.
void lift_nonces(Equation& q, u8* ok) {
  usize kept = 0;
  for (usize i = 0; i < q.count; ++i) {
    ok[q.rows[i].row] = 0;
    if (!curve::lift_x(q.points[kEquation + kept], q.rows[i].r, false)) continue;
    if (kept != i) q.rows[kept] = q.rows[i];
    q.points[kept] = q.rows[kept].key;
    ++kept;
  }
  q.count = kept;
  for (usize i = 0; i < kept; ++i) q.points[kept + i] = q.points[kEquation + i];
}

// Coefficients from the system's random source and the whole transcript; false iff the source does not answer.
bool draw_coefficients(Equation& q) {
  u8 bytes[32];
  // The kernel's generator (getrandom); it fails only where the system call is missing.
  if (getentropy(bytes, sizeof bytes) != 0) return false;
  hash::Sha256 transcript;
  transcript.update(Bytes(bytes, 32));
  // e stands for r, key and message (it is their hash), but r, s and key are cheap enough to be taken as they are.
  for (usize i = 0; i < q.count; ++i) {
    for (const Words& words :
         {q.rows[i].r, Scalar::to_words(q.rows[i].s), Scalar::to_words(q.rows[i].e), F::to_words(q.rows[i].key.x)}) {
      field::words_to_be(bytes, words);
      transcript.update(Bytes(bytes, 32));
    }
  }
  u8 seed[32];
  transcript.finish(seed);
  for (usize i = 0; i < q.count; ++i) {
    u8 index[4];
    store_le32(index, static_cast<u32>(i));
    hash::Sha256 state;
    state.update(Bytes(seed, 32));
    state.update(Bytes(index, 4));
    state.finish(bytes);
    q.coefficients[i] = {load_le64(bytes), load_le64(bytes + 8), 0, 0};
    if (field::is_zero_words(q.coefficients[i])) q.coefficients[i][0] = 1;  // zero would not look at the row
  }
  return true;
}

// Terms and digits of every row's part: a s G - a R - a e P.
void lay_out(Equation& q) {
  memset(q.digits, 0, sizeof q.digits);
  const Scalar lambda = Scalar::from_constant(C::kLambda);
  for (usize i = 0; i < q.count; ++i) {
    const Words b = {q.coefficients[i][0], 0, 0, 0}, c = {q.coefficients[i][1], 0, 0, 0};
    Scalar a, minus_ae;
    Scalar::mul(a, Scalar::from_constant(c), lambda);
    Scalar::add(a, a, Scalar::from_constant(b));
    Scalar::mul(q.base[i], a, q.rows[i].s);
    Scalar::mul(minus_ae, a, q.rows[i].e);
    Scalar::neg(minus_ae, minus_ae);
    Term* terms = q.terms + kTermsPerRow * i;
    curve::Digit* digits = q.digits + kTermsPerRow * i;
    const Table& nonce = q.tables[q.count + i];
    curve::signed_digits(digits, kColumns, b, 0, 64, C::kKeyWindow);
    curve::signed_digits(digits + 1, kColumns, c, 0, 64, C::kKeyWindow);
    terms[0] = {&nonce, false, true};
    terms[1] = {&nonce, true, true};
    curve::key_terms<C>(terms + 2, digits + 2, kColumns, q.tables[i], Scalar::to_words(minus_ae));
  }
}

// The sum of the parts of rows [first, last): infinity iff all of them hold, up to a chance of 2^-128.
void sum_rows(Point& sum, const Equation& q, usize first, usize last) {
  Scalar base = Scalar::zero();
  for (usize i = first; i < last; ++i) Scalar::add(base, base, q.base[i]);
  const std::span<const Term> terms(q.terms + kTermsPerRow * first, kTermsPerRow * (last - first));
  curve::straus<C>(sum, Scalar::to_words(base), terms, q.digits + kTermsPerRow * first, kColumns);
}

void accept_rows(const Equation& q, usize first, usize last, u8* ok) {
  for (usize i = first; i < last; ++i) ok[q.rows[i].row] = 1;
}

void check_rows_singly(const Equation& q, usize first, usize last, u8* ok) {
  for (; first < last; first += kChunk) {
    const usize count = last - first < kChunk ? last - first : kChunk;
    verify_singly(q.rows + first, q.tables + first, count, ok);
  }
}

// Names the false rows. A false range is halved; the right half's sum is what the left half's leaves of the whole.
// While one half holds, the other goes on being halved; when both are false, or few rows are left, each row is checked
// alone. So a hostile batch costs at most two equations (1 + 1/2 + 1/4 + ...) and one check per row.
void settle_rows(const Equation& q, u8* ok) {
  usize first = 0, last = q.count;
  Point sum;
  sum_rows(sum, q, first, last);
  while (!sum.infinity) {
    if (last - first <= kEquationMin) return check_rows_singly(q, first, last, ok);
    const usize middle = first + (last - first) / 2;
    Point left, rest;
    sum_rows(left, q, first, middle);
    curve::negate(rest, left);
    curve::add(rest, rest, sum);
    if (left.infinity) {
      accept_rows(q, first, middle, ok);
      first = middle;
      sum = rest;
    } else if (rest.infinity) {
      accept_rows(q, middle, last, ok);
      last = middle;
      sum = left;
    } else {
      return check_rows_singly(q, first, last, ok);
    }
  }
  accept_rows(q, first, last, ok);
}

void flush_singly(Parsed* rows, usize count, u8* ok) {
  curve::Affine<C> keys[kChunk];
  Table tables[kChunk];
  F scratch[2 * kChunk];
  for (usize i = 0; i < count; ++i) keys[i] = rows[i].key;
  if (count == 0) return;
  curve::odd_multiples(tables, keys, count, scratch);
  verify_singly(rows, tables, count, ok);
}

void flush_equation(Equation& q, u8* ok) {
  usize done = 0;
  if (q.count >= kEquationMin && draw_coefficients(q)) {
    lift_nonces(q, ok);
    if (q.count == 0) return;
    curve::odd_multiples(q.tables, q.points, 2 * q.count, q.scratch);
    lay_out(q);
    settle_rows(q, ok);
    done = q.count;
  }
  for (; done < q.count; done += kChunk) {
    flush_singly(q.rows + done, q.count - done < kChunk ? q.count - done : kChunk, ok);
  }
  q.count = 0;
}

}  // namespace

bool bip340::read_signature(Signature& out, const Row& row) {
  if (row.sig_len != 64 || row.key_len != 32) return false;
  out.key = field::words_from_be(row.key);
  if (!field::less_words(out.key, F::kModulus)) return false;
  out.r = field::words_from_be(row.sig);
  if (!field::less_words(out.r, F::kModulus)) return false;
  if (!Scalar::from_words(out.s, field::words_from_be(row.sig + 32))) return false;
  u8 digest[32];
  hash::Sha256 state = challenge_state();
  state.update(Bytes(row.sig, 32));
  state.update(Bytes(row.key, 32));
  state.update(Bytes(row.msg, static_cast<usize>(row.msg_len)));
  state.finish(digest);
  out.e = Scalar::from_words_reduced(field::words_from_be(digest));
  return true;
}

void verify_secp256k1_bip340(std::span<const Row> rows, u8* ok, const Context& context) {
  const u32 lanes_min = bip340::lanes_count_min();
  if (lanes_min != 0 && rows.size() >= lanes_min) return bip340::verify_in_lanes(rows, ok, context.known);
  for (usize i = 0; i < rows.size(); ++i) ok[i] = 0;
  // Without memory for equations the answers are the same, only later.
  std::unique_ptr<Equation> equation;
  if (rows.size() >= kEquationMin) equation.reset(new (std::nothrow) Equation);
  Parsed few[kEquationMin];
  usize few_count = 0;
  for (usize i = 0; i < rows.size(); ++i) {
    Parsed& place = equation ? equation->rows[equation->count] : few[few_count];
    if (!parse_row(place, rows[i])) continue;
    place.row = i;
    if (equation) {
      if (++equation->count == kEquation) flush_equation(*equation, ok);
    } else if (++few_count == kEquationMin) {
      flush_singly(few, few_count, ok);
      few_count = 0;
    }
  }
  if (equation) flush_equation(*equation, ok);
  flush_singly(few, few_count, ok);
}

}  // namespace isthmus::sig
