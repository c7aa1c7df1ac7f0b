// Reads untrusted bytes from left to right: every read is checked, the first error is kept with its place.
//
// After an error every read gives zero or nothing and the cursor stands still, so a decoder may look at failed() once
// per structure. Loops over a count that was read must stop on failed(). Cost: one comparison per read.
#pragma once

#include "base/codes.hpp"
#include "base/span.hpp"

namespace isthmus::wire {

class Cursor {
 public:
  // Starts at offset `at` <= bytes.size(). The bytes must outlive the cursor.
  explicit Cursor(Bytes bytes, usize at = 0) : bytes_(bytes), at_(at) {}

  usize at() const { return at_; }
  usize left() const { return failed() ? 0 : bytes_.size() - at_; }
  bool failed() const { return code_ != Code::ok; }
  Code code() const { return code_; }
  // Where the read that failed began.
  usize error_off() const { return error_off_; }

  // Records an error at the present place; a later one does not replace it.
  void fail(Code code) { fail(code, at_); }
  void fail(Code code, usize off) {
    if (failed()) return;
    code_ = code;
    error_off_ = off;
  }

  bool skip(usize n) { return take(n).size() == n; }

  // The next n bytes, or none and `truncated`.
  Bytes take(usize n) {
    if (failed()) return {};
    if (n > bytes_.size() - at_) {
      fail(Code::truncated);
      return {};
    }
    at_ += n;
    return bytes_.subspan(at_ - n, n);
  }

  u8 byte() {
    const Bytes bytes = take(1);
    return bytes.empty() ? u8{0} : bytes[0];
  }
  u16 le16() {
    const Bytes bytes = take(2);
    return bytes.empty() ? u16{0} : load_le16(bytes.data());
  }
  u32 le32() {
    const Bytes bytes = take(4);
    return bytes.empty() ? 0 : load_le32(bytes.data());
  }
  u64 le64() {
    const Bytes bytes = take(8);
    return bytes.empty() ? 0 : load_le64(bytes.data());
  }

 private:
  Bytes bytes_;
  usize at_;
  usize error_off_ = 0;
  Code code_ = Code::ok;
};

}  // namespace isthmus::wire
