// SHA-512/256 (FIPS 180-4, section 6.7): SHA-512 from another start, cut to 32 bytes. One compression more than
// SHA-512, because the start is computed each time from its definition in section 5.3.6 instead of being written down.
#pragma once

#include "hash/sha512.hpp"

namespace isthmus::hash {

inline constexpr usize kSha512_256Digest = 32;

class Sha512_256 {
 public:
  Sha512_256() : stream_(start().words, 0) {}

  void update(Bytes data) { stream_.update(data); }

  void finish(u8* out) {
    u8 digest[kSha512Digest];
    stream_.finish(digest);
    memcpy(out, digest, kSha512_256Digest);
  }

 private:
  struct State {
    u64 words[Sha512Core::kWords];
  };

  static State start() {
    State state;
    for (usize i = 0; i < Sha512Core::kWords; ++i) state.words[i] = Sha512Core::kStart[i] ^ 0xa5a5a5a5a5a5a5a5;
    static constexpr u8 kName[] = {'S', 'H', 'A', '-', '5', '1', '2', '/', '2', '5', '6'};
    Sha512 generator(state.words, 0);
    generator.update(kName);
    u8 digest[kSha512Digest];
    generator.finish(digest);
    for (usize i = 0; i < Sha512Core::kWords; ++i) state.words[i] = load_be64(digest + 8 * i);
    return state;
  }

  Sha512 stream_;
};

}  // namespace isthmus::hash
