// Reports and named rows of all hash operations; see report.hpp.
#include "hash/report.hpp"

#include "hash/rows.hpp"

namespace isthmus::hash {
namespace {

std::vector<cpu::Report> reports(bool again) {
  std::vector<cpu::Report> out;
  append_sha256_reports(again, out);
  append_sha512_reports(again, out);
  append_ripemd160_reports(again, out);
  append_sm3_reports(again, out);
  append_keccak_reports(again, out);
  append_blake3_reports(again, out);
  return out;
}

}  // namespace

void init() { reports(false); }

std::vector<cpu::Report> report() { return reports(false); }

std::vector<cpu::Report> self_test() { return reports(true); }

bool run_row(std::string_view operation, std::string_view tier, u8* out, const u8* in, usize length, usize count) {
  const RowCall call{operation, tier, out, in, length, count};
  return run_sha256_row(call) || run_sha512_row(call) || run_ripemd160_row(call) || run_sm3_row(call) ||
         run_keccak_row(call) || run_blake3_row(call);
}

}  // namespace isthmus::hash
