// The module isthmus._native: the one extension that owns native state.
#include <pybind11/pybind11.h>

#include "bind/columns.hpp"
#include "hash/report.hpp"
#include "include/isthmus/isthmus.h"
#include "sig/report.hpp"

PYBIND11_MODULE(_native, module, pybind11::mod_gil_not_used()) {
  module.doc() = "Native core of isthmus: engine, columns, verdicts and what the machine offers.";
  // Rows are chosen now, before any thread exists, and a wrong base row stops the import instead of a later call.
  isthmus::hash::init();
  isthmus::sig::init();
  isthmus::bind::bind_columns(module);
  isthmus::bind::bind_engine(module);
  isthmus::bind::bind_hasher(module);
  isthmus::bind::bind_ics23(module);
  isthmus::bind::bind_info(module);
  isthmus::bind::bind_sign(module);
  isthmus::bind::bind_tools(module);
  isthmus::bind::bind_trees(module);
  isthmus::bind::bind_tries(module);
  module.attr("_C_API") = pybind11::capsule(isthmus_api_table(), "isthmus._native._C_API");
}
