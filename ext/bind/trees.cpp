// Merkle trees and proofs for Python; src/isthmus/trees.py says what callers see.
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>

#include "bind/columns.hpp"
#include "engine/engine.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

using engine::Engine;
using engine::SharedFrontier;
using engine::SharedTree;
using merkle::kNode;
using Numbers = py::array_t<u64, py::array::c_style>;
using Digests = py::array_t<u8, py::array::c_style>;

// Names were checked in Python; a hash of "" is the rule's usual one.
merkle::Rule rule_named(const std::string& name, const std::string& hash) {
  const Tree* const tree = engine::find_tree(name);
  const Hash* const open = hash.empty() ? &kUsualHash : engine::find_hash(hash);
  merkle::Rule rule;
  if (tree == nullptr || open == nullptr || !merkle::rule_of(*tree, *open, rule)) {
    throw py::value_error("no Merkle rule '" + name + "' with hash '" + hash + "'");
  }
  return rule;
}

// Python has checked what it was given, and says which argument is wrong; here is what memory depends on.
void require(bool holds, const char* what) {
  if (!holds) throw py::value_error(what);
}

void require_width(const Column& column, usize width, const char* what) {
  hash::EvenRows even;
  if (column.even(even)) return require(column.size() == 0 || even.width == width, what);
  for (usize i = 0; i < column.size(); ++i) require(column[i].size() == width, what);
}

std::span<const u64> span_of(const Numbers& numbers) { return {numbers.data(), static_cast<usize>(numbers.size())}; }

py::bytes to_bytes(const u8* node) { return py::bytes(reinterpret_cast<const char*>(node), kNode); }

py::bytes to_bytes(const std::vector<u8>& bytes) {
  return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// What Python checks arguments by.
py::tuple facts(const std::string& name) {
  const merkle::Rule rule = rule_named(name, "");
  std::vector<std::string> open;
#define X(symbol, number, hash_name, size) \
  if (merkle::Rule other; merkle::rule_of(rule.tree, Hash::symbol, other)) open.emplace_back(hash_name);
#include "base/hashes.def"
#undef X
  return py::make_tuple(rule.leaf != merkle::Leaf::prefixed, rule.odd == merkle::Odd::refused,
                        rule.empty != merkle::Empty::refused, open);
}

py::tuple merkle_root(Engine& self, const std::string& name, const std::string& hash, const Column& leaves) {
  const merkle::Rule rule = rule_named(name, hash);
  u8 root[kNode];
  bool clean;
  {
    const py::gil_scoped_release release;
    clean = self.merkle_root(rule, leaves, root);
  }
  return py::make_tuple(to_bytes(root), !clean);
}

void hash_pairs(Engine& self, const std::string& name, const Column& pairs, Digests& out) {
  const merkle::Pairs run = engine::find_pairs(name);
  if (run == nullptr) throw py::value_error("no pairs of '" + name + "'");
  require_width(pairs, 2 * kNode, "pairs: expected rows of 64 bytes");
  require(static_cast<usize>(out.size()) == kNode * pairs.size(), "out: expected 32 bytes for each pair");
  u8* const digests = out.mutable_data();
  const py::gil_scoped_release release;
  self.hash_pairs(run, pairs, digests);
}

bool append(Engine& self, SharedTree& shared, const Column& leaves) {
  const py::gil_scoped_release release;
  return self.merkle_append(shared, leaves);
}

// The siblings of all proofs one after the other, uint8 (32 m,), and where in it each proof begins and the last one
// ends, int64 (n + 1,); None when an index is beyond the tree.
py::object proofs(Engine& self, const SharedTree& shared, const Numbers& indices) {
  std::vector<u64> offsets;
  std::unique_ptr<u8[]> nodes;
  bool inside;
  {
    const py::gil_scoped_release release;
    inside = self.merkle_proofs(shared, span_of(indices), offsets, nodes);
  }
  if (!inside) return py::none();
  const py::capsule owner(nodes.get(), [](void* held) { delete[] static_cast<u8*>(held); });
  const Digests flat(static_cast<py::ssize_t>(offsets.back()), nodes.release(), owner);
  return py::make_tuple(
      flat, py::array_t<i64>(static_cast<py::ssize_t>(offsets.size()), reinterpret_cast<const i64*>(offsets.data())));
}

bool ascend(std::span<const u64> numbers) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) == numbers.end();
}

// None when the last index is beyond the tree.
py::object multiproof(const SharedTree& shared, const Numbers& indices) {
  const std::span<const u64> wanted = span_of(indices);
  require(ascend(wanted), "indices: expected to ascend");
  std::vector<u8> nodes;
  bool inside;
  {
    const py::gil_scoped_release release;
    const std::shared_lock lock(shared.mutex);
    inside = wanted.empty() || wanted.back() < shared.tree.count();
    if (inside) nodes = shared.tree.multiproof(wanted);
  }
  return inside ? py::object(to_bytes(nodes)) : py::none();
}

py::bytes tree_root(const SharedTree& shared) {
  u8 root[kNode];
  {
    const py::gil_scoped_release release;
    const std::shared_lock lock(shared.mutex);
    shared.tree.root(root);
  }
  return to_bytes(root);
}

usize tree_count(const SharedTree& shared) {
  const py::gil_scoped_release release;
  const std::shared_lock lock(shared.mutex);
  return shared.tree.count();
}

std::unique_ptr<SharedFrontier> new_frontier(const std::string& name, const std::string& hash) {
  const merkle::Rule rule = rule_named(name, hash);
  if (!merkle::Frontier::takes(rule)) throw py::value_error("no frontier of '" + name + "'");
  return std::make_unique<SharedFrontier>(rule);
}

bool frontier_append(SharedFrontier& shared, const Column& leaves) {
  const py::gil_scoped_release release;
  return engine::merkle_append(shared, leaves);
}

// None when there are no leaves and the rule has no root over none.
py::object frontier_root(const SharedFrontier& shared) {
  u8 root[kNode];
  bool has_root;
  {
    const py::gil_scoped_release release;
    const std::lock_guard lock(shared.mutex);
    has_root = merkle::is_count(shared.frontier.rule(), shared.frontier.count());
    if (has_root) shared.frontier.root(root);
  }
  return has_root ? py::object(to_bytes(root)) : py::none();
}

usize frontier_count(const SharedFrontier& shared) {
  const py::gil_scoped_release release;
  const std::lock_guard lock(shared.mutex);
  return shared.frontier.count();
}

py::array_t<bool> verify(Engine& self, const std::string& name, const std::string& hash, const Column& roots,
                         const Numbers& indices, const Numbers& counts, const Column& leaves, const Column& proofs) {
  const merkle::Rule rule = rule_named(name, hash);
  const usize count = static_cast<usize>(indices.size());
  require(leaves.size() == count && proofs.size() == count, "columns of different lengths");
  require(roots.size() == 1 || roots.size() == count, "roots: expected one, or one for each row");
  require(counts.size() == 1 || counts.size() == indices.size(), "counts: expected one, or one for each row");
  require_width(roots, kNode, "roots: expected rows of 32 bytes");
  py::array_t<bool> ok(indices.size());
  bool* const answers = ok.mutable_data();
  {
    const py::gil_scoped_release release;
    static_assert(sizeof(bool) == 1);
    self.merkle_verify(rule, roots, span_of(indices), span_of(counts), leaves, proofs, reinterpret_cast<u8*>(answers));
  }
  return ok;
}

bool verify_multiproof(Engine& self, const std::string& name, const std::string& hash, const Column& root, u64 count,
                       const Numbers& indices, const Column& leaves, const Column& siblings) {
  const merkle::Rule rule = rule_named(name, hash);
  require(leaves.size() == static_cast<usize>(indices.size()), "columns of different lengths");
  require(root.size() == 1 && siblings.size() == 1, "root and siblings: expected one row");
  require_width(root, kNode, "root: expected 32 bytes");
  const py::gil_scoped_release release;
  return self.merkle_verify_multiproof(rule, root[0], count, span_of(indices), leaves, siblings[0]);
}

}  // namespace

void bind_trees(py::module_& module) {
  module.def("merkle_rule", &facts, py::arg("rule"),
             "(leaves are digests, counts are powers of two, no leaves have a root, hashes to choose from)");
  module.def("merkle_root", &merkle_root, py::arg("engine"), py::arg("rule"), py::arg("hash"), py::arg("leaves"));
  module.def("merkle_verify", &verify, py::arg("engine"), py::arg("rule"), py::arg("hash"), py::arg("roots"),
             py::arg("indices").noconvert(), py::arg("counts").noconvert(), py::arg("leaves"), py::arg("proofs"));
  module.def("merkle_verify_multiproof", &verify_multiproof, py::arg("engine"), py::arg("rule"), py::arg("hash"),
             py::arg("root"), py::arg("count"), py::arg("indices").noconvert(), py::arg("leaves"), py::arg("siblings"));
  module.def("pair_hashes", &engine::pair_names);
  module.def("hash_pairs", &hash_pairs, py::arg("engine"), py::arg("name"), py::arg("pairs"),
             py::arg("out").noconvert());
  py::class_<SharedTree>(module, "Tree", "All levels of one Merkle tree.")
      .def(py::init([](const std::string& rule, const std::string& hash) {
             return std::make_unique<SharedTree>(rule_named(rule, hash));
           }),
           py::arg("rule"), py::arg("hash"))
      .def("append",
           [](SharedTree& self, Engine& engine, const Column& leaves) { return append(engine, self, leaves); })
      .def("proofs",
           [](const SharedTree& self, Engine& engine, const Numbers& indices) { return proofs(engine, self, indices); })
      .def("multiproof", &multiproof, py::arg("indices").noconvert())
      .def("root", &tree_root)
      .def("__len__", &tree_count);
  py::class_<SharedFrontier>(module, "Frontier", "The right edge of one Merkle tree.")
      .def(py::init(&new_frontier), py::arg("rule"), py::arg("hash"))
      .def("append", &frontier_append)
      .def("root", &frontier_root)
      .def("__len__", &frontier_count);
}

}  // namespace isthmus::bind
