// Probes of the base lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER base
#define ISTHMUS_LANES32 U32x1
#define ISTHMUS_LANES64 U64x1
#define ISTHMUS_FE52 Fe52Plain<8>
#include "simd/probe_kernel.inl"
