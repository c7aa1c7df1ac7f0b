// Probes of the field in lanes, tier avx512; see fe_lanes_probe.hpp.
#define ISTHMUS_TIER avx512
#define ISTHMUS_FE52 Fe52Fma8
#include "field/fe_lanes_probe_kernel.inl"
