// Columns: the three layouts in which Python hands over many byte strings, rows of an array, pieces of one buffer, and
// addresses; the bytes are not copied.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include "engine/engine.hpp"

namespace isthmus::bind {

// Rows over memory that `owner` keeps alive.
class Column : public engine::Rows {
 public:
  // Row i of a 2-D uint8 array; rows may be apart (a field of a structured array), the bytes of a row may not.
  static Column from_rows(const pybind11::array& array);
  // flat[offsets[i] : offsets[i + 1]].
  static Column from_ragged(const pybind11::array& flat, const pybind11::array_t<i64>& offsets);
  // Addresses and lengths gathered from a Python container whose items `owner` keeps alive.
  static Column from_pointers(const pybind11::bytearray& addresses, const pybind11::bytearray& lengths,
                              pybind11::object owner);

  usize size() const override { return count_; }
  Bytes operator[](usize i) const override {
    if (!items_.empty()) return items_[i];
    return {base_ + static_cast<std::ptrdiff_t>(i) * stride_, width_};
  }
  const u8* contiguous(usize width) const override {
    return items_.empty() && width_ == width && stride_ == static_cast<std::ptrdiff_t>(width) ? base_ : nullptr;
  }
  bool even(hash::EvenRows& out) const override {
    out = {base_, stride_, width_};
    return items_.empty();
  }

 private:
  usize count_ = 0;
  const u8* base_ = nullptr;
  std::ptrdiff_t stride_ = 0;
  usize width_ = 0;
  std::vector<Bytes> items_;
  pybind11::object owner_;
};

void bind_columns(pybind11::module_& module);
void bind_engine(pybind11::module_& module);
void bind_hasher(pybind11::module_& module);
void bind_ics23(pybind11::module_& module);
void bind_info(pybind11::module_& module);
void bind_sign(pybind11::module_& module);
void bind_tools(pybind11::module_& module);
void bind_trees(pybind11::module_& module);
void bind_tries(pybind11::module_& module);

}  // namespace isthmus::bind
