// Probes of the field in lanes, tier base (emulated); see fe_lanes_probe.hpp.
#define ISTHMUS_TIER base
#define ISTHMUS_FE52 Fe52Plain<8>
#include "field/fe_lanes_probe_kernel.inl"
