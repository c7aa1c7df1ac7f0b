// Probes of the neon lane types with the SHA-3 extension; see probe_tiers.hpp.
#define ISTHMUS_TIER armsha3
#define ISTHMUS_LANES32 U32x4
#define ISTHMUS_LANES64 U64x2
#include "simd/probe_kernel.inl"
