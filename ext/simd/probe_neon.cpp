// Probes of the neon lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER neon
#define ISTHMUS_LANES32 U32x4
#define ISTHMUS_LANES64 U64x2
#define ISTHMUS_FE52 Fe52Fma2
#define ISTHMUS_FE52_ROUNDING const simd::RoundTowardsZero rounding
#include "simd/probe_kernel.inl"
