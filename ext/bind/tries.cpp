// Ethereum's tries: roots and proofs.
#include "merkle/trie.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "bind/columns.hpp"
#include "merkle/trie_proof.hpp"
#include "wire/rlp.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

using Ends = py::array_t<i64, py::array::c_style>;

std::vector<Bytes> rows_of(const Column& column, const char* name) {
  if (column.size() >> 31 != 0) throw py::value_error(std::string(name) + ": a call takes fewer than 2^31");
  std::vector<Bytes> rows(column.size());
  for (usize i = 0; i < rows.size(); ++i) rows[i] = column[i];
  return rows;
}

std::string place(const char* name, usize index) { return std::string(name) + "[" + std::to_string(index) + "]"; }

std::vector<Bytes> values_of(const Column& column) {
  std::vector<Bytes> values = rows_of(column, "values");
  for (usize i = 0; i < values.size(); ++i) {
    if (values[i].empty()) throw py::value_error(place("values", i) + ": a trie holds no empty values");
  }
  return values;
}

// Where each run of rows ends; they ascend to `last`.
std::vector<usize> ends_of(const Ends& array, usize last) {
  std::vector<usize> ends(array.data(), array.data() + array.size());
  if (!std::is_sorted(ends.begin(), ends.end()) || (ends.empty() ? 0 : ends.back()) != last) {
    throw py::value_error("ends: expected ascending positions up to " + std::to_string(last));
  }
  return ends;
}

py::bytes trie_root(const Column& keys, const Column& values) {
  const std::vector<Bytes> key_rows = rows_of(keys, "keys"), value_rows = values_of(values);
  if (key_rows.size() != value_rows.size()) throw py::value_error("keys and values differ in number");
  u8 root[merkle::kTrieRoot];
  std::optional<merkle::EqualKeys> same;
  {
    const py::gil_scoped_release release;
    same = merkle::trie_root(key_rows, value_rows, root);
  }
  if (same) throw py::value_error(place("keys", same->second) + ": the same key as " + place("keys", same->first));
  return py::bytes(reinterpret_cast<const char*>(root), sizeof root);
}

py::array_t<u8> list_roots(const Column& values, const Ends& ends) {
  const std::vector<Bytes> rows = values_of(values);
  const std::vector<usize> list_ends = ends_of(ends, rows.size());
  py::array_t<u8> roots({static_cast<py::ssize_t>(list_ends.size()), static_cast<py::ssize_t>(merkle::kTrieRoot)});
  u8* const out = roots.mutable_data();
  {
    const py::gil_scoped_release release;
    merkle::list_roots(rows, list_ends, out);
  }
  return roots;
}

py::bytes index_key(u64 index) {
  u8 key[wire::kRlpNumberMax];
  const usize len = wire::write_rlp_number(key, index);
  return py::bytes(reinterpret_cast<const char*>(key), len);
}

// Proofs and what they show, over columns that outlive it.
struct Reading {
  Reading(const Column& roots, const Column& keys, const Column& nodes, const Ends& ends)
      : root_rows(rows_of(roots, "roots")),
        key_rows(rows_of(keys, "keys")),
        node_rows(rows_of(nodes, "nodes")),
        node_ends(ends_of(ends, node_rows.size())),
        answers(key_rows.size()),
        values(key_rows.size()) {
    if (node_ends.size() != key_rows.size()) throw py::value_error("proofs: expected one for each key");
    if (root_rows.size() != 1 && root_rows.size() != key_rows.size()) {
      throw py::value_error("roots: expected one, or one for each key");
    }
  }

  void run() {
    const py::gil_scoped_release release;
    merkle::read_trie_proofs({root_rows, key_rows, node_rows, node_ends}, answers, values);
  }

  std::vector<Bytes> root_rows, key_rows, node_rows;
  std::vector<usize> node_ends;
  std::vector<merkle::TrieAnswer> answers;
  std::vector<Bytes> values;
};

py::tuple read_trie_proofs(const Column& roots, const Column& keys, const Column& nodes, const Ends& ends) {
  Reading reading(roots, keys, nodes, ends);
  reading.run();
  const usize count = reading.answers.size();
  py::array_t<bool> ok(static_cast<py::ssize_t>(count));
  py::list values(count);
  for (usize i = 0; i < count; ++i) {
    const Bytes value = reading.values[i];
    ok.mutable_data()[i] = reading.answers[i] != merkle::TrieAnswer::refused;
    if (reading.answers[i] == merkle::TrieAnswer::present) {
      values[i] = py::bytes(reinterpret_cast<const char*>(value.data()), value.size());
    } else {
      values[i] = py::none();
    }
  }
  return py::make_tuple(std::move(values), std::move(ok));
}

// Row i: the proof shows values[i] where present[i], else that there is nothing.
py::array_t<bool> verify_trie_proofs(const Column& roots, const Column& keys, const Column& nodes, const Ends& ends,
                                     const Column& values, const py::array_t<bool, py::array::c_style>& present) {
  Reading reading(roots, keys, nodes, ends);
  const usize count = reading.answers.size();
  if (values.size() != count || static_cast<usize>(present.size()) != count) {
    throw py::value_error("values: expected one for each key");
  }
  reading.run();
  py::array_t<bool> ok(static_cast<py::ssize_t>(count));
  for (usize i = 0; i < count; ++i) {
    const auto wanted = present.data()[i] ? merkle::TrieAnswer::present : merkle::TrieAnswer::absent;
    const Bytes found = reading.values[i], expected = present.data()[i] ? values[i] : Bytes();
    ok.mutable_data()[i] =
        reading.answers[i] == wanted && std::equal(found.begin(), found.end(), expected.begin(), expected.end());
  }
  return ok;
}

}  // namespace

void bind_tries(py::module_& module) {
  module.def("trie_root", &trie_root, py::arg("keys"), py::arg("values"),
             "Root of a trie; raises where keys are equal.");
  module.def("list_roots", &list_roots, py::arg("values"), py::arg("ends").noconvert(),
             "Roots of ordered lists that end at int64 positions: uint8 (n, 32).");
  module.def("trie_index_key", &index_key, py::arg("index"), "The key of an item of an ordered list.");
  module.def("read_trie_proofs", &read_trie_proofs, py::arg("roots"), py::arg("keys"), py::arg("nodes"),
             py::arg("ends").noconvert(), "What n proofs show: values or None, and whether they hold.");
  module.def("verify_trie_proofs", &verify_trie_proofs, py::arg("roots"), py::arg("keys"), py::arg("nodes"),
             py::arg("ends").noconvert(), py::arg("values"), py::arg("present").noconvert(),
             "Which of n proofs show the value that is named: bool (n,).");
}

}  // namespace isthmus::bind
