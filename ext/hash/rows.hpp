// Inside of the hash room: what each hash file gives to report.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "cpu/row.hpp"

namespace isthmus::hash {

struct RowCall {
  std::string_view operation;
  std::string_view tier;
  u8* out;
  const u8* in;
  usize length;
  usize count;
};

// Append one report per operation of the file; `again` re-runs the known answers.
void append_sha256_reports(bool again, std::vector<cpu::Report>& out);
void append_sha512_reports(bool again, std::vector<cpu::Report>& out);
void append_ripemd160_reports(bool again, std::vector<cpu::Report>& out);
void append_sm3_reports(bool again, std::vector<cpu::Report>& out);

// Run one named row; false if the file has no such operation, or the tier is unknown or may not run here.
bool run_sha256_row(const RowCall& call);
bool run_sha512_row(const RowCall& call);
bool run_ripemd160_row(const RowCall& call);
bool run_sm3_row(const RowCall& call);

}  // namespace isthmus::hash
