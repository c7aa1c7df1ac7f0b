// Probes of the field in lanes, tier ifma; see fe_lanes_probe.hpp.
#define ISTHMUS_TIER ifma
#define ISTHMUS_FE52 Fe52Ifma
#include "field/fe_lanes_probe_kernel.inl"
