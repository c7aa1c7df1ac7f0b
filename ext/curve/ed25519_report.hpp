// What ed25519_lanes.cpp gives to the report of all chosen rows.
#pragma once

#include <vector>

#include "cpu/row.hpp"

namespace isthmus::curve {

// Appends one report; `again` re-runs the known answers.
void append_ed25519_reports(bool again, std::vector<cpu::Report>& out);

}  // namespace isthmus::curve
