// ICS-23 proofs. A spec arrives as a ProofSpec in protobuf wire form; it is the caller's, so a bad one raises.
#include "merkle/ics23.hpp"

#include <pybind11/stl.h>

#include "bind/columns.hpp"
#include "merkle/ics23_proof.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

namespace ics23 = merkle::ics23;

Bytes view(const py::bytes& bytes) {
  const std::string_view text = bytes;
  return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

py::bytes to_bytes(Bytes bytes) { return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }

ics23::Spec spec_of(const py::bytes& bytes) {
  ics23::Spec spec;
  if (const char* wrong = ics23::read_spec(view(bytes), spec)) throw py::value_error(std::string("spec: ") + wrong);
  return spec;
}

void require_rows(const char* name, usize size, usize count) {
  if (size == count) return;
  throw py::value_error(std::string(name) + ": expected " + std::to_string(count) + " rows, got " +
                        std::to_string(size));
}

// Row i: under roots[i], proofs[i] shows values[i] under keys[i] where present[i], else nothing under it.
py::array_t<bool> verify(const py::bytes& spec_bytes, const Column& roots, const Column& proofs, const Column& keys,
                         const Column& values, const py::array_t<bool, py::array::c_style>& present) {
  const ics23::Spec spec = spec_of(spec_bytes);
  const usize count = keys.size();
  require_rows("roots", roots.size(), count);
  require_rows("proofs", proofs.size(), count);
  require_rows("values", values.size(), count);
  require_rows("present", static_cast<usize>(present.size()), count);
  py::array_t<bool> ok(static_cast<py::ssize_t>(count));
  bool* const answers = ok.mutable_data();
  const bool* const is_present = present.data();
  {
    const py::gil_scoped_release release;
    std::vector<ics23::Link> links(count);
    std::vector<ics23::Statement> statements(count);
    for (usize i = 0; i < count; ++i) {
      links[i] = {&spec, keys[i], proofs[i]};
      statements[i] = {{&links[i], 1}, roots[i], is_present[i], values[i], true};
    }
    static_assert(sizeof(bool) == 1);
    ics23::verify(statements, reinterpret_cast<u8*>(answers));
  }
  return ok;
}

// One statement about stores within stores, innermost first.
bool verify_chain(const std::vector<py::bytes>& spec_bytes, const py::bytes& root, const std::vector<py::bytes>& keys,
                  const std::vector<py::bytes>& proofs, const std::optional<py::bytes>& value) {
  require_rows("keys", keys.size(), spec_bytes.size());
  require_rows("proofs", proofs.size(), spec_bytes.size());
  std::vector<ics23::Spec> specs;
  for (const py::bytes& bytes : spec_bytes) specs.push_back(spec_of(bytes));
  std::vector<ics23::Link> links;
  for (usize i = 0; i < specs.size(); ++i) links.push_back({&specs[i], view(keys[i]), view(proofs[i])});
  const ics23::Statement statement = {links, view(root), value.has_value(), value ? view(*value) : Bytes(), false};
  const py::gil_scoped_release release;
  u8 ok = 0;
  ics23::verify({&statement, 1}, &ok);
  return ok != 0;
}

std::optional<std::vector<py::bytes>> merkle_proof(const py::bytes& bytes) {
  std::vector<Bytes> proofs;
  if (!ics23::read_merkle_proof(view(bytes), proofs)) return std::nullopt;
  std::vector<py::bytes> out;
  for (const Bytes& proof : proofs) out.push_back(to_bytes(proof));
  return out;
}

// A single message read by `read`; false iff it is not in canonical form.
template <typename Op, typename Read>
bool read_op(const py::bytes& bytes, Op& op, Read read) {
  wire::WireError error;
  read(wire::ProtobufReader(view(bytes), error), op);
  return !error.failed();
}

std::optional<py::bytes> apply_leaf(const py::bytes& op_bytes, const py::bytes& key, const py::bytes& value) {
  ics23::LeafOp op;
  u8 digest[64];
  if (!read_op(op_bytes, op, ics23::read_leaf_op)) return std::nullopt;
  const usize len = ics23::apply_leaf(op, view(key), view(value), digest);
  return len == 0 ? std::nullopt : std::optional(to_bytes({digest, len}));
}

std::optional<py::bytes> apply_inner(const py::bytes& op_bytes, const py::bytes& child) {
  ics23::InnerOp op;
  u8 digest[64];
  if (!read_op(op_bytes, op, ics23::read_inner_op)) return std::nullopt;
  const usize len = ics23::apply_inner(op, view(child), digest);
  return len == 0 ? std::nullopt : std::optional(to_bytes({digest, len}));
}

bool fits_leaf(const py::bytes& op_bytes, const py::bytes& spec_bytes) {
  ics23::LeafOp op;
  ics23::Spec spec;
  return read_op(op_bytes, op, ics23::read_leaf_op) && read_op(spec_bytes, spec.leaf, ics23::read_leaf_op) &&
         ics23::fits_leaf(spec, op);
}

}  // namespace

void bind_ics23(py::module_& module) {
  module.def(
      "ics23_spec", [](const py::bytes& spec) { spec_of(spec); }, py::arg("spec"), "Raises where a spec is refused.");
  module.def("ics23_verify", &verify, py::arg("spec"), py::arg("roots"), py::arg("proofs"), py::arg("keys"),
             py::arg("values"), py::arg("present").noconvert(), "Which of n ICS-23 proofs hold: bool (n,).");
  module.def("ics23_verify_chain", &verify_chain, py::arg("specs"), py::arg("root"), py::arg("keys"), py::arg("proofs"),
             py::arg("value"), "Whether proofs through stores within stores, innermost first, hold.");
  module.def("ics23_merkle_proof", &merkle_proof, py::arg("proof"), "The parts of a MerkleProof, or None.");
  module.def("ics23_apply_leaf", &apply_leaf, py::arg("op"), py::arg("key"), py::arg("value"),
             "The hash of a leaf, or None where the step gives none.");
  module.def("ics23_apply_inner", &apply_inner, py::arg("op"), py::arg("child"),
             "The hash of a node, or None where the step gives none.");
  module.def("ics23_fits_leaf", &fits_leaf, py::arg("op"), py::arg("leaf_spec"), "Whether a leaf step fits a spec's.");
}

}  // namespace isthmus::bind
