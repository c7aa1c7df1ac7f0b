// What multiply.cpp gives to the report of all chosen rows.
#pragma once

#include <vector>

#include "cpu/row.hpp"

namespace isthmus::curve {

// Appends one report per curve; `again` re-runs the known answers.
void append_multiply_reports(bool again, std::vector<cpu::Report>& out);

}  // namespace isthmus::curve
