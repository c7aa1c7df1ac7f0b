// The names of curve_test.hpp for tests of secp256k1 alone.
#pragma once

#include "curve/secp256k1.hpp"
#include "sig/curve_test.hpp"

namespace isthmus::sig::test {

using C = curve::Secp256k1;
using F = C::Field;
using Scalar = C::Scalar;
using field::Words;
using K1 = Suite<C>;

inline curve::Affine<C> generator() { return K1::generator(); }
inline Scalar random_scalar(field::TestNoise& noise) { return K1::random_scalar(noise); }
inline Blob big_endian(const Words& a) { return big_endian<4>(a); }

}  // namespace isthmus::sig::test
