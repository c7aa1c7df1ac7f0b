// Reads DER (ITU-T X.690, section 10) from left to right: tag, shortest definite length, contents; nothing else is
// taken. Nothing is copied. After a read that failed the reader is empty and failed() is true, so that a structure may
// be read to its end before one look at it. Cost: a few instructions for each element; contents are not touched.
//
// Tags of one byte only and lengths of at most four bytes, as golang.org/x/crypto/cryptobyte reads them: Fabric's and
// ChainMaker's certificates are read by its rules.
#pragma once

#include "base/span.hpp"

namespace isthmus::wire {

namespace der {

inline constexpr u8 kBoolean = 0x01;
inline constexpr u8 kInteger = 0x02;
inline constexpr u8 kBitString = 0x03;
inline constexpr u8 kOctetString = 0x04;
inline constexpr u8 kNull = 0x05;
inline constexpr u8 kOid = 0x06;
inline constexpr u8 kEnumerated = 0x0a;
inline constexpr u8 kUtf8String = 0x0c;
inline constexpr u8 kNumericString = 0x12;
inline constexpr u8 kPrintableString = 0x13;
inline constexpr u8 kT61String = 0x14;
inline constexpr u8 kIa5String = 0x16;
inline constexpr u8 kUtcTime = 0x17;
inline constexpr u8 kGeneralizedTime = 0x18;
inline constexpr u8 kBmpString = 0x1e;
inline constexpr u8 kSequence = 0x30;
inline constexpr u8 kSet = 0x31;
// Context-specific tags: [n] of a primitive or implicit primitive value, and [n] constructed.
constexpr u8 context(u8 number) { return static_cast<u8>(0x80 | number); }
constexpr u8 constructed(u8 number) { return static_cast<u8>(0xa0 | number); }

}  // namespace der

// One element: its tag, its contents, and the whole encoding.
struct DerElement {
  u8 tag = 0;
  Bytes body;
  Bytes whole;
};

class DerReader {
 public:
  explicit DerReader(Bytes bytes) : left_(bytes) {}

  bool failed() const { return failed_; }
  // Everything was read and nothing was wrong.
  bool finished() const { return !failed_ && left_.empty(); }
  bool empty() const { return left_.empty(); }
  bool next_is(u8 tag) const { return !left_.empty() && left_[0] == tag; }
  void fail() {
    failed_ = true;
    left_ = {};
  }

  // The next element; whatever it is, or of the given tag.
  DerElement any();
  DerElement element(u8 tag);
  Bytes take(u8 tag) { return element(tag).body; }
  DerReader inside(u8 tag);
  // The next element if it has this tag; else nothing is read and `found` is false.
  Bytes take_optional(u8 tag, bool& found);

  bool boolean();
  // A two's complement number in its shortest form, as it stands: at least one byte.
  Bytes integer();
  // A number from 0 to 2^63 - 1.
  i64 small_integer();
  // Bits of a BIT STRING whose padding is zero, and how many there are.
  Bytes bits(usize& count);
  // BIT STRING of whole bytes.
  Bytes whole_bits();
  // Contents of an OBJECT IDENTIFIER, whose arcs are in their shortest form and below 2^31.
  Bytes oid();
  // Seconds since 1970 of a UTCTime or GeneralizedTime; see x509.hpp for the forms that are taken.
  i64 time();

 private:
  Bytes left_;
  bool failed_ = false;
};

}  // namespace isthmus::wire
