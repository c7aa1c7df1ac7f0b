// A message in pieces. Each object has a lock, so that two threads that use one find it between two updates; nobody
// waits for it, nor hashes for long, with Python's lock in hand.
#include "hash/hasher.hpp"

#include <array>
#include <memory>
#include <mutex>

#include "bind/columns.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

constexpr usize kReleaseFrom = 2048;  // bytes: about a microsecond of hashing, twice what giving the lock away costs

// The bytes of anything that has contiguous ones, of any shape and type.
class Borrowed {
 public:
  explicit Borrowed(const py::object& data) {
    if (PyObject_CheckBuffer(data.ptr()) == 0) {
      throw py::type_error("data: expected bytes-like, got " + std::string(Py_TYPE(data.ptr())->tp_name));
    }
    if (PyObject_GetBuffer(data.ptr(), &view_, PyBUF_SIMPLE) == 0) return;
    py::raise_from(PyExc_ValueError, "data: expected contiguous bytes");
    throw py::error_already_set();
  }
  ~Borrowed() { PyBuffer_Release(&view_); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  Bytes bytes() const { return {static_cast<const u8*>(view_.buf), static_cast<usize>(view_.len)}; }

 private:
  Py_buffer view_;
};

class Hasher {
 public:
  explicit Hasher(const hash::Hasher& hasher) : hasher_(hasher) {}

  static std::unique_ptr<Hasher> make(const std::string& name) {
    const Hash* const id = engine::find_hash(name);
    if (id == nullptr) throw py::value_error("name: unknown hash '" + name + "'");
    return std::make_unique<Hasher>(hash::Hasher(*id));
  }

  void update(const py::object& data) {
    const Borrowed borrowed(data);
    const Bytes bytes = borrowed.bytes();
    locked(bytes.size(), [&] { hasher_.update(bytes); });
  }

  py::bytes digest() {
    std::array<char, kDigestMost> out;
    locked(0, [&] { hasher_.digest(reinterpret_cast<u8*>(out.data())); });
    return {out.data(), digest_size()};
  }

  std::unique_ptr<Hasher> copy() {
    std::unique_ptr<Hasher> out;
    locked(0, [&] { out = std::make_unique<Hasher>(hasher_); });
    return out;
  }

  usize digest_size() const { return isthmus::digest_size(hasher_.hash()); }
  usize block_size() const { return hash::block_size(hasher_.hash()); }

 private:
  template <typename Work>
  void locked(usize bytes, Work&& work) {
    if (bytes < kReleaseFrom) {
      const std::unique_lock<std::mutex> lock(lock_, std::try_to_lock);
      if (lock.owns_lock()) return work();
    }
    const py::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(lock_);
    work();
  }

  std::mutex lock_;
  hash::Hasher hasher_;
};

}  // namespace

void bind_hasher(py::module_& module) {
  py::class_<Hasher>(module, "Hasher", "One message in pieces.")
      .def(py::init(&Hasher::make), py::arg("name"))
      .def("update", &Hasher::update, py::arg("data"))
      .def("digest", &Hasher::digest)
      .def("copy", &Hasher::copy)
      .def_property_readonly("digest_size", &Hasher::digest_size)
      .def_property_readonly("block_size", &Hasher::block_size);
}

}  // namespace isthmus::bind
