// Single kernels and encodings for tests, diagnosis and the Python layer: named rows, DER, Bitcoin signature hashes.
#include <cstring>

#include "bind/columns.hpp"
#include "claim/sheet.hpp"
#include "hash/report.hpp"
#include "wire/der.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

using ByteArray = py::array_t<u8, py::array::c_style>;

constexpr usize kWidthMax = 66;  // bytes of an order of 521 bits, the longest that signatures are made with

// The compact forms of DER signatures, `width` bytes to an integer; a row that is not DER stays zero and its flag
// false.
py::tuple der_to_compact(const Column& signatures, bool strict, usize width) {
  if (width < 1 || width > kWidthMax) {
    throw py::value_error("width: expected 1 to " + std::to_string(kWidthMax) + " bytes, got " + std::to_string(width));
  }
  const usize count = signatures.size();
  py::array_t<u8> compact({static_cast<py::ssize_t>(count), static_cast<py::ssize_t>(2 * width)});
  py::array_t<bool> well_formed(static_cast<py::ssize_t>(count));
  u8* const out = compact.mutable_data();
  bool* const ok = well_formed.mutable_data();
  {
    const py::gil_scoped_release release;
    for (usize i = 0; i < count; ++i) {
      u8* const value = out + 2 * width * i;
      ok[i] = strict ? wire::der_signature_strict(signatures[i], value, width)
                     : wire::der_signature_lax(signatures[i], value, width);
      if (!ok[i]) std::memset(value, 0, 2 * width);
    }
  }
  return py::make_tuple(std::move(compact), std::move(well_formed));
}

// Bytes of one output of a row: the state for *_compress, a digest for the others.
py::ssize_t output_size(std::string_view operation) {
  if (operation == "keccak_compress") return 200;
  if (operation.starts_with("sha512_")) return 64;
  if (operation.starts_with("ripemd160_")) return 20;
  return 32;
}

py::ssize_t block_size(std::string_view operation) {
  if (operation.starts_with("sha512_")) return 128;
  if (operation.starts_with("keccak_")) return 136;
  return 64;
}

// Runs one named row. *_compress: `data` is (1, state bytes + whole blocks) and the new state comes back as (1, state).
// *_64, blake3_parent*: (n, 64) gives (n, digest). *_blocks, *_lanes: (n, block * blocks) padded messages gives
// (n, digest); of blake3_lanes they are chunks without padding.
py::array_t<u8> hash_row(const std::string& operation, const std::string& tier, const ByteArray& data) {
  if (data.ndim() != 2) throw py::value_error("data: expected a 2-D uint8 array");
  const py::ssize_t size = output_size(operation);
  const py::ssize_t count = data.shape(0);
  const py::ssize_t width = data.shape(1);
  const bool compress = operation.ends_with("_compress");
  const py::ssize_t block = block_size(operation);
  const py::ssize_t body = compress ? width - size : width;
  const bool fixed = operation.ends_with("_64") || operation.starts_with("blake3_parent");
  if (body < 0 || body % block != 0 || (fixed && width != 64) || (compress && count != 1)) {
    throw py::value_error("data: (" + std::to_string(count) + ", " + std::to_string(width) + ") does not fit " +
                          operation);
  }
  py::array_t<u8> out({count, size});
  const u8* in = data.data();
  usize items = static_cast<usize>(count);
  if (compress) {
    std::memcpy(out.mutable_data(), in, static_cast<usize>(size));
    in += size;
    items = static_cast<usize>(body / block);
  }
  if (!hash::run_row(operation, tier, out.mutable_data(), in, static_cast<usize>(body / block), items)) {
    throw py::value_error("no row '" + tier + "' of '" + operation + "' may run on this machine");
  }
  return out;
}

}  // namespace

void bind_tools(py::module_& module) {
  module.def("der_to_compact", &der_to_compact, py::arg("signatures"), py::arg("strict"), py::arg("width") = 32,
             "DER signatures as r || s: (uint8 (n, 2 * width), bool (n,)).");
  module.def("hash_row", &hash_row, py::arg("operation"), py::arg("tier"), py::arg("data").noconvert(),
             "Runs one named row of one hash operation on given data.");
}

}  // namespace isthmus::bind
