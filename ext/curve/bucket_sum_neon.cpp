// Sums over many points of secp256k1, two windows at a time, NEON with double-precision multiply-adds.
#define ISTHMUS_TIER neon
#define ISTHMUS_FE52 Fe52Fma2
#define ISTHMUS_ROUNDING const simd::RoundTowardsZero rounding
#include "curve/bucket_sum_kernel.inl"
