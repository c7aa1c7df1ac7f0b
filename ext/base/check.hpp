// ISTHMUS_CHECK states an invariant that only our own mistake can break: it traps in debug, fuzz and sanitizer builds
// (-DISTHMUS_DEBUG) and costs nothing in release. Hostile input never reaches one: that is a Code in a verdict.
#pragma once

#ifdef ISTHMUS_DEBUG
#define ISTHMUS_CHECK(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define ISTHMUS_CHECK(condition) ((void)0)
#endif
