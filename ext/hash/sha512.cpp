// SHA-512 in plain C; see sha512.hpp.
#include "hash/sha512.hpp"

#include <utility>

#include "hash/rows.hpp"

namespace isthmus::hash {
namespace {

using Sha512Compress = void (*)(u64* state, const u8* blocks, usize count);

// First 64 bits of the fractional parts of the cube roots of the first 80 primes (FIPS 180-4, section 4.2.3).
constexpr u64 kRound[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

template <int kBits>
inline u64 rotr(u64 x) {
  return (x >> kBits) | (x << (64 - kBits));
}

inline u64 big0(u64 a) { return rotr<28>(a) ^ rotr<34>(a) ^ rotr<39>(a); }
inline u64 big1(u64 e) { return rotr<14>(e) ^ rotr<18>(e) ^ rotr<41>(e); }
inline u64 small0(u64 w) { return rotr<1>(w) ^ rotr<8>(w) ^ (w >> 7); }
inline u64 small1(u64 w) { return rotr<19>(w) ^ rotr<61>(w) ^ (w >> 6); }

// One round; the caller renames the registers instead of moving them.
inline void round(u64 a, u64 b, u64 c, u64& d, u64 e, u64 f, u64 g, u64& h, u64 kw) {
  const u64 t = h + kw + (g ^ (e & (f ^ g))) + big1(e);
  d += t;
  h = t + ((a & b) | (c & (a | b))) + big0(a);
}

// Eight rounds bring every register back to its own name.
inline void rounds8(u64 (&s)[8], const u64* w, const u64* k) {
  round(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], w[0] + k[0]);
  round(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], w[1] + k[1]);
  round(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], w[2] + k[2]);
  round(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], w[3] + k[3]);
  round(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], w[4] + k[4]);
  round(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], w[5] + k[5]);
  round(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], w[6] + k[6]);
  round(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], w[7] + k[7]);
}

// Words t..t+15 of the schedule become words t+16..t+31, in place and in order.
template <usize... I>
inline void expand(u64 (&w)[16], std::index_sequence<I...>) {
  ((w[I] += small0(w[(I + 1) % 16]) + w[(I + 9) % 16] + small1(w[(I + 14) % 16])), ...);
}

void base_compress(u64* state, const u8* blocks, usize count) {
  for (; count != 0; --count) {
    u64 w[16];
    for (usize i = 0; i < 16; ++i) w[i] = load_be64(blocks + 8 * i);
    u64 s[8] = {state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]};
    for (usize t = 0; t < 80; t += 16) {
      if (t != 0) expand(w, std::make_index_sequence<16>());
      rounds8(s, w, kRound + t);
      rounds8(s, w + 8, kRound + t + 8);
    }
    for (usize i = 0; i < 8; ++i) state[i] += s[i];
    blocks += 128;
  }
}

constexpr cpu::Row<Sha512Compress> kCompress[] = {
    {"base", cpu::kNone, 1, 1, base_compress},
};

// FIPS 180 examples: "abc", and the 896-bit message, which needs two blocks.
bool known_compress(Sha512Compress run) {
  constexpr u64 kAbc[8] = {0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2, 0x0a9eeee64b55d39a,
                           0x2192992a274fc1a8, 0x36ba3c23a3feebbd, 0x454d4423643ce80e, 0x2a9ac94fa54ca49f};
  constexpr u64 kTwoBlocks[8] = {0x8e959b75dae313da, 0x8cf4f72814fc143f, 0x8f7779c6eb9f7fa1, 0x7299aeadb6889018,
                                 0x501d289e4900f7e4, 0x331b99dec4b5433a, 0xc7d329eeb6dd2654, 0x5e96e55b874be909};
  u8 blocks[256] = {'a', 'b', 'c', 0x80};
  store_be64(blocks + 120, 24);
  u64 state[8];
  memcpy(state, Sha512Core::kStart, sizeof(state));
  run(state, blocks, 0);
  if (memcmp(state, Sha512Core::kStart, sizeof(state)) != 0) return false;
  run(state, blocks, 1);
  if (memcmp(state, kAbc, sizeof(state)) != 0) return false;
  memset(blocks, 0, sizeof(blocks));
  memcpy(blocks,
         "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
         "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         112);
  blocks[112] = 0x80;
  store_be64(blocks + 248, 896);
  memcpy(state, Sha512Core::kStart, sizeof(state));
  run(state, blocks, 2);
  return memcmp(state, kTwoBlocks, sizeof(state)) == 0;
}

const auto& compress_choice() {
  static const cpu::Choice value("sha512_compress", kCompress, known_compress);
  return value;
}

}  // namespace

void sha512_compress(u64* state, const u8* blocks, usize count) { compress_choice().best()(state, blocks, count); }

void sha512(u8* out, Bytes message) {
  Sha512 stream;
  stream.update(message);
  stream.finish(out);
}

void append_sha512_reports(bool again, std::vector<cpu::Report>& out) {
  out.push_back(compress_choice().report(again));
}

bool run_sha512_row(const RowCall& call) {
  if (call.operation != "sha512_compress") return false;
  const Sha512Compress run = compress_choice().named(call.tier);
  if (run == nullptr) return false;
  u64 state[8];
  memcpy(state, call.out, sizeof(state));
  run(state, call.in, call.count);
  memcpy(call.out, state, sizeof(state));
  return true;
}

}  // namespace isthmus::hash
