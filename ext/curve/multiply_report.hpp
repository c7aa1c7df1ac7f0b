// What multiply.cpp gives to the report of all chosen rows, and to tests.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/row.hpp"
#include "curve/multiply_tiers.hpp"

namespace isthmus::curve {

// Appends one report per curve; `again` re-runs the known answers.
void append_multiply_reports(bool again, std::vector<cpu::Report>& out);

// The most that a kernel of this machine's tiers wants.
usize multiply_workspace_max();
// G's table, made at first use; null without memory.
const u64* multiply_base_table(LaneCurve curve);
// G's comb of width kBaseCombWidth; null without memory.
const u64* base_comb(LaneCurve curve);
// The kernels of that tier when it may run here, else nulls. For tests: the choice itself is never switched.
MultiplyKernels named_multiply(LaneCurve curve, std::string_view tier);

}  // namespace isthmus::curve
