// Probes of the avx2 lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER avx2
#define ISTHMUS_LANES32 U32x8
#define ISTHMUS_LANES64 U64x4
#define ISTHMUS_FE52 Fe52Fma4
#define ISTHMUS_FE52_ROUNDING const simd::RoundTowardsZero rounding
#include "simd/probe_kernel.inl"
