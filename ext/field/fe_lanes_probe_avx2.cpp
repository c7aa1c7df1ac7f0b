// Probes of the field in lanes, tier avx2; see fe_lanes_probe.hpp.
#define ISTHMUS_TIER avx2
#define ISTHMUS_FE52 Fe52Fma4
#define ISTHMUS_ROUNDING const simd::RoundTowardsZero rounding
#include "field/fe_lanes_probe_kernel.inl"
