#include <pybind11/stl.h>

#include "bind/columns.hpp"
#include "engine/engine.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

using engine::Engine;
using engine::Outcome;

template <typename Id>
const Id& named(const Id* found, const char* what, const std::string& name) {
  if (found == nullptr) throw py::value_error(std::string(what) + ": no such name: '" + name + "'");
  return *found;
}

void require_equal(usize a, usize b, const char* a_name, const char* b_name) {
  if (a == b) return;
  throw py::value_error("columns differ in length: " + std::string(a_name) + " has " + std::to_string(a) + ", " +
                        b_name + " has " + std::to_string(b));
}

Limits to_limits(const py::dict& given) {
  Limits limits;
  for (const auto& [key, value] : given) {
    const std::string name = py::cast<std::string>(key);
    const u64 number = py::cast<u64>(value);
    if (name == "bytes_max") {
      limits.bytes_max = number;
    } else if (name == "rows_max") {
      limits.rows_max = static_cast<u32>(std::min<u64>(number, ~u32{0}));
    } else if (name == "nodes_max") {
      limits.nodes_max = static_cast<u32>(std::min<u64>(number, ~u32{0}));
    } else if (name == "text_max") {
      limits.text_max = number;
    } else if (name == "signers_max") {
      limits.signers_max = number;
    } else if (name == "scratch_max") {
      limits.scratch_max = number;
    } else {
      throw py::value_error("limits: no such limit: '" + name + "'");
    }
  }
  return limits;
}

std::vector<Outcome> check(Engine& self, const std::string& chain_name, const Column& inputs, const Column& anchors) {
  const chain::Chain& chain = named(engine::find_chain(chain_name), "chain", chain_name);
  require_equal(inputs.size(), anchors.size(), "inputs", "anchors");
  std::vector<Outcome> out;
  engine::BadAnchor bad{};
  bool well_formed;
  {
    const py::gil_scoped_release release;
    well_formed = self.check(chain, inputs, anchors, out, bad);
  }
  if (!well_formed) {
    throw py::value_error("anchors[" + std::to_string(bad.index) + "]: " + bad.error.what + " (byte " +
                          std::to_string(bad.error.byte_off) + ")");
  }
  return out;
}

py::array_t<bool> verify(Engine& self, const std::string& scheme_name, const Column& keys, const Column& msgs,
                         const Column& sigs, u32 flags, const py::bytes& signer_id) {
  const Scheme scheme = named(engine::find_scheme(scheme_name), "scheme", scheme_name);
  require_equal(keys.size(), msgs.size(), "keys", "messages");
  require_equal(keys.size(), sigs.size(), "keys", "signatures");
  const std::string_view id = signer_id;
  const sig::Context context = {Bytes(reinterpret_cast<const u8*>(id.data()), id.size())};
  py::array_t<bool> ok(static_cast<py::ssize_t>(keys.size()));
  bool* const answers = ok.mutable_data();
  {
    const py::gil_scoped_release release;
    std::fill_n(answers, keys.size(), false);
    static_assert(sizeof(bool) == 1);
    self.verify(scheme, keys, msgs, sigs, flags, reinterpret_cast<u8*>(answers), context);
  }
  return ok;
}

py::tuple recover(Engine& self, const Column& digests, const Column& sigs, u32 flags) {
  require_equal(digests.size(), sigs.size(), "digests", "signatures");
  const auto count = static_cast<py::ssize_t>(digests.size());
  py::array_t<u8> keys({count, static_cast<py::ssize_t>(sig::kRecoveredKey)});
  py::array_t<bool> ok(count);
  u8* const out = keys.mutable_data();
  bool* const answers = ok.mutable_data();
  {
    const py::gil_scoped_release release;
    std::fill_n(answers, digests.size(), false);
    self.recover(digests, sigs, flags, out, reinterpret_cast<u8*>(answers));
  }
  return py::make_tuple(std::move(keys), std::move(ok));
}

using Digests = py::array_t<u8, py::array::c_style>;

// `out` has a row for each message, which Python has seen to.
void hash_many(Engine& self, const std::string& name, const Column& messages, Digests& out) {
  const Hash id = named(engine::find_hash(name), "hash", name);
  if (static_cast<usize>(out.size()) != messages.size() * digest_size(id))
    throw py::value_error("out: of another size");
  u8* const digests = out.mutable_data();
  const py::gil_scoped_release release;
  self.hash_many(id, messages, digests);
}

py::dict stats(Engine& self) {
  const exec::Stats& counters = self.stats();
  py::dict out;
  out["sheets"] = counters.sheets.load();
  out["hash_rows"] = counters.hash_rows.load();
  out["tree_rows"] = counters.tree_rows.load();
  out["compare_rows"] = counters.compare_rows.load();
  out["signature_rows"] = counters.signature_rows.load();
  out["multisig_rows"] = counters.multisig_rows.load();
  out["recover_rows"] = counters.recover_rows.load();
  out["settle_ns"] = counters.settle_ns.load();
  out["remembered_rows"] = self.remembered_rows();
  const sig::KeyTableStats known = self.known_signers();
  out["signer_tables"] = known.tables;
  out["signer_table_bytes"] = known.bytes;
  out["signer_tables_built"] = known.built;
  out["signer_table_rows"] = known.rows;
  return out;
}

py::list findings(const Outcome& self) {
  py::list out;
  for (const engine::Finding& finding : self.findings) {
    out.append(py::make_tuple(static_cast<int>(finding.status), static_cast<int>(finding.code), finding.place,
                              finding.byte_off));
  }
  return out;
}

py::dict counts(const Outcome& self) {
  py::dict out;
  for (const auto& [word, count] : self.counts) out[word] = py::make_tuple(count[0], count[1], count[2]);
  return out;
}

py::dict facts(const Outcome& self) {
  py::dict out;
  for (const auto& [name, bytes] : self.facts) {
    out[name] = py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return out;
}

py::dict rows(const Outcome& self) {
  py::dict out;
  out["hash"] = self.rows.hash;
  out["tree"] = self.rows.tree;
  out["compare"] = self.rows.compare;
  out["signature"] = self.rows.signature;
  out["multisig"] = self.rows.multisig;
  out["recover"] = self.rows.recover;
  return out;
}

}  // namespace

void bind_engine(py::module_& module) {
  py::class_<Outcome>(module, "Verdict", "What the judge said of one input.")
      .def_property_readonly("status", [](const Outcome& self) { return static_cast<int>(self.status); })
      .def_property_readonly("code", [](const Outcome& self) { return static_cast<int>(self.code); })
      .def_property_readonly("place", [](const Outcome& self) { return self.place; })
      .def_property_readonly("findings", &findings)
      .def_property_readonly("counts", &counts)
      .def_property_readonly("facts", &facts)
      .def_property_readonly("rows", &rows);

  py::class_<Engine>(module, "Engine", "Threads, limits and kernels; every method releases the GIL once per call.")
      .def(py::init([](u32 threads, const std::optional<py::dict>& limits) {
             if (threads < 1 || threads > 1024) throw py::value_error("threads: expected 1 to 1024");
             return std::make_unique<Engine>(threads, limits ? to_limits(*limits) : Limits{});
           }),
           py::arg("threads"), py::arg("limits") = py::none())
      .def("check", &check, py::arg("chain"), py::arg("inputs"), py::arg("anchors"))
      .def("verify", &verify, py::arg("scheme"), py::arg("keys"), py::arg("messages"), py::arg("signatures"),
           py::arg("flags"), py::arg("signer_id") = py::bytes("1234567812345678", 16))
      .def("recover", &recover, py::arg("digests"), py::arg("signatures"), py::arg("flags"))
      .def("hash_many", &hash_many, py::arg("name"), py::arg("messages"), py::arg("out").noconvert())
      .def("stats", &stats)
      .def_property_readonly("threads", &Engine::threads);
}

}  // namespace isthmus::bind
