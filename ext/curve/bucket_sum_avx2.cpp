// Sums over many points of secp256k1, four windows at a time, AVX2 with double-precision multiply-adds.
#define ISTHMUS_TIER avx2
#define ISTHMUS_FE52 Fe52Fma4
#define ISTHMUS_ROUNDING const simd::RoundTowardsZero rounding
#include "curve/bucket_sum_kernel.inl"
