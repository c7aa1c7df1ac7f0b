// Sums of multiples, eight rows at a time, AVX-512 with 52-bit multiply-adds.
#define ISTHMUS_TIER ifma
#define ISTHMUS_FE52 Fe52Ifma
#include "curve/multiply_kernel.inl"
