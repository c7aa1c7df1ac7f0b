// Which kernels the signature schemes chose here, and why; for `isthmus info` and the self-test.
#pragma once

#include <vector>

#include "cpu/row.hpp"

namespace isthmus::sig {

std::vector<cpu::Report> report();
// The same with the known answers of every row run again.
std::vector<cpu::Report> self_test();

}  // namespace isthmus::sig
