// Rows, choices and compositions of Keccak-256 and SHA3-256; see keccak.hpp. Measured on a Zen 4 server core with GCC
// 12, per pass and block: AVX-512 415 ns (eight messages), AVX2 400 ns (four), plain C 310 ns (one). On AArch64 the
// rows stand by their counts of operations: 66 per round with the SHA-3 extension, 140 without.
#include "hash/keccak.hpp"

#include "hash/keccak_tiers.hpp"
#include "hash/known.hpp"
#include "hash/rows.hpp"

namespace isthmus::hash {
namespace {

constexpr u32 kArmSha3 = cpu::kNeon | cpu::kSha3;

constexpr cpu::Row<KeccakCompress> kCompress[] = {
    {"base", cpu::kNone, 1, 1, base::keccak_compress},
};

constexpr cpu::Row<KeccakOf64> kOf64[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 8, 2, avx512::keccak256_64},
    {"avx2", cpu::kWide256, 4, 2, avx2::keccak256_64},
#elif defined(__aarch64__)
    {"armsha3", kArmSha3, 2, 1, armsha3::keccak256_64},
    {"neon", cpu::kNeon, 2, 2, neon::keccak256_64},
#endif
    {"base", cpu::kNone, 1, 1, base::keccak256_64},
};

constexpr cpu::Row<KeccakBlocks> kBlocks[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 8, 2, avx512::keccak_blocks},
    {"avx2", cpu::kWide256, 4, 2, avx2::keccak_blocks},
#elif defined(__aarch64__)
    {"armsha3", kArmSha3, 2, 1, armsha3::keccak_blocks},
    {"neon", cpu::kNeon, 2, 2, neon::keccak_blocks},
#endif
    {"base", cpu::kNone, 1, 1, base::keccak_blocks},
};

constexpr cpu::Row<KeccakLanes> kLanes[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 8, 2, avx512::keccak_lanes},
    {"avx2", cpu::kWide256, 4, 2, avx2::keccak_lanes},
#elif defined(__aarch64__)
    {"armsha3", kArmSha3, 2, 1, armsha3::keccak_lanes},
    {"neon", cpu::kNeon, 2, 2, neon::keccak_lanes},
#endif
    {"base", cpu::kNone, 1, 1, base::keccak_lanes},
};

// ---- known answers ----

using KnownKeccak = Known<Keccak256Core>;
using KnownSha3 = Known<Sha3Core>;

// FIPS 202: SHA3-256 of "abc" and of 136 times "a", which leaves the padding a block of its own.
constexpr u8 kAbc[kKeccakDigest] = {0x3a, 0x98, 0x5d, 0xa7, 0x4f, 0xe2, 0x25, 0xb2, 0x04, 0x5c, 0x17,
                                    0x2d, 0x6b, 0xd3, 0x90, 0xbd, 0x85, 0x5f, 0x08, 0x6e, 0x3e, 0x9d,
                                    0x52, 0x5b, 0x46, 0xbf, 0xe2, 0x45, 0x11, 0x43, 0x15, 0x32};
constexpr u8 kA136[kKeccakDigest] = {0x3f, 0xc5, 0x55, 0x9f, 0x14, 0xdb, 0x8e, 0x45, 0x3a, 0x0a, 0x30,
                                     0x91, 0xed, 0xbd, 0x2b, 0xc2, 0x5e, 0x11, 0x52, 0x8d, 0x81, 0xc6,
                                     0x6f, 0xa5, 0x70, 0xa4, 0xef, 0xdc, 0xc2, 0x69, 0x5e, 0xe1};
// Keccak-256 of the bytes 00 01 .. 3f.
constexpr u8 kCount64[kKeccakDigest] = {0x00, 0x20, 0x30, 0xbd, 0xe3, 0xd4, 0xcf, 0x89, 0x91, 0x96, 0x49,
                                        0x77, 0x5c, 0xd7, 0x18, 0x75, 0xc4, 0xd0, 0xab, 0x17, 0x08, 0xa3,
                                        0x80, 0xe0, 0x3f, 0xef, 0xc3, 0xa2, 0x8a, 0xa2, 0x48, 0x31};

bool known_compress(KeccakCompress run) {
  u8 blocks[2 * kKeccakRate] = {'a', 'b', 'c'};
  u8 digest[kKeccakDigest];
  u64 state[25];
  KnownSha3::start(state);
  run(state, blocks, 0);
  if (memcmp(state, Sha3Core::kStart, sizeof(state)) != 0) return false;
  KnownSha3::pad(blocks, 3, 1);
  KnownSha3::digest(run, digest, blocks, 1);
  if (memcmp(digest, kAbc, kKeccakDigest) != 0) return false;
  memset(blocks, 'a', kKeccakRate);
  KnownSha3::pad(blocks, kKeccakRate, 2);
  KnownSha3::digest(run, digest, blocks, 2);
  return memcmp(digest, kA136, kKeccakDigest) == 0;
}

bool known_of64(KeccakOf64 run) {
  return known_compress(base::keccak_compress) && KnownKeccak::of_64(base::keccak_compress, run, kCount64);
}

bool known_blocks(KeccakBlocks run) {
  return known_compress(base::keccak_compress) && KnownKeccak::blocks(base::keccak_compress, run);
}

// Fresh states are empty whatever stands there; of final ones four words are given.
bool known_flags(KeccakLanes run) {
  u8 message[2 * kKeccakRate];
  KnownKeccak::message(message, sizeof(message), 1);
  const u8* blocks[kLanesMost];
  for (const u8*& at : blocks) at = message;
  const usize lanes = lanes_of(kLanes, run);
  for (usize length = 0; length <= 2; ++length) {
    u64 plain[25 * kLanesMost] = {};
    u64 fresh[25 * kLanesMost];
    u64 final[25 * kLanesMost] = {};
    u64 both[25 * kLanesMost];
    memset(fresh, 0xa5, sizeof(fresh));
    memset(both, 0xa5, sizeof(both));
    run(plain, blocks, length);
    run(fresh, blocks, length | kKeccakFresh);
    run(final, blocks, length | kKeccakFinal);
    run(both, blocks, length | kKeccakFresh | kKeccakFinal);
    if (memcmp(fresh, plain, sizeof(u64) * 25 * lanes) != 0) return false;
    if (memcmp(final, plain, sizeof(u64) * 4 * lanes) != 0) return false;
    if (memcmp(both, plain, sizeof(u64) * 4 * lanes) != 0) return false;
  }
  return true;
}

bool known_lanes(KeccakLanes run) {
  return known_compress(base::keccak_compress) && KnownKeccak::lanes(base::keccak_compress, run, kLanes) &&
         known_flags(run);
}

static_assert(Keccak256Core::kFresh == kKeccakFresh && Keccak256Core::kFinal == kKeccakFinal);

// ---- choices ----

const auto& compress_choice() {
  static const cpu::Choice value("keccak_compress", kCompress, known_compress);
  return value;
}

const auto& of64_choice() {
  static const cpu::Choice value("keccak256_64", kOf64, known_of64);
  return value;
}

const auto& blocks_choice() {
  static const cpu::Choice value("keccak_blocks", kBlocks, known_blocks);
  return value;
}

const auto& lanes_choice() {
  static const cpu::Choice value("keccak_lanes", kLanes, known_lanes);
  return value;
}

template <typename Core>
void digest_of(u8* out, Bytes message) {
  Stream<Core> stream;
  stream.update(message);
  stream.finish(out);
}

}  // namespace

LaneRows<u64> keccak_lane_rows() { return lanes_choice().usable(); }

void keccak_compress(u64* state, const u8* blocks, usize count) { compress_choice().best()(state, blocks, count); }

void keccak256_64(u8* out, const u8* in, usize count) {
  of64_choice().spread(count, [&](KeccakOf64 run, usize from, usize n) { run(out + 32 * from, in + 64 * from, n); });
}

void keccak_blocks(u8* out, const u8* in, usize length, usize count) {
  blocks_choice().spread(count, [&](KeccakBlocks run, usize from, usize n) {
    run(out + 32 * from, in + kKeccakRate * length * from, length, n);
  });
}

void keccak256(u8* out, Bytes message) { digest_of<Keccak256Core>(out, message); }
void sha3_256(u8* out, Bytes message) { digest_of<Sha3Core>(out, message); }

// ---- reports and named rows ----

void append_keccak_reports(bool again, std::vector<cpu::Report>& out) {
  out.push_back(compress_choice().report(again));
  out.push_back(of64_choice().report(again));
  out.push_back(blocks_choice().report(again));
  out.push_back(lanes_choice().report(again));
}

bool run_keccak_row(const RowCall& call) {
  if (call.operation == "keccak_compress") {
    return run_compress<Keccak256Core>(compress_choice().named(call.tier), call);
  }
  if (call.operation == "keccak256_64") return run_of_64(of64_choice().named(call.tier), call);
  if (call.operation == "keccak_blocks") return run_blocks(blocks_choice().named(call.tier), call);
  if (call.operation == "keccak_lanes") return run_lanes<Keccak256Core>(lanes_choice().row(call.tier), call);
  return false;
}

}  // namespace isthmus::hash
