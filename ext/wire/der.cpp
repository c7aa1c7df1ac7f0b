#include "wire/der.hpp"

namespace isthmus::wire {
namespace {

constexpr u8 kSequence = 0x30;
constexpr u8 kInteger = 0x02;

// Writes an unsigned big-endian number right-aligned into `width` bytes; leading zeros do not count. False iff it is
// longer.
bool store_integer(u8* out, usize width, Bytes digits) {
  while (!digits.empty() && digits.front() == 0) digits = digits.subspan(1);
  if (digits.size() > width) return false;
  memset(out, 0, width);
  if (!digits.empty()) memcpy(out + width - digits.size(), digits.data(), digits.size());
  return true;
}

// Takes a definite length in the one form that DER allows (X.690, section 10.1) from the front of `in`. Lengths of more
// than two bytes cannot occur in a signature and are refused.
bool take_strict_length(Bytes& in, usize& length) {
  if (in.empty()) return false;
  const u8 first = in[0];
  in = in.subspan(1);
  if (first < 0x80) {
    length = first;
    return true;
  }
  const usize count = first & 0x7F;  // 0 would be the indefinite form
  if (count == 0 || count > 2 || in.size() < count) return false;
  length = 0;
  for (usize i = 0; i < count; ++i) length = length << 8 | in[i];
  in = in.subspan(count);
  return length >= (count == 1 ? 0x80u : 0x100u);
}

// Takes a non-negative INTEGER in its shortest form (X.690, section 8.3.2) from the front of `in`.
bool take_strict_integer(Bytes& in, Bytes& digits) {
  if (in.empty() || in[0] != kInteger) return false;
  in = in.subspan(1);
  usize length = 0;
  if (!take_strict_length(in, length) || length == 0 || length > in.size()) return false;
  digits = in.first(length);
  in = in.subspan(length);
  if ((digits[0] & 0x80) != 0) return false;
  return length == 1 || digits[0] != 0 || (digits[1] & 0x80) != 0;
}

// Takes a length as the tolerant parser reads it: short, or long with any number of leading zero bytes and at most
// three that count. False iff the bytes end or more than three count.
bool take_lax_length(Bytes& in, usize& length) {
  if (in.empty()) return false;
  const u8 first = in[0];
  in = in.subspan(1);
  if (first < 0x80) {
    length = first;
    return true;
  }
  usize count = first & 0x7F;
  if (count > in.size()) return false;
  while (count > 0 && in[0] == 0) {
    in = in.subspan(1);
    --count;
  }
  if (count > 3) return false;
  length = 0;
  for (usize i = 0; i < count; ++i) length = length << 8 | in[i];
  in = in.subspan(count);
  return true;
}

bool take_lax_integer(Bytes& in, Bytes& digits) {
  if (in.empty() || in[0] != kInteger) return false;
  in = in.subspan(1);
  usize length = 0;
  if (!take_lax_length(in, length) || length > in.size()) return false;
  digits = in.first(length);
  in = in.subspan(length);
  return true;
}

// One integer of a BIP66 signature at sig[at]: its tag, a length byte within `end`, then the value. Returns the offset
// behind it, 0 if it is not as BIP66 demands.
usize bip66_integer(Bytes sig, usize at, usize end) {
  if (at + 2 > end || sig[at] != kInteger) return 0;
  const usize length = sig[at + 1];
  if (length == 0 || length > end - at - 2) return 0;
  const Bytes digits = sig.subspan(at + 2, length);
  if ((digits[0] & 0x80) != 0) return 0;
  if (length > 1 && digits[0] == 0 && (digits[1] & 0x80) == 0) return 0;
  return at + 2 + length;
}

}  // namespace

bool der_signature_strict(Bytes der, u8* out, usize width) {
  if (der.empty() || der[0] != kSequence) return false;
  der = der.subspan(1);
  usize length = 0;
  Bytes r, s;
  if (!take_strict_length(der, length) || length != der.size()) return false;
  if (!take_strict_integer(der, r) || !take_strict_integer(der, s) || !der.empty()) return false;
  return store_integer(out, width, r) && store_integer(out + width, width, s);
}

bool der_signature_lax(Bytes der, u8* out, usize width) {
  if (der.empty() || der[0] != kSequence) return false;
  der = der.subspan(1);
  if (der.empty()) return false;
  // The sequence's length is stepped over and not looked at: not its value, not its leading zeros, not its size.
  const usize length_bytes = der[0] < 0x80 ? 0 : der[0] & 0x7F;
  der = der.subspan(1);
  if (length_bytes > der.size()) return false;
  der = der.subspan(length_bytes);
  Bytes r, s;
  if (!take_lax_integer(der, r) || !take_lax_integer(der, s)) return false;
  if (!store_integer(out, width, r) || !store_integer(out + width, width, s)) memset(out, 0, 2 * width);
  return true;
}

bool bip66_encoding(Bytes sig_with_hash_type) {
  const Bytes sig = sig_with_hash_type;
  if (sig.size() < 9 || sig.size() > 73) return false;
  if (sig[0] != kSequence || sig[1] != sig.size() - 3) return false;
  const usize end = sig.size() - 1;  // the hash type is no part of the sequence
  const usize middle = bip66_integer(sig, 2, end);
  return middle != 0 && bip66_integer(sig, middle, end) == end;
}

}  // namespace isthmus::wire
