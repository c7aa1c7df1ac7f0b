#include "bind/columns.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

void require_u8(const py::array& array, py::ssize_t dimensions, const char* name) {
  if (array.dtype().kind() != 'u' || array.itemsize() != 1 || array.ndim() != dimensions) {
    throw py::type_error(std::string(name) + ": expected a " + std::to_string(dimensions) + "-D uint8 array, got " +
                         std::to_string(array.ndim()) + "-D " + std::string(py::str(array.dtype())));
  }
}

}  // namespace

Column Column::from_rows(const py::array& array) {
  require_u8(array, 2, "rows");
  if (array.shape(1) > 1 && array.strides(1) != 1) {
    throw py::value_error("rows: the bytes of a row must be contiguous; use numpy.ascontiguousarray");
  }
  Column column;
  column.count_ = static_cast<usize>(array.shape(0));
  column.base_ = static_cast<const u8*>(array.data());
  column.stride_ = array.strides(0);
  column.width_ = static_cast<usize>(array.shape(1));
  column.owner_ = array;
  return column;
}

Column Column::from_ragged(const py::array& flat, const py::array_t<i64>& offsets) {
  require_u8(flat, 1, "flat");
  if (flat.shape(0) > 1 && flat.strides(0) != 1) throw py::value_error("flat: the buffer must be contiguous");
  if (offsets.ndim() != 1 || offsets.shape(0) < 1) {
    throw py::value_error("offsets: expected n + 1 positions for n items, got none");
  }
  const auto at = offsets.unchecked<1>();
  const i64 size = flat.shape(0);
  const u8* const base = static_cast<const u8*>(flat.data());
  Column column;
  column.count_ = static_cast<usize>(at.shape(0) - 1);
  column.items_.reserve(column.count_);
  for (py::ssize_t i = 0; i + 1 < at.shape(0); ++i) {
    if (at(i) < 0 || at(i) > at(i + 1) || at(i + 1) > size) {
      throw py::value_error("offsets[" + std::to_string(i) + "]: " + std::to_string(at(i)) + " to " +
                            std::to_string(at(i + 1)) + " is not inside the flat buffer of " + std::to_string(size) +
                            " bytes");
    }
    column.items_.emplace_back(base + at(i), static_cast<usize>(at(i + 1) - at(i)));
  }
  column.owner_ = flat;
  return column;
}

Column Column::from_pointers(const py::bytearray& addresses, const py::bytearray& lengths, py::object owner) {
  const usize bytes = addresses.size();
  if (bytes % sizeof(u64) != 0 || lengths.size() != bytes) {
    throw py::value_error("pointers: addresses and lengths must be of one length, 8 bytes an item");
  }
  const char* const address_of = PyByteArray_AS_STRING(addresses.ptr());
  const char* const length_of = PyByteArray_AS_STRING(lengths.ptr());
  Column column;
  column.count_ = bytes / sizeof(u64);
  column.items_.reserve(column.count_);
  for (usize at = 0; at < bytes; at += sizeof(u64)) {
    u64 address, length;
    memcpy(&address, address_of + at, sizeof address);
    memcpy(&length, length_of + at, sizeof length);
    column.items_.emplace_back(reinterpret_cast<const u8*>(static_cast<uintptr_t>(address)),
                               static_cast<usize>(length));
  }
  column.owner_ = std::move(owner);
  return column;
}

void bind_columns(py::module_& module) {
  py::class_<Column>(module, "Column",
                     "Many byte strings, borrowed: 2-D rows, a flat buffer with offsets, or pointers.")
      .def_static("rows", &Column::from_rows, py::arg("array").noconvert(),
                  "Rows of a 2-D uint8 array (n, width); the rows may be strided.")
      .def_static("ragged", &Column::from_ragged, py::arg("flat").noconvert(), py::arg("offsets").noconvert(),
                  "Items flat[offsets[i]:offsets[i + 1]] of a 1-D uint8 array; offsets int64 (n + 1,).")
      .def_static("pointers", &Column::from_pointers, py::arg("addresses"), py::arg("lengths"), py::arg("owner"),
                  "Items at addresses and of lengths, native uint64 in bytearrays; owner keeps them alive.")
      .def("__len__", &Column::size);
}

}  // namespace isthmus::bind
