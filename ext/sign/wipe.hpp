// Secrets do not outlive their use: objects that wipe themselves, and the stack that callees have left behind.
#pragma once

#include <string.h>

#include "base/bytes.hpp"

namespace isthmus::sign {

// A plain object that is overwritten with zeros when its scope ends. Copies are the user's business: there are none.
template <class T>
struct Wiped {
  T value = {};

  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { explicit_bzero(&value, sizeof(value)); }

  T& operator*() { return value; }
  T* operator->() { return &value; }
};

// Overwrites kStackWiped bytes below the caller's frame, where spilled registers and temporaries of callees that have
// returned still lie. What the caller itself keeps in its frame is for the caller's Wiped objects; so secrets are
// worked on in callees only.
inline constexpr usize kStackWiped = 16384;
void wipe_stack();

}  // namespace isthmus::sign
