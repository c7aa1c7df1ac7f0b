// Probes of the ifma lane types; see probe_tiers.hpp.
#define ISTHMUS_TIER ifma
#define ISTHMUS_FE52 Fe52Ifma
#include "simd/probe_kernel.inl"
