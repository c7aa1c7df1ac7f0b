// Probes of the neon lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES32 U32x4
#define ISTHMUS_LANES64 U64x2
#include "simd/probe_kernel.inl"
