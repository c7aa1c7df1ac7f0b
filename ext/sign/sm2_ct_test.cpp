// Points and signatures of SM2: small multiples and special cases, the example of GB/T 32918.5, known answers that a
// second implementation gave, every reason to refuse a nonce, and what is left of a secret on the stack.
#include "sign/sm2_ct.hpp"

#include <doctest/doctest.h>
#include <pthread.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "field/slow_int_test.hpp"
#include "sign/sm2_digest.hpp"

namespace isthmus::sign {
namespace {

Words number(std::string_view hex) {
  Words a = {};
  for (const char c : hex) {
    const u64 digit = static_cast<u64>(c <= '9' ? c - '0' : c - 'a' + 10);
    for (usize i = 4; i-- > 1;) a[i] = a[i] << 4 | a[i - 1] >> 60;
    a[0] = a[0] << 4 | digit;
  }
  return a;
}

struct Bytes32 {
  u8 byte[32];
};

Bytes32 bytes_of(const Words& a) {
  Bytes32 out;
  field::words_to_be(out.byte, a);
  return out;
}

bool same(const PointSm2& p, const PointSm2& q) {
  const u64 infinite = p.z.is_zero() + q.z.is_zero();
  if (infinite != 0) return infinite == 2;
  return (p.x * q.z - q.x * p.z).is_zero() == 1 && (p.y * q.z - q.y * p.z).is_zero() == 1;
}

bool on_curve(const PointSm2& p) {
  // Y^2 Z = X^3 - 3 X Z^2 + b Z^3
  const FeSm2 zz = p.z * p.z, b = FeSm2::from_words(curve::Sm2::kB), xzz = p.x * zz;
  return (p.y * p.y * p.z - (p.x * p.x * p.x - (xzz + xzz + xzz) + b * zz * p.z)).is_zero() == 1;
}

PointSm2 opposite(const PointSm2& p) { return {p.x, FeSm2() - p.y, p.z}; }

// The same point with other coordinates.
PointSm2 stretched(const PointSm2& p, u64 factor) {
  const FeSm2 f = FeSm2::from_words({factor, 0, 0, 0});
  return {p.x * f, p.y * f, p.z * f};
}

bool has_affine(const PointSm2& p, std::string_view x, std::string_view y) {
  Words px, py;
  affine_ct(px, py, p);
  return px == number(x) && py == number(y);
}

Words times_mod_n(const Words& a, const Words& b) {
  return (field::SlowInt(a) * field::SlowInt(b)).mod(ScSm2::kModulus);
}

Words minus_mod_n(const Words& a, const Words& b) {
  Words minus = {};
  field::sub_words(minus, ScSm2::kModulus, b);
  return (field::SlowInt(a) + field::SlowInt(minus)).mod(ScSm2::kModulus);
}

// The equation of GB/T 32918.2 section 7.1: (e + x(s G + (r + s) P)) = r mod n, with P = d G: s + (r + s) d times G.
bool verifies(const Words& d, const Words& e, const Words& r, const Words& s) {
  const Words& n = ScSm2::kModulus;
  if (field::is_zero_words(r) || field::is_zero_words(s) || !field::less_words(r, n) || !field::less_words(s, n))
    return false;
  const Words t = (field::SlowInt(r) + field::SlowInt(s)).mod(n);
  if (field::is_zero_words(t)) return false;
  const Words scalar = (field::SlowInt(s) + field::SlowInt(times_mod_n(t, d))).mod(n);
  Words x, y;
  affine_ct(x, y, multiply_generator_ct(scalar));
  return (field::SlowInt(e) + field::SlowInt(x)).mod(n) == r;
}

// GB/T 32918.5, annex A.2: secret, nonce, e, r, s.
const Words kSecret = number("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
const Words kNonce = number("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
const Words kE = number("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
constexpr std::string_view kR = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3";
constexpr std::string_view kS = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";

// Gives the listed nonces, then zeros.
struct Listed {
  std::vector<Words> nonces;
  usize used = 0;
  void next(Words& k) {
    k = used < nonces.size() ? nonces[used] : Words{};
    ++used;
  }
};

}  // namespace

TEST_CASE("sm2: multiples of the generator") {
  // tools/derive_sm2_sign.py prints these.
  const PointSm2 g = generator_sm2();
  CHECK(has_affine(add_ct(g, g), "56cefd60d7c87c000d58ef57fa73ba4d9c0dfa08c08a7331495c2e1da3f2bd52",
                   "31b7e7e6cc8189f668535ce0f8eaf1bd6de84c182f6c8e716f780d3a970a23c3"));
  CHECK(has_affine(multiply_generator_ct({3, 0, 0, 0}),
                   "a97f7cd4b3c993b4be2daa8cdb41e24ca13f6bd945302244e26918f1d0509ebf",
                   "530b5dd88c688ef5ccc5cec08a72150f7c400ee5cd045292aaacdd037458f6e6"));
  CHECK(has_affine(multiply_generator_ct({15, 0, 0, 0}),
                   "f73b839f13912c1a3291676c38d393243b424f35f0ecce4c461b1bbcb80f829c",
                   "32ec7722695dc7cf5ee9fab985c12455dc2e788fb170aa144c3533771db0955e"));
  CHECK(has_affine(multiply_generator_ct({16, 0, 0, 0}),
                   "35648233f554ae51bbce44ef5db3e419ea133cd248a93e2555645bbc8704fb68",
                   "04d7ac60f6d975ef6117bca9ce885dd6154b1870a6a651664411a9a30eca2046"));
  CHECK(has_affine(multiply_generator_ct({17, 0, 0, 0}),
                   "dd18aa4aec26eac41c993f01115c57f7bf5113ab85b5ed4436969f8b77125e6a",
                   "161e5851969da8223361493f76fac50f6cce6001d7c0b853e0180d54d4ae2221"));
  PointSm2 sum = infinity_sm2();
  for (u64 k = 0; k < 70; ++k) {
    CHECK(same(multiply_generator_ct({k, 0, 0, 0}), sum));
    CHECK(on_curve(sum));
    sum = add_ct(sum, g);
  }
  Words below = {};
  field::sub_words(below, ScSm2::kModulus, {1, 0, 0, 0});
  CHECK(same(multiply_generator_ct(below), opposite(g)));
  CHECK(multiply_generator_ct(ScSm2::kModulus).z.is_zero() == 1);
  CHECK(multiply_generator_ct({}).z.is_zero() == 1);
  // Digits of all ones, and above the order.
  const u64 ones = ~u64{0};
  const Words top = {ones, ones, ones, ones};
  CHECK(same(multiply_generator_ct(top), multiply_generator_ct(field::SlowInt(top).mod(ScSm2::kModulus))));
}

TEST_CASE("sm2: additions that other formulas must treat apart") {
  field::TestNoise noise(29);
  const PointSm2 none = infinity_sm2();
  CHECK(same(add_ct(none, none), none));
  CHECK(same(double_ct(none), none));
  CHECK(on_curve(none));
  for (int i = 0; i < 40; ++i) {
    const PointSm2 p = multiply_generator_ct(noise.words()), q = multiply_generator_ct(noise.jagged());
    const PointSm2 again = stretched(p, 2 + noise.below(1000)), nothing = stretched(none, 2 + noise.below(1000));
    CHECK(on_curve(p));
    CHECK(same(add_ct(p, p), double_ct(p)));
    CHECK(same(add_ct(p, again), double_ct(again)));
    CHECK(same(add_ct(p, opposite(again)), none));
    CHECK(same(add_ct(p, nothing), p));
    CHECK(same(add_ct(nothing, p), again));
    CHECK(same(add_ct(p, q), add_ct(q, again)));
    CHECK(same(add_ct(add_ct(p, q), opposite(q)), p));
    CHECK_FALSE(same(add_ct(p, q), p));
  }
}

TEST_CASE("sm2: k G is a homomorphism") {
  field::TestNoise noise(31);
  for (int i = 0; i < 200; ++i) {
    const Words a = noise.jagged(), b = noise.words();
    const Words sum = (field::SlowInt(a) + field::SlowInt(b)).mod(ScSm2::kModulus);
    CHECK(same(add_ct(multiply_generator_ct(a), multiply_generator_ct(b)), multiply_generator_ct(sum)));
  }
}

TEST_CASE("sm2: the example of GB/T 32918.5") {
  Words r, s;
  REQUIRE(try_sign_sm2_ct(r, s, kSecret, kE, kNonce) == 1);
  CHECK(r == number(kR));
  CHECK(s == number(kS));
  u8 key[65];
  REQUIRE(public_sm2_ct(key, bytes_of(kSecret).byte) == Sm2Status::ok);
  CHECK(key[0] == 4);
  CHECK(field::words_from_be(key + 1) == number("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"));
  CHECK(field::words_from_be(key + 33) == number("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"));
  const auto text = [](std::string_view words) {
    return Bytes(reinterpret_cast<const u8*>(words.data()), words.size());
  };
  u8 e[32];
  sm2_digest(e, key, text("1234567812345678"), text("message digest"));
  CHECK(field::words_from_be(e) == kE);
}

TEST_CASE("sm2: nonces and signatures of a second implementation") {
  // Python's hmac and integers; tests/unit/test_signing.py computes such answers anew.
  u8 extra[32] = {}, signature[64];
  Bytes32 secret = bytes_of(kSecret), e = bytes_of(kE);
  NoncesSm2 nonces(secret.byte, e.byte, extra);
  for (const std::string_view wanted : {"04df04a622902bbcca102d18e044b4d55d07a993909bf04ac072e2608abb2738",
                                        "647ee1d014ce1d03b67962c58e9bf2984c1f244578f67a83f53821e1f1807886",
                                        "5e4b3fa0c5e7ef9c6629ce66cd705daf12e5e5ecccccf8320215919ae51c2367"}) {
    Words k;
    nonces.next(k);
    CHECK(k == number(wanted));
  }
  const auto gives = [&](std::string_view r, std::string_view s) {
    REQUIRE(sign_sm2_ct(signature, secret.byte, e.byte, extra) == Sm2Status::ok);
    return field::words_from_be(signature) == number(r) && field::words_from_be(signature + 32) == number(s);
  };
  CHECK(gives("1ddf0414475e4d9a42823bf8e4d13e357aa69ea721c17169565d4b2744ae6466",
              "d2767ef497979d181d1547b993dced8e0d99cba03fe3adc8a1e12d2ac830e13d"));
  for (u8 i = 0; i < 32; ++i) extra[i] = i;
  CHECK(gives("7ed0cdb4387fb7644072efe7daa0b237280e68af14a7df90a30e93677a246b10",
              "c586c9aaf746490f5cbd7fe12850a4a2523d40bbc1dd43e2f7917e1050a9e89b"));
  // The largest secret, and an e above n, which counts modulo n.
  Words last = {};
  field::sub_words(last, ScSm2::kModulus, {2, 0, 0, 0});
  secret = bytes_of(last);
  std::memset(e.byte, 0xff, 32);
  std::memset(extra, 0, 32);
  CHECK(gives("e011598645a4fd76049a68958c8c834d8936d7edfffc3d10ef6329654b17a3b2",
              "6fc50f5e57a5a0abb101a0c9b71a0c446c2d213764bd55c3b57bc9b59e7b9e2c"));
  secret = bytes_of({1, 0, 0, 0});
  std::memset(e.byte, 0, 32);
  std::memset(extra, 0xff, 32);
  CHECK(gives("d597a94a2fbc439b60417cfb0b6798c38911de50ea01cb2451e108db55ca0187",
              "ac135bef97d8de3b09edaa526913d858179f65a1f102ba6fbbffeb64d97a0f60"));
}

TEST_CASE("sm2: random signatures verify") {
  field::TestNoise noise(37);
  for (int i = 0; i < 200; ++i) {
    u8 secret[32], e[32], extra[32], signature[64];
    noise.fill(secret, 32);
    noise.fill(e, 32);
    noise.fill(extra, 32);
    secret[0] &= 0x7f;
    REQUIRE(sign_sm2_ct(signature, secret, e, extra) == Sm2Status::ok);
    const Words d = field::words_from_be(secret), digest = field::words_from_be(e);
    const Words r = field::words_from_be(signature), s = field::words_from_be(signature + 32);
    CHECK(verifies(d, digest, r, s));
    CHECK_FALSE(verifies(d, digest, r, minus_mod_n({}, s)));
    CHECK_FALSE(verifies(d, digest, minus_mod_n(r, {1, 0, 0, 0}), s));
  }
}

TEST_CASE("sm2: secrets that are none") {
  Words last = {}, order = ScSm2::kModulus, above = {};
  field::sub_words(last, order, {1, 0, 0, 0});
  field::add_words(above, order, {1, 0, 0, 0});
  const u64 ones = ~u64{0};
  const u8 e[32] = {1}, extra[32] = {};
  for (const Words& d : {Words{}, last, order, above, Words{ones, ones, ones, ones}}) {
    u8 out[65];
    std::memset(out, 0xa5, sizeof(out));
    CHECK(sign_sm2_ct(out, bytes_of(d).byte, e, extra) == Sm2Status::bad_secret);
    CHECK(public_sm2_ct(out, bytes_of(d).byte) == Sm2Status::bad_secret);
    for (const u8 byte : out) CHECK(byte == 0xa5);
  }
}

TEST_CASE("sm2: nonces that must be refused") {
  Words x, y, r, s;
  affine_ct(x, y, multiply_generator_ct(kNonce));
  const Words x_mod_n = field::SlowInt(x).mod(ScSm2::kModulus), zero = {}, one = {1, 0, 0, 0};
  const Words no_r = minus_mod_n(zero, x_mod_n);
  const Words no_sum = minus_mod_n(minus_mod_n(zero, kNonce), x_mod_n);
  const Words ratio = (ScSm2::from_words(kNonce) * ScSm2::from_words(kSecret).inverse()).to_words();
  const Words no_s = minus_mod_n(ratio, x_mod_n);
  for (const Words& e : {no_r, no_sum, no_s}) {
    CHECK(try_sign_sm2_ct(r, s, kSecret, e, kNonce) == 0);
    // A neighbour of each is signed, so that it is this value that was refused.
    CHECK(try_sign_sm2_ct(r, s, kSecret, minus_mod_n(e, one), kNonce) == 1);
  }
  Words above = {};
  field::add_words(above, ScSm2::kModulus, kNonce);
  for (const Words& k : {zero, ScSm2::kModulus}) CHECK(try_sign_sm2_ct(r, s, kSecret, kE, k) == 0);
  field::add_words(above, ScSm2::kModulus, one);
  CHECK(try_sign_sm2_ct(r, s, kSecret, kE, above) == 0);
  CHECK(try_sign_sm2_ct(r, s, kSecret, kE, one) == 1);
}

TEST_CASE("sm2: the next nonce is tried after a refusal, and the last one ends it") {
  const u64 ones = ~u64{0};
  u8 out[64];
  Listed listed = {{{}, ScSm2::kModulus, {ones, ones, ones, ones}, kNonce, {1, 0, 0, 0}}};
  REQUIRE(sign_sm2_with_ct(out, kSecret, kE, listed) == Sm2Status::ok);
  CHECK(listed.used == 4);
  CHECK(field::words_from_be(out) == number(kR));
  CHECK(field::words_from_be(out + 32) == number(kS));
  Listed empty;
  std::memset(out, 0xa5, sizeof(out));
  CHECK(sign_sm2_with_ct(out, kSecret, kE, empty) == Sm2Status::no_nonce);
  CHECK(empty.used == kTriesMax);
  for (const u8 byte : out) CHECK(byte == 0xa5);
}

namespace {

enum class Work { sign, make_public, litter };

struct Job {
  Work work;
  Bytes32 secret, e, extra;
  u8 out[65];
};

// Leaves the secret where a callee that cleans up nothing would. Recursion takes it deep into the stack, which is the
// thread's own even where AddressSanitizer keeps frames elsewhere.
__attribute__((noinline, no_sanitize("address"))) u8 litter(const u8* secret, int depth) {
  volatile u8 copy[512];
  for (usize i = 0; i < sizeof(copy); ++i) copy[i] = secret[i % 32];
  return static_cast<u8>(copy[0] + (depth == 0 ? 0 : litter(secret, depth - 1)));
}

void* work(void* argument) {
  Job& job = *static_cast<Job*>(argument);
  if (job.work == Work::sign) sign_sm2_ct(job.out, job.secret.byte, job.e.byte, job.extra.byte);
  if (job.work == Work::make_public) public_sm2_ct(job.out, job.secret.byte);
  if (job.work == Work::litter) job.out[0] = litter(job.secret.byte, 4);
  return nullptr;
}

// How many 64-bit limbs of the secrets lie on the stack of a thread that has done the work: as words, as big-endian
// bytes, or as SHA-256 loads them.
usize traces(Work which, const std::vector<Words>& secrets) {
  Job job = {which, bytes_of(kSecret), bytes_of(kE), {}, {}};
  constexpr usize kSize = 1 << 18;
  std::vector<u64> stack(kSize / 8 + 512);
  void* base = reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(stack.data()) + 4095) & ~uintptr_t{4095});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstack(&attributes, base, kSize) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, work, &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  usize found = 0;
  for (usize i = 0; i + 8 <= kSize; i += 4) {
    const u64 here = load_le64(static_cast<const u8*>(base) + i);
    for (const Words& secret : secrets) {
      for (const u64 limb : secret) {
        found += here == limb || here == __builtin_bswap64(limb) || here == (limb << 32 | limb >> 32) ? 1 : 0;
      }
    }
  }
  return found;
}

}  // namespace

TEST_CASE("sm2: nothing of the secret stays on the stack") {
  // The secret, the nonce that these inputs give, what s is computed from, and their Montgomery forms.
  const Words& n = ScSm2::kModulus;
  const Words nonce = number("04df04a622902bbcca102d18e044b4d55d07a993909bf04ac072e2608abb2738");
  const Words r = number("1ddf0414475e4d9a42823bf8e4d13e357aa69ea721c17169565d4b2744ae6466");
  const Words one_more = (field::SlowInt(kSecret) + field::SlowInt(Words{1, 0, 0, 0})).mod(n);
  const Words sum = (field::SlowInt(nonce) + field::SlowInt(r)).mod(n);
  const Words inverse = ScSm2::from_words(one_more).inverse().to_words();
  std::vector<Words> secrets = {kSecret, nonce, one_more, sum, inverse, times_mod_n(sum, inverse)};
  for (const Words& value : std::vector<Words>(secrets)) secrets.push_back(montgomery_form(value, n));
  // The coordinates of k G and d G before they are affine: they tell of the scalar's last bits.
  for (const Words& scalar : {nonce, kSecret}) {
    const PointSm2 point = multiply_generator_ct(scalar);
    for (const FeSm2& coordinate : {point.x, point.y, point.z}) {
      secrets.push_back(montgomery_form(coordinate.to_words(), FeSm2::kModulus));
    }
  }
  CHECK(traces(Work::sign, secrets) == 0);
  CHECK(traces(Work::make_public, secrets) == 0);
  // That a trace would be seen.
  CHECK(traces(Work::litter, {kSecret}) > 0);
}

}  // namespace isthmus::sign
