// What bucket_sum.cpp gives to the report of all chosen rows.
#pragma once

#include <vector>

#include "cpu/row.hpp"

namespace isthmus::curve {

void append_bucket_sum_reports(bool again, std::vector<cpu::Report>& out);

}  // namespace isthmus::curve
