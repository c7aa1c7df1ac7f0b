// Probes of the avx2 lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES32 U32x8
#define ISTHMUS_LANES64 U64x4
#include "simd/probe_kernel.inl"
