// Slow hashes for tests, written from the standards without a look at the fast ones: constants are derived
// from primes by integer roots, whole messages are padded in a vector, RIPEMD-160 uses the paper's
// permutations instead of tables, BLAKE3 descends its tree.
#pragma once

#include <vector>

#include "base/span.hpp"

namespace isthmus::slow {

using Buffer = std::vector<u8>;

inline Buffer padded(Bytes message, usize block, usize length_bytes, bool big) {
  Buffer out(message.begin(), message.end());
  out.push_back(0x80);
  while (out.size() % block != block - length_bytes) out.push_back(0);
  const u64 bits = u64{message.size()} * 8;
  for (usize i = 0; i < length_bytes; ++i) {
    const usize at = big ? length_bytes - 1 - i : i;  // weight of this byte
    out.push_back(at < 8 ? static_cast<u8>(bits >> (8 * at)) : 0);
  }
  return out;
}

inline std::vector<u32> primes(usize count) {
  std::vector<u32> out;
  for (u32 n = 2; out.size() < count; ++n) {
    bool prime = true;
    for (const u32 p : out) prime = prime && n % p != 0;
    if (prime) out.push_back(n);
  }
  return out;
}

// Natural numbers as 32-bit limbs, lowest first: enough for the roots below.
using Limbs = std::vector<u32>;

inline Limbs product(const Limbs& a, const Limbs& b) {
  Limbs out(a.size() + b.size());
  for (usize i = 0; i < a.size(); ++i) {
    u64 carry = 0;
    for (usize j = 0; j < b.size(); ++j) {
      carry += u64{a[i]} * b[j] + out[i + j];
      out[i + j] = static_cast<u32>(carry);
      carry >>= 32;
    }
    out[i + b.size()] = static_cast<u32>(carry);
  }
  return out;
}

inline bool not_above(const Limbs& a, const Limbs& b) {
  for (usize i = a.size() > b.size() ? a.size() : b.size(); i-- > 0;) {
    const u32 x = i < a.size() ? a[i] : 0;
    const u32 y = i < b.size() ? b[i] : 0;
    if (x != y) return x < y;
  }
  return true;
}

// The first `bits` bits of the fractional part of the square (degree 2) or cube (3) root of n.
inline u64 root_fraction(u32 n, usize degree, usize bits) {
  Limbs target(degree * bits / 32 + 1);
  target.back() = n;
  u128 root = 0;
  for (int bit = 70; bit >= 0; --bit) {
    const u128 next = root | (u128{1} << bit);
    const Limbs x{static_cast<u32>(next), static_cast<u32>(next >> 32), static_cast<u32>(next >> 64)};
    Limbs power = product(x, x);
    if (degree == 3) power = product(power, x);
    if (not_above(power, target)) root = next;
  }
  return bits == 64 ? static_cast<u64>(root) : static_cast<u64>(root) & ((u64{1} << bits) - 1);
}

// SHA-2 with words of 32 or 64 bits; the twelve shift amounts stand as in FIPS 180-4, sections 4.1.2
// and 4.1.3.
// kFirst is the number of the prime with which the start's square roots begin: 0, and 8 for SHA-384 (section 5.3.4).
template <typename Word, usize kFirst = 0>
Buffer sha2(Bytes message) {
  constexpr bool kLong = sizeof(Word) == 8;
  constexpr usize kBits = 8 * sizeof(Word);
  constexpr usize kRounds = kLong ? 80 : 64;
  constexpr int kTurns[12] = {kLong ? 28 : 2,  kLong ? 34 : 13, kLong ? 39 : 22, kLong ? 14 : 6,
                              kLong ? 18 : 11, kLong ? 41 : 25, kLong ? 1 : 7,   kLong ? 8 : 18,
                              kLong ? 7 : 3,   kLong ? 19 : 17, kLong ? 61 : 19, kLong ? 6 : 10};
  static const std::vector<Word> constants = [] {
    std::vector<Word> out;
    for (const u32 p : primes(kRounds)) out.push_back(static_cast<Word>(root_fraction(p, 3, kBits)));
    const std::vector<u32> starts = primes(kFirst + 8);
    for (usize i = kFirst; i < starts.size(); ++i) {
      out.push_back(static_cast<Word>(root_fraction(starts[i], 2, kBits)));
    }
    return out;
  }();
  const auto turn = [](Word x, int n) { return static_cast<Word>((x >> n) | (x << (kBits - n))); };

  std::vector<Word> hash(constants.begin() + kRounds, constants.end());
  const Buffer data = padded(message, 2 * kBits, kBits / 4, true);
  for (usize at = 0; at < data.size(); at += 2 * kBits) {
    std::vector<Word> w(kRounds);
    for (usize t = 0; t < kRounds; ++t) {
      if (t < 16) {
        for (usize i = 0; i < sizeof(Word); ++i) {
          w[t] = static_cast<Word>(w[t] << 8 | data[at + sizeof(Word) * t + i]);
        }
        continue;
      }
      const Word x = w[t - 15];
      const Word y = w[t - 2];
      const Word s0 = turn(x, kTurns[6]) ^ turn(x, kTurns[7]) ^ (x >> kTurns[8]);
      const Word s1 = turn(y, kTurns[9]) ^ turn(y, kTurns[10]) ^ (y >> kTurns[11]);
      w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    std::vector<Word> v = hash;
    for (usize t = 0; t < kRounds; ++t) {
      const Word s1 = turn(v[4], kTurns[3]) ^ turn(v[4], kTurns[4]) ^ turn(v[4], kTurns[5]);
      const Word s0 = turn(v[0], kTurns[0]) ^ turn(v[0], kTurns[1]) ^ turn(v[0], kTurns[2]);
      const Word first = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
      const Word second = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v.pop_back();
      v.insert(v.begin(), first + second);
      v[4] += first;
    }
    for (usize i = 0; i < 8; ++i) hash[i] += v[i];
  }
  Buffer out;
  for (const Word word : hash) {
    for (usize i = sizeof(Word); i-- > 0;) out.push_back(static_cast<u8>(word >> (8 * i)));
  }
  return out;
}

inline Buffer sha256(Bytes message) { return sha2<u32>(message); }
inline Buffer sha256d(Bytes message) { return sha256(sha256(message)); }
inline Buffer sha512(Bytes message) { return sha2<u64>(message); }
inline Buffer sha384(Bytes message) {
  Buffer out = sha2<u64, 8>(message);
  out.resize(48);
  return out;
}

// One line of RIPEMD-160. The paper gives the word order as powers of a permutation rho (right line: after
// pi(i) = 9i + 5 mod 16) and the turns by round and word.
inline std::vector<u32> ripemd_line(const std::vector<u32>& hash, const u32 (&x)[16], bool right) {
  constexpr u32 kRho[16] = {7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8};
  constexpr u8 kTurns[5][16] = {{11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8},
                                {12, 13, 11, 15, 6, 9, 9, 7, 12, 15, 11, 13, 7, 8, 7, 7},
                                {13, 15, 14, 11, 7, 7, 6, 8, 13, 14, 13, 12, 5, 5, 6, 9},
                                {14, 11, 12, 14, 8, 6, 5, 5, 15, 12, 15, 14, 9, 9, 8, 6},
                                {15, 12, 13, 13, 9, 5, 8, 6, 14, 11, 12, 11, 8, 6, 5, 5}};
  constexpr u32 kRoots[4] = {2, 3, 5, 7};
  std::vector<u32> v = hash;
  for (u32 round = 0; round < 5; ++round) {
    u32 constant = 0;  // 2^30 times the root: its integer part is 1 or 2, so 30 of the bits are the fraction
    const bool has_root = right ? round < 4 : round > 0;
    if (has_root) {
      const u32 n = kRoots[right ? round : round - 1];
      const u32 whole = right ? 1 : (n < 4 ? 1 : 2);
      constant = (whole << 30) + static_cast<u32>(root_fraction(n, right ? 3 : 2, 32) >> 2);
    }
    for (u32 i = 0; i < 16; ++i) {
      u32 word = right ? (9 * i + 5) % 16 : i;
      for (u32 k = 0; k < round; ++k) word = kRho[word];
      const u32 kind = right ? 4 - round : round;
      const u32 b = v[1], c = v[2], d = v[3];
      const u32 mixed = kind == 0   ? b ^ c ^ d
                        : kind == 1 ? (b & c) | (~b & d)
                        : kind == 2 ? (b | ~c) ^ d
                        : kind == 3 ? (b & d) | (c & ~d)
                                    : b ^ (c | ~d);
      const u32 turns = kTurns[round][word];
      const u32 sum = v[0] + mixed + x[word] + constant;
      const u32 next = ((sum << turns) | (sum >> (32 - turns))) + v[4];
      v = {v[4], next, b, (c << 10) | (c >> 22), d};
    }
  }
  return v;
}

inline Buffer ripemd160(Bytes message) {
  std::vector<u32> hash{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const Buffer data = padded(message, 64, 8, false);
  for (usize at = 0; at < data.size(); at += 64) {
    u32 x[16];
    for (usize i = 0; i < 16; ++i) {
      x[i] = 0;
      for (usize j = 4; j-- > 0;) x[i] = x[i] << 8 | data[at + 4 * i + j];
    }
    const std::vector<u32> left = ripemd_line(hash, x, false);
    const std::vector<u32> right = ripemd_line(hash, x, true);
    std::vector<u32> next(5);
    for (usize i = 0; i < 5; ++i) next[i] = hash[(i + 1) % 5] + left[(i + 2) % 5] + right[(i + 3) % 5];
    hash = next;
  }
  Buffer out;
  for (const u32 word : hash) {
    for (usize i = 0; i < 4; ++i) out.push_back(static_cast<u8>(word >> (8 * i)));
  }
  return out;
}

inline Buffer hash160(Bytes message) { return ripemd160(sha256(message)); }

// SM3 as GB/T 32905-2016, section 5, writes it: all 68 words W and 64 words W' first, then 64 rounds.
inline Buffer sm3(Bytes message) {
  const auto turn = [](u32 x, u32 n) { return n % 32 == 0 ? x : (x << n % 32) | (x >> (32 - n % 32)); };
  const auto p0 = [&](u32 x) { return x ^ turn(x, 9) ^ turn(x, 17); };
  const auto p1 = [&](u32 x) { return x ^ turn(x, 15) ^ turn(x, 23); };
  std::vector<u32> hash{0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
  const Buffer data = padded(message, 64, 8, true);
  for (usize at = 0; at < data.size(); at += 64) {
    std::vector<u32> w(68);
    for (usize j = 0; j < 68; ++j) {
      for (usize i = 0; j < 16 && i < 4; ++i) w[j] = w[j] << 8 | data[at + 4 * j + i];
      if (j >= 16) w[j] = p1(w[j - 16] ^ w[j - 9] ^ turn(w[j - 3], 15)) ^ turn(w[j - 13], 7) ^ w[j - 6];
    }
    std::vector<u32> v = hash;
    for (u32 j = 0; j < 64; ++j) {
      const u32 a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
      const u32 ss1 = turn(turn(a, 12) + e + turn(j < 16 ? 0x79cc4519 : 0x7a879d8a, j), 7);
      const u32 ss2 = ss1 ^ turn(a, 12);
      const u32 ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const u32 gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const u32 tt1 = ff + d + ss2 + (w[j] ^ w[j + 4]);
      const u32 tt2 = gg + h + ss1 + w[j];
      v = {tt1, a, turn(b, 9), c, p0(tt2), e, turn(f, 19), g};
    }
    for (usize i = 0; i < 8; ++i) hash[i] ^= v[i];
  }
  Buffer out;
  for (const u32 word : hash) {
    for (usize i = 4; i-- > 0;) out.push_back(static_cast<u8>(word >> (8 * i)));
  }
  return out;
}

// Keccak-f[1600] step by step as FIPS 202, section 3.2, writes it, on lanes a[x][y].
inline void keccak_f(u64 (&a)[5][5]) {
  const auto turn = [](u64 x, u32 n) { return n % 64 == 0 ? x : (x << n % 64) | (x >> (64 - n % 64)); };
  // rc(t): the bit of algorithm 5.
  const auto rc = [](usize t) {
    u32 r = 0x80;  // R[0] is the highest of eight bits
    for (usize i = 1; i <= t % 255; ++i) {
      const u32 last = r & 1;
      r >>= 1;
      if (last != 0) r ^= 0x80 | 0x08 | 0x04 | 0x02;  // R[0], R[4], R[5], R[6]
    }
    return u64{r >> 7};
  };
  for (usize round = 0; round < 24; ++round) {
    u64 c[5] = {};
    for (usize x = 0; x < 5; ++x) {
      for (usize y = 0; y < 5; ++y) c[x] ^= a[x][y];
    }
    for (usize x = 0; x < 5; ++x) {
      for (usize y = 0; y < 5; ++y) a[x][y] ^= c[(x + 4) % 5] ^ turn(c[(x + 1) % 5], 1);
    }
    usize x = 1;
    usize y = 0;
    for (u32 t = 0; t < 24; ++t) {
      a[x][y] = turn(a[x][y], (t + 1) * (t + 2) / 2);
      const usize next = (2 * x + 3 * y) % 5;
      x = y;
      y = next;
    }
    u64 b[5][5];
    for (x = 0; x < 5; ++x) {
      for (y = 0; y < 5; ++y) b[x][y] = a[(x + 3 * y) % 5][x];
    }
    for (x = 0; x < 5; ++x) {
      for (y = 0; y < 5; ++y) a[x][y] = b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]);
    }
    for (usize j = 0; j <= 6; ++j) a[0][0] ^= rc(j + 7 * round) << ((1 << j) - 1);
  }
}

// `domain` are the bits between message and padding, and the first of the padding.
inline Buffer padded_sponge(Bytes message, u8 domain) {
  Buffer out(message.begin(), message.end());
  out.push_back(domain);
  while (out.size() % 136 != 0) out.push_back(0);
  out.back() |= 0x80;
  return out;
}

// A sponge of rate 136 with digests of 32 bytes.
inline Buffer sponge(Bytes message, u8 domain) {
  constexpr usize kRate = 136;
  const Buffer data = padded_sponge(message, domain);
  u64 a[5][5] = {};
  for (usize at = 0; at < data.size(); at += kRate) {
    for (usize i = 0; i < kRate; ++i) a[i / 8 % 5][i / 40] ^= u64{data[at + i]} << (8 * (i % 8));
    keccak_f(a);
  }
  Buffer out;
  for (usize i = 0; i < 32; ++i) out.push_back(static_cast<u8>(a[i / 8][0] >> (8 * (i % 8))));
  return out;
}

inline Buffer keccak256(Bytes message) { return sponge(message, 0x01); }
inline Buffer sha3_256(Bytes message) { return sponge(message, 0x06); }

// BLAKE3's compression (the paper, section 2.2), with the first half of the output as bytes.
inline Buffer blake3_compress(const Buffer& chaining, Bytes block, u64 counter, u32 flags) {
  constexpr usize kMixed[8][4] = {{0, 4, 8, 12},  {1, 5, 9, 13},  {2, 6, 10, 14}, {3, 7, 11, 15},
                                  {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13},  {3, 4, 9, 14}};
  constexpr usize kPermutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
  const auto turn = [](u32 x, u32 n) { return (x >> n) | (x << (32 - n)); };
  std::vector<u32> v;
  for (usize i = 0; i < 8; ++i) v.push_back(load_le32(chaining.data() + 4 * i));
  for (const u32 p : primes(4)) v.push_back(static_cast<u32>(root_fraction(p, 2, 32)));
  v.push_back(static_cast<u32>(counter));
  v.push_back(static_cast<u32>(counter >> 32));
  v.push_back(static_cast<u32>(block.size()));
  v.push_back(flags);
  Buffer whole(block.begin(), block.end());
  whole.resize(64);
  std::vector<u32> m;
  for (usize i = 0; i < 16; ++i) m.push_back(load_le32(whole.data() + 4 * i));
  for (usize round = 0; round < 7; ++round) {
    for (usize i = 0; i < 8; ++i) {
      u32 &a = v[kMixed[i][0]], &b = v[kMixed[i][1]], &c = v[kMixed[i][2]], &d = v[kMixed[i][3]];
      for (usize half = 0; half < 2; ++half) {
        a += b + m[2 * i + half];
        d = turn(d ^ a, half == 0 ? 16 : 8);
        c += d;
        b = turn(b ^ c, half == 0 ? 12 : 7);
      }
    }
    const std::vector<u32> before = m;
    for (usize i = 0; i < 16; ++i) m[i] = before[kPermutation[i]];
  }
  Buffer out(32);
  for (usize i = 0; i < 8; ++i) store_le32(out.data() + 4 * i, v[i] ^ v[i + 8]);
  return out;
}

inline Buffer blake3_start() {
  Buffer out(32);
  const std::vector<u32> first = primes(8);
  for (usize i = 0; i < 8; ++i) store_le32(out.data() + 4 * i, static_cast<u32>(root_fraction(first[i], 2, 32)));
  return out;
}

// Flags (section 2.2, table 3).
inline constexpr u32 kChunkStart = 1, kChunkEnd = 2, kParent = 4, kRoot = 8;

// The chaining value of the subtree over `part`, whose first chunk has number `chunk` (section 2.4 and 2.5): the left
// child holds the largest power of two of whole chunks that leaves something to the right one.
inline Buffer blake3_node(Bytes part, u64 chunk, bool root) {
  static const Buffer start = blake3_start();
  if (part.size() > 1024) {
    usize left = 1024;
    while (2 * left < part.size()) left *= 2;
    Buffer both = blake3_node(part.first(left), chunk, false);
    const Buffer right = blake3_node(part.subspan(left), chunk + left / 1024, false);
    both.insert(both.end(), right.begin(), right.end());
    return blake3_compress(start, both, 0, root ? kParent | kRoot : kParent);
  }
  Buffer chaining = start;
  u32 flags = kChunkStart;
  while (part.size() > 64) {
    chaining = blake3_compress(chaining, part.first(64), chunk, flags);
    part = part.subspan(64);
    flags = 0;
  }
  return blake3_compress(chaining, part, chunk, flags | kChunkEnd | (root ? kRoot : 0));
}

inline Buffer blake3(Bytes message) { return blake3_node(message, 0, true); }

// The node over two chaining values.
inline Buffer blake3_parent(Bytes pair, bool root) {
  return blake3_compress(blake3_start(), pair, 0, root ? kParent | kRoot : kParent);
}

// Bytes that repeat with the prime period 251, so that swapped blocks cannot cancel.
inline Buffer paint(usize len, usize seed) {
  Buffer out(len);
  for (usize i = 0; i < len; ++i) out[i] = static_cast<u8>((i + 31 * seed) % 251);
  return out;
}

inline Buffer from_hex(const char* text) {
  const auto digit = [](char c) { return static_cast<u8>(c <= '9' ? c - '0' : c - 'a' + 10); };
  Buffer out;
  for (; text[0] != 0 && text[1] != 0; text += 2) out.push_back(static_cast<u8>(digit(text[0]) << 4 | digit(text[1])));
  return out;
}

inline Bytes text_bytes(const char* text) { return {reinterpret_cast<const u8*>(text), strlen(text)}; }

}  // namespace isthmus::slow
