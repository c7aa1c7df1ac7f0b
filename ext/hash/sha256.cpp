// Rows, choices and compositions of SHA-256; see sha256.hpp. Thresholds were measured on a Zen 5 server core
// with GCC 12: per 64-byte message AVX-512 21 ns (a pass of sixteen 350), SHA-NI 36, AVX2 72 (a pass of eight
// 590), plain C 210. On Zen 4, whose 512-bit units are half as wide, a pass of sixteen costs as much as fifteen
// messages through SHA-NI, and full lanes are still the faster (19 against 20 ns per block).
#include "hash/sha256.hpp"

#include "hash/known.hpp"
#include "hash/rows.hpp"
#include "hash/sha256_tiers.hpp"

namespace isthmus::hash {
namespace {

constexpr u32 kShani = cpu::kShaNi | cpu::kSse41 | cpu::kSsse3;

constexpr cpu::Row<Sha256Compress> kCompress[] = {
#if defined(__x86_64__)
    {"shani", kShani, 1, 1, shani::sha256_compress},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 1, 1, armce::sha256_compress},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256_compress},
};

// A pass of sixteen costs as much as ten messages through SHA-NI (nine when doubled); a pass of eight as much
// as three messages in plain C. On AArch64 the SHA-2 instructions beat NEON at every count (scheduling models
// of Neoverse cores), and a NEON pass of four is paid back by the third message.
constexpr cpu::Row<Sha256Of64> kOf64[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 16, 10, avx512::sha256_64},
    {"shani", kShani, 2, 1, shani::sha256_64},
    {"avx2", cpu::kWide256, 8, 3, avx2::sha256_64},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 2, 1, armce::sha256_64},
    {"neon", cpu::kNeon, 4, 3, neon::sha256_64},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256_64},
};

constexpr cpu::Row<Sha256Of64> kDoubleOf64[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 16, 9, avx512::sha256d_64},
    {"shani", kShani, 2, 1, shani::sha256d_64},
    {"avx2", cpu::kWide256, 8, 3, avx2::sha256d_64},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 2, 1, armce::sha256d_64},
    {"neon", cpu::kNeon, 4, 3, neon::sha256d_64},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256d_64},
};

constexpr cpu::Row<Sha256Of64> kNode[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 16, 11, avx512::sha256_node},
    {"shani", kShani, 2, 1, shani::sha256_node},
    {"avx2", cpu::kWide256, 8, 3, avx2::sha256_node},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 2, 1, armce::sha256_node},
    {"neon", cpu::kNeon, 4, 3, neon::sha256_node},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256_node},
};

constexpr cpu::Row<Sha256Blocks> kBlocks[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 16, 11, avx512::sha256_blocks},
    {"shani", kShani, 2, 1, shani::sha256_blocks},
    {"avx2", cpu::kWide256, 8, 3, avx2::sha256_blocks},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 2, 1, armce::sha256_blocks},
    {"neon", cpu::kNeon, 4, 3, neon::sha256_blocks},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256_blocks},
};

constexpr cpu::Row<Sha256Lanes> kLanes[] = {
#if defined(__x86_64__)
    {"avx512", cpu::kWide512, 16, 11, avx512::sha256_lanes},
    {"shani", kShani, 2, 1, shani::sha256_lanes},
    {"avx2", cpu::kWide256, 8, 3, avx2::sha256_lanes},
#elif defined(__aarch64__)
    {"armce", cpu::kSha2, 2, 1, armce::sha256_lanes},
    {"neon", cpu::kNeon, 4, 3, neon::sha256_lanes},
#endif
    {"base", cpu::kNone, 1, 1, base::sha256_lanes},
};

// ---- known answers ----

using KnownSha256 = Known<Sha256Core>;

// FIPS 180 examples: "abc" and the 448-bit message.
constexpr u32 kAbc[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                         0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
constexpr u32 kTwoBlocks[8] = {0x248d6a61, 0xd20638b8, 0xe5c02693, 0x0c3e6039,
                               0xa33ce459, 0x64ff2167, 0xf6ecedd4, 0x19db06c1};
// SHA-256 and double SHA-256 of the bytes 00 01 .. 3f.
constexpr u32 kCount64[8] = {0xfdeab9ac, 0xf3710362, 0xbd2658cd, 0xc9a29e8f,
                             0x9c757fcf, 0x9811603a, 0x8c447cd1, 0xd9151108};
constexpr u32 kTwice64[8] = {0x01c9f464, 0x780a1b6a, 0xf4eb400f, 0xe2f2896c,
                             0xfb2169f5, 0xa6570143, 0x9e4c2c4e, 0x213903ef};
// SHA-256 of 01 and the bytes 00 01 .. 3f.
constexpr u32 kNodeOfCount64[8] = {0x1a378704, 0xc17da31e, 0x2d05b6d1, 0x21c2bb2c,
                                   0x7d76f6ee, 0x6fa8f983, 0xe596c2d0, 0x34963c57};

bool known_compress(Sha256Compress run) {
  u8 blocks[128] = {'a', 'b', 'c'};
  KnownSha256::pad(blocks, 3, 1);
  u32 state[8];
  KnownSha256::start(state);
  run(state, blocks, 0);
  if (memcmp(state, kSha256Start, sizeof(state)) != 0) return false;
  run(state, blocks, 1);
  if (memcmp(state, kAbc, sizeof(state)) != 0) return false;
  memcpy(blocks, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
  KnownSha256::pad(blocks, 56, 2);
  KnownSha256::start(state);
  run(state, blocks, 2);
  return memcmp(state, kTwoBlocks, sizeof(state)) == 0;
}

bool known_once(Sha256Of64 run) {
  u8 first[kSha256Digest];
  Sha256::store_digest(first, kCount64, 1);
  return known_compress(base::sha256_compress) && KnownSha256::of_64(base::sha256_compress, run, first);
}

// SHA-256 of a digest, by the plain road.
void known_again(u8* digest) {
  u8 block[64];
  memcpy(block, digest, kSha256Digest);
  KnownSha256::pad(block, kSha256Digest, 1);
  KnownSha256::digest(base::sha256_compress, digest, block, 1);
}

bool known_twice(Sha256Of64 run) {
  u8 first[kSha256Digest];
  Sha256::store_digest(first, kTwice64, 1);
  return known_compress(base::sha256_compress) && KnownSha256::of_64(base::sha256_compress, run, first, known_again);
}

bool known_node(Sha256Of64 run) {
  u8 first[kSha256Digest];
  Sha256::store_digest(first, kNodeOfCount64, 1);
  constexpr u8 kPrefix[] = {0x01};
  return known_compress(base::sha256_compress) &&
         KnownSha256::of_64(base::sha256_compress, run, first, KnownSha256::once, kPrefix);
}

bool known_blocks(Sha256Blocks run) {
  return known_compress(base::sha256_compress) && KnownSha256::blocks(base::sha256_compress, run);
}

bool known_lanes(Sha256Lanes run) {
  return known_compress(base::sha256_compress) && KnownSha256::lanes(base::sha256_compress, run, kLanes);
}

// ---- choices ----

const auto& compress_choice() {
  static const cpu::Choice value("sha256_compress", kCompress, known_compress);
  return value;
}

const auto& of64_choice() {
  static const cpu::Choice value("sha256_64", kOf64, known_once);
  return value;
}

const auto& double_of64_choice() {
  static const cpu::Choice value("sha256d_64", kDoubleOf64, known_twice);
  return value;
}

const auto& node_choice() {
  static const cpu::Choice value("sha256_node", kNode, known_node);
  return value;
}

const auto& blocks_choice() {
  static const cpu::Choice value("sha256_blocks", kBlocks, known_blocks);
  return value;
}

const auto& lanes_choice() {
  static const cpu::Choice value("sha256_lanes", kLanes, known_lanes);
  return value;
}

}  // namespace

LaneRows<u32> sha256_lane_rows() { return lanes_choice().usable(); }

void sha256_compress(u32* state, const u8* blocks, usize count) { compress_choice().best()(state, blocks, count); }

void sha256_64(u8* out, const u8* in, usize count) {
  of64_choice().spread(count, [&](Sha256Of64 run, usize from, usize n) { run(out + 32 * from, in + 64 * from, n); });
}

void sha256d_64(u8* out, const u8* in, usize count) {
  double_of64_choice().spread(count,
                              [&](Sha256Of64 run, usize from, usize n) { run(out + 32 * from, in + 64 * from, n); });
}

void sha256_node(u8* out, const u8* in, usize count) {
  node_choice().spread(count, [&](Sha256Of64 run, usize from, usize n) { run(out + 32 * from, in + 64 * from, n); });
}

void sha256_blocks(u8* out, const u8* in, usize length, usize count) {
  blocks_choice().spread(
      count, [&](Sha256Blocks run, usize from, usize n) { run(out + 32 * from, in + 64 * length * from, length, n); });
}

void sha256(u8* out, Bytes message) {
  Sha256 stream;
  stream.update(message);
  stream.finish(out);
}

void sha256d(u8* out, Bytes message) {
  u8 inner[kSha256Digest];
  sha256(inner, message);
  sha256(out, inner);
}

Sha256 sha256_tagged(std::string_view tag) {
  u8 twice[2 * kSha256Digest];
  sha256(twice, {reinterpret_cast<const u8*>(tag.data()), tag.size()});
  memcpy(twice + kSha256Digest, twice, kSha256Digest);
  Sha256 stream;
  stream.update(twice);
  return stream;
}

// ---- reports and named rows ----

void append_sha256_reports(bool again, std::vector<cpu::Report>& out) {
  out.push_back(compress_choice().report(again));
  out.push_back(of64_choice().report(again));
  out.push_back(double_of64_choice().report(again));
  out.push_back(node_choice().report(again));
  out.push_back(blocks_choice().report(again));
  out.push_back(lanes_choice().report(again));
}

bool run_sha256_row(const RowCall& call) {
  if (call.operation == "sha256_compress") return run_compress<Sha256Core>(compress_choice().named(call.tier), call);
  if (call.operation == "sha256_64") return run_of_64(of64_choice().named(call.tier), call);
  if (call.operation == "sha256d_64") return run_of_64(double_of64_choice().named(call.tier), call);
  if (call.operation == "sha256_node") return run_of_64(node_choice().named(call.tier), call);
  if (call.operation == "sha256_blocks") return run_blocks(blocks_choice().named(call.tier), call);
  if (call.operation == "sha256_lanes") return run_lanes<Sha256Core>(lanes_choice().row(call.tier), call);
  return false;
}

}  // namespace isthmus::hash
