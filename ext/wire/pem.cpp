#include "wire/pem.hpp"

#include <algorithm>

namespace isthmus::wire {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kEndLine = "\n-----END ";
constexpr std::string_view kDashes = "-----";

// What a line says without its end, a carriage return before it, and blanks at its end.
std::string_view take_line(std::string_view& text) {
  const usize end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
  const usize last = line.find_last_not_of(" \t");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// Where `mark` stands at the beginning of a line, its first byte; npos if nowhere.
usize find_at_line(std::string_view text, std::string_view mark) {
  for (usize at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return at;
  }
  return std::string_view::npos;
}

u32 digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<u32>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<u32>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<u32>(c - '0') + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : 64;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// RFC 4648 base64 with padding, blanks skipped; bits that the padding leaves over are not looked at, as in Go.
bool decode_base64(std::string_view text, std::vector<u8>& out) {
  out.clear();
  out.reserve(text.size() / 4 * 3);
  u32 bits = 0;
  u32 digits = 0;
  u32 padding = 0;
  for (const char c : text) {
    if (is_blank(c)) continue;
    if (padding + digits == 4) return false;  // digits or padding behind the padding
    if (c == '=') {
      if (digits < 2) return false;
      ++padding;
      continue;
    }
    const u32 digit = digit_of(c);
    if (digit == 64 || padding != 0) return false;
    bits = bits << 6 | digit;
    if (++digits < 4) continue;
    for (const u32 shift : {16u, 8u, 0u}) out.push_back(static_cast<u8>(bits >> shift));
    bits = digits = 0;
  }
  if (padding == 0) return digits == 0;
  if (padding + digits != 4) return false;
  for (u32 i = 0; i + 1 < digits; ++i) out.push_back(static_cast<u8>(bits >> (6 * digits - 8 * (i + 1))));
  return true;
}

// Reads what follows a begin line of this type; false iff it is no block.
bool take_body(std::string_view type, std::string_view& text, std::vector<u8>& out) {
  bool has_headers = false;
  while (true) {
    if (text.empty()) return false;
    std::string_view next = text;
    if (take_line(next).find(':') == std::string_view::npos) break;
    has_headers = true;
    text = next;
  }
  usize end = 0;
  if (has_headers || !text.starts_with(kEnd)) {
    // Behind headers the end line needs a line before it, though an empty one.
    const usize line_end = text.find(kEndLine);
    if (line_end == std::string_view::npos) return false;
    end = line_end + 1;
  }
  std::string_view trailer = text.substr(end + kEnd.size());
  if (!trailer.starts_with(type) || !trailer.substr(type.size()).starts_with(kDashes)) return false;
  trailer.remove_prefix(type.size() + kDashes.size());
  if (!take_line(trailer).empty()) return false;
  if (!decode_base64(text.substr(0, end), out)) return false;
  text = trailer;
  return true;
}

}  // namespace

bool pem_block(Bytes bytes, PemBlock& out) {
  const std::string_view whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::string_view text = whole;
  for (u32 tries = 0; tries < kPemTries; ++tries) {
    // A begin line may only be the very first bytes of what is left, or stand behind a line's end.
    const usize begin = find_at_line(text, kBegin);
    if (begin == std::string_view::npos) return false;
    text.remove_prefix(begin + kBegin.size());
    std::string_view type = take_line(text);
    if (!type.ends_with(kDashes)) continue;
    type.remove_suffix(kDashes.size());
    if (!take_body(type, text, out.bytes)) continue;
    out.type = type;
    out.rest = whole.size() - text.size();
    return true;
  }
  return false;
}

}  // namespace isthmus::wire
