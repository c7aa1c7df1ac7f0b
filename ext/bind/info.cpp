// What this build and this machine offer, and the self-test.
#include <pybind11/stl.h>

#include "base/codes.hpp"
#include "bind/columns.hpp"
#include "cpu/features.hpp"
#include "cpu/row.hpp"
#include "hash/report.hpp"
#include "sig/report.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

#if defined(__x86_64__)
constexpr const char* kArch = "x86_64";
#elif defined(__aarch64__)
constexpr const char* kArch = "aarch64";
#else
#error "isthmus supports x86-64 and AArch64"
#endif

#ifdef __clang__
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

py::list features() {
  py::list out;
  for (const cpu::FeatureReport& feature : cpu::list()) {
    out.append(py::make_tuple(feature.name, feature.hardware, feature.usable, feature.cleared));
  }
  return out;
}

// Of all rooms that choose kernels.
std::vector<cpu::Report> joined(std::vector<cpu::Report> left, const std::vector<cpu::Report>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

py::list operations() {
  py::list out;
  for (const cpu::Report& report : joined(hash::report(), sig::report())) {
    py::list rows;
    for (const cpu::RowReport& row : report.rows) {
      rows.append(py::make_tuple(row.tier, cpu::name_of(row.state), row.reason));
    }
    out.append(py::make_tuple(report.operation, rows));
  }
  return out;
}

py::dict info() {
  py::dict out;
  out["arch"] = kArch;
  out["compiler"] = kCompiler;
  out["features"] = features();
  out["unknown_cleared"] = cpu::unknown_cleared();
  out["operations"] = operations();
  return out;
}

// (operation, tier, passed) of every row that may run here.
py::list selftest() {
  py::list out;
  for (const cpu::Report& report : joined(hash::self_test(), sig::self_test())) {
    for (const cpu::RowReport& row : report.rows) {
      if (row.state == cpu::RowState::missing || row.state == cpu::RowState::cleared) continue;
      out.append(py::make_tuple(report.operation, row.tier, row.state != cpu::RowState::failed));
    }
  }
  return out;
}

py::list codes() {
  py::list out;
  for (const CodeEntry& entry : kCodes)
    out.append(py::make_tuple(entry.name, static_cast<int>(entry.code), entry.text));
  return out;
}

std::vector<std::string> schemes() {
  return {
#define X(symbol, number, name) name,
#include "base/schemes.def"
#undef X
  };
}

std::vector<std::string> hashes() {
  return {
#define X(symbol, number, name, size) name,
#include "base/hashes.def"
#undef X
  };
}

u32 size_of_digest(const std::string& name) {
#define X(symbol, number, hash_name, size) \
  if (name == hash_name) return size;
#include "base/hashes.def"
#undef X
  return 0;
}

std::vector<std::string> merkle_rules() {
  return {
#define X(symbol, number, name) name,
#include "base/trees.def"
#undef X
  };
}

std::vector<std::string> chains() {
  std::vector<std::string> out;
  for (const chain::Chain& chain : chain::kChains) out.emplace_back(chain.name);
  return out;
}

}  // namespace

void bind_info(py::module_& module) {
  module.def("info", &info, "Architecture, compiler, CPU features and the rows chosen for each operation.");
  module.def("selftest", &selftest, "Runs the known answers of every usable row: (operation, tier, passed).");
  module.def("codes", &codes, "Every code: (name, number, text).");
  module.def("schemes", &schemes);
  module.def("hashes", &hashes);
  module.def("digest_size", &size_of_digest, py::arg("name"), "Bytes of a digest; 0 for a name that is none.");
  module.def("merkle_rules", &merkle_rules);
  module.def("chains", &chains);
}

}  // namespace isthmus::bind
