// Probes of the avx512 lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER avx512
#define ISTHMUS_LANES32 U32x16
#define ISTHMUS_LANES64 U64x8
#define ISTHMUS_FE52 Fe52Fma8
#include "simd/probe_kernel.inl"
