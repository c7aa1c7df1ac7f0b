// Which kernels the signature schemes chose here, and why; for `isthmus info` and the self-test.
#pragma once

#include <vector>

#include "cpu/row.hpp"

namespace isthmus::sig {

// Makes every choice now; later calls do nothing. For module load, before threads: a choice is a static local, and a
// child forked during it would wait for ever.
void init();

std::vector<cpu::Report> report();
// The same with the known answers of every row run again.
std::vector<cpu::Report> self_test();

}  // namespace isthmus::sig
