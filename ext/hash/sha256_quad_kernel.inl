// SHA-256 with instructions that do several rounds of one message, two messages interleaved (FIPS 180-4,
// section 6.2.2).
//
// The including file defines ISTHMUS_TIER and, in an anonymous namespace of isthmus::ISTHMUS_TIER:
//   Words                     four message or schedule words in one register
//   State                     the eight state words, in the instructions' order
//   load_words(p)             four words from 16 message bytes (big-endian)
//   constants(p)              four words as they stand in memory
//   add(a, b)                 lane-wise sum
//   quad(state, kw)           four rounds
//   next(m0, m1, m2, m3)      the four schedule words that follow these sixteen
//   from_words(w), to_words(w, state), add_state(a, b), store_digest(out, state), digest_words(state, lo, hi)
// One message is bound by the latency of the round instructions; the second message fills the gaps. The code
// alternates every sixteen rounds, which is near enough for an out-of-order core.

namespace isthmus::ISTHMUS_TIER {
namespace {

struct Block {
  Words m0, m1, m2, m3;
};

ISTHMUS_INLINE Block load_block(const u8* p) {
  return {load_words(p), load_words(p + 16), load_words(p + 32), load_words(p + 48)};
}

// Sixteen rounds, and the sixteen schedule words that follow.
ISTHMUS_INLINE void turn(State& s, Block& w, const u32* k) {
  quad(s, add(w.m0, constants(k)));
  w.m0 = next(w.m0, w.m1, w.m2, w.m3);
  quad(s, add(w.m1, constants(k + 4)));
  w.m1 = next(w.m1, w.m2, w.m3, w.m0);
  quad(s, add(w.m2, constants(k + 8)));
  w.m2 = next(w.m2, w.m3, w.m0, w.m1);
  quad(s, add(w.m3, constants(k + 12)));
  w.m3 = next(w.m3, w.m0, w.m1, w.m2);
}

ISTHMUS_INLINE void last_turn(State& s, const Block& w, const u32* k) {
  quad(s, add(w.m0, constants(k)));
  quad(s, add(w.m1, constants(k + 4)));
  quad(s, add(w.m2, constants(k + 8)));
  quad(s, add(w.m3, constants(k + 12)));
}

ISTHMUS_INLINE void fixed_turn(State& s, const u32* kw) {
  quad(s, constants(kw));
  quad(s, constants(kw + 4));
  quad(s, constants(kw + 8));
  quad(s, constants(kw + 12));
}

ISTHMUS_INLINE State compress(State state, Block w) {
  State s = state;
  for (usize t = 0; t < 48; t += 16) turn(s, w, kSha256Round + t);
  last_turn(s, w, kSha256Round + 48);
  return add_state(state, s);
}

ISTHMUS_INLINE void compress2(State (&state)[2], Block a, Block b) {
  State s = state[0];
  State t = state[1];
  for (usize i = 0; i < 48; i += 16) {
    turn(s, a, kSha256Round + i);
    turn(t, b, kSha256Round + i);
  }
  last_turn(s, a, kSha256Round + 48);
  last_turn(t, b, kSha256Round + 48);
  state[0] = add_state(state[0], s);
  state[1] = add_state(state[1], t);
}

ISTHMUS_INLINE void compress_padding2(State (&state)[2]) {
  State s = state[0];
  State t = state[1];
  for (usize i = 0; i < 64; i += 16) {
    fixed_turn(s, kSha256Pad64.word + i);
    fixed_turn(t, kSha256Pad64.word + i);
  }
  state[0] = add_state(state[0], s);
  state[1] = add_state(state[1], t);
}

// The block that holds a digest: its eight words, 80000000, zeros, 256 bits.
alignas(16) constexpr u32 kDigestTail[8] = {0x80000000, 0, 0, 0, 0, 0, 0, 256};

ISTHMUS_INLINE Block digest_block(const State& state) {
  Block out;
  digest_words(state, out.m0, out.m1);
  out.m2 = constants(kDigestTail);
  out.m3 = constants(kDigestTail + 4);
  return out;
}

template <bool kTwice>
ISTHMUS_INLINE void pass(u8* first_out, u8* second_out, const u8* first, const u8* second) {
  const State start = from_words(kSha256Start);
  State state[2] = {start, start};
  compress2(state, load_block(first), load_block(second));
  compress_padding2(state);
  if constexpr (kTwice) {
    const Block a = digest_block(state[0]);
    const Block b = digest_block(state[1]);
    state[0] = start;
    state[1] = start;
    compress2(state, a, b);
  }
  store_digest(first_out, state[0]);
  store_digest(second_out, state[1]);
}

// The message of a node, 01 and 64 bytes, in its two padded blocks.
ISTHMUS_INLINE void node_blocks(const u8* in, Block& first, Block& second) {
  u8 block[64] = {kSha256NodePrefix >> 24};
  memcpy(block + 1, in, 63);
  first = load_block(block);
  alignas(16) const u32 end[4] = {u32{in[63]} << 24 | kSha256NodeEnd};
  alignas(16) static constexpr u32 kBits[4] = {0, 0, 0, kSha256NodeBits};
  alignas(16) static constexpr u32 kZeros[4] = {};
  second = {constants(end), constants(kZeros), constants(kZeros), constants(kBits)};
}

ISTHMUS_INLINE void node_pass(u8* first_out, u8* second_out, const u8* first, const u8* second) {
  const State start = from_words(kSha256Start);
  State state[2] = {start, start};
  Block a[2];
  Block b[2];
  node_blocks(first, a[0], a[1]);
  node_blocks(second, b[0], b[1]);
  compress2(state, a[0], b[0]);
  compress2(state, a[1], b[1]);
  store_digest(first_out, state[0]);
  store_digest(second_out, state[1]);
}

// An odd last message goes through both ways; its digest is written once more to a spare.
template <typename Pass>
ISTHMUS_INLINE void all_messages(u8* out, const u8* in, usize count, Pass two) {
  for (; count >= 2; count -= 2) {
    two(out, out + 32, in, in + 64);
    in += 128;
    out += 64;
  }
  if (count == 0) return;
  u8 spare[32];
  two(out, spare, in, in);
}

}  // namespace

void sha256_compress(u32* state, const u8* blocks, usize count) {
  State s = from_words(state);
  for (; count != 0; --count) {
    s = compress(s, load_block(blocks));
    blocks += 64;
  }
  to_words(state, s);
}

void sha256_lanes(u32* state, const u8* const* blocks, usize length) {
  u32 words[2][8];
  for (usize i = 0; i < 16; ++i) words[i % 2][i / 2] = state[i];
  State s[2] = {from_words(words[0]), from_words(words[1])};
  for (usize i = 0; i < length; ++i) compress2(s, load_block(blocks[0] + 64 * i), load_block(blocks[1] + 64 * i));
  to_words(words[0], s[0]);
  to_words(words[1], s[1]);
  for (usize i = 0; i < 16; ++i) state[i] = words[i % 2][i / 2];
}

void sha256_64(u8* out, const u8* in, usize count) { all_messages(out, in, count, pass<false>); }

void sha256d_64(u8* out, const u8* in, usize count) { all_messages(out, in, count, pass<true>); }

void sha256_node(u8* out, const u8* in, usize count) { all_messages(out, in, count, node_pass); }

void sha256_blocks(u8* out, const u8* in, usize length, usize count) {
  const usize stride = 64 * length;
  const State start = from_words(kSha256Start);
  for (; count >= 2; count -= 2) {
    State state[2] = {start, start};
    for (usize i = 0; i < length; ++i) {
      compress2(state, load_block(in + 64 * i), load_block(in + stride + 64 * i));
    }
    store_digest(out, state[0]);
    store_digest(out + 32, state[1]);
    in += 2 * stride;
    out += 64;
  }
  if (count == 0) return;
  State state = start;
  for (usize i = 0; i < length; ++i) state = compress(state, load_block(in + 64 * i));
  store_digest(out, state);
}

}  // namespace isthmus::ISTHMUS_TIER
