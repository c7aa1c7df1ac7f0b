// Reports of all operations below the schemes; see report.hpp.
#include "sig/report.hpp"

#include "curve/bucket_sum_report.hpp"
#include "curve/ed25519_report.hpp"
#include "curve/multiply_report.hpp"

namespace isthmus::sig {
namespace {

std::vector<cpu::Report> reports(bool again) {
  std::vector<cpu::Report> out;
  curve::append_multiply_reports(again, out);
  curve::append_bucket_sum_reports(again, out);
  curve::append_ed25519_reports(again, out);
  return out;
}

}  // namespace

void init() { reports(false); }

std::vector<cpu::Report> report() { return reports(false); }

std::vector<cpu::Report> self_test() { return reports(true); }

}  // namespace isthmus::sig
