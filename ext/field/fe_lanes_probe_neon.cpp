// Probes of the field in lanes, tier neon; see fe_lanes_probe.hpp.
#define ISTHMUS_TIER neon
#define ISTHMUS_FE52 Fe52Fma2
#define ISTHMUS_ROUNDING const simd::RoundTowardsZero rounding
#include "field/fe_lanes_probe_kernel.inl"
