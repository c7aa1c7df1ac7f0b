// Sums over many points of secp256k1, eight windows at a time, AVX-512 with double-precision multiply-adds.
#define ISTHMUS_TIER avx512
#define ISTHMUS_FE52 Fe52Fma8
#include "curve/bucket_sum_kernel.inl"
