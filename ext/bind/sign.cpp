// SM2 signing. The secret is copied once into memory that is wiped, so that nobody can change it while it is in use.
#include "bind/columns.hpp"
#include "sign/sm2_ct.hpp"
#include "sign/sm2_digest.hpp"

namespace isthmus::bind {
namespace py = pybind11;

namespace {

using sign::Sm2Status;

// The bytes of a contiguous buffer; what it holds is never part of a message.
Bytes bytes_of(const py::buffer_info& info, const char* name) {
  if (info.ndim != 1 || info.itemsize != 1 || (info.shape[0] > 1 && info.strides[0] != 1)) {
    throw py::type_error(std::string(name) + ": expected contiguous bytes");
  }
  return {static_cast<const u8*>(info.ptr), static_cast<usize>(info.shape[0])};
}

template <usize n>
void copy_exactly(u8 (&out)[n], const py::buffer& from, const char* name) {
  const py::buffer_info info = from.request();
  const Bytes bytes = bytes_of(info, name);
  if (bytes.size() != n) {
    throw py::value_error(std::string(name) + ": expected " + std::to_string(n) + " bytes, got " +
                          std::to_string(bytes.size()));
  }
  memcpy(out, bytes.data(), n);
}

void require_ok(Sm2Status status) {
  if (status == Sm2Status::bad_secret) throw py::value_error("secret: an SM2 secret is a number from 1 to n - 2");
  if (status != Sm2Status::ok) throw std::runtime_error("no nonce was accepted");
}

py::bytes sm2_sign(const py::buffer& secret, const py::buffer& digest, const py::buffer& extra) {
  sign::Wiped<u8[32]> held, randomness;
  u8 e[32], out[64];
  copy_exactly(*held, secret, "secret");
  copy_exactly(e, digest, "digest");
  copy_exactly(*randomness, extra, "extra");
  Sm2Status status;
  {
    const py::gil_scoped_release release;
    status = sign::sign_sm2_ct(out, *held, e, *randomness);
  }
  require_ok(status);
  return {reinterpret_cast<const char*>(out), sizeof(out)};
}

py::bytes sm2_public_key(const py::buffer& secret) {
  sign::Wiped<u8[32]> held;
  u8 out[65];
  copy_exactly(*held, secret, "secret");
  Sm2Status status;
  {
    const py::gil_scoped_release release;
    status = sign::public_sm2_ct(out, *held);
  }
  require_ok(status);
  return {reinterpret_cast<const char*>(out), sizeof(out)};
}

py::bytes sm2_digest(const py::buffer& key, const py::buffer& signer_id, const py::buffer& message) {
  u8 point[65], out[32];
  copy_exactly(point, key, "key");
  const py::buffer_info id = signer_id.request(), body = message.request();
  const Bytes id_bytes = bytes_of(id, "signer_id"), body_bytes = bytes_of(body, "message");
  if (id_bytes.size() > sign::kSm2IdMax) {
    throw py::value_error("signer_id: expected at most " + std::to_string(sign::kSm2IdMax) + " bytes, got " +
                          std::to_string(id_bytes.size()));
  }
  sign::sm2_digest(out, point, id_bytes, body_bytes);
  return {reinterpret_cast<const char*>(out), sizeof(out)};
}

}  // namespace

void bind_sign(py::module_& module) {
  module.def("sm2_sign", &sm2_sign, py::arg("secret"), py::arg("digest"), py::arg("extra"),
             "r || s (64 bytes) for e = SM3(Z || message) with 32 bytes of extra randomness; constant time.");
  module.def("sm2_public_key", &sm2_public_key, py::arg("secret"), "04 || x || y (65 bytes); constant time.");
  module.def("sm2_digest", &sm2_digest, py::arg("key"), py::arg("signer_id"), py::arg("message"),
             "e = SM3(Z || message), 32 bytes, for a key of 65 bytes.");
}

}  // namespace isthmus::bind
