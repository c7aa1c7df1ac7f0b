// Builds certificates and revocation lists byte by byte for tests. Keys and signatures in them are arbitrary: these
// tests look at what is read and stated, not at what verifies.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/span.hpp"

namespace isthmus::wire::testing {

using Buffer = std::vector<u8>;

inline Buffer bytes_of(std::string_view text) {
  Buffer out;
  for (const char c : text) out.push_back(static_cast<u8>(c));
  return out;
}

inline Buffer join(std::initializer_list<Buffer> parts) {
  Buffer out;
  for (const Buffer& part : parts) {
    for (const u8 byte : part) out.push_back(byte);
  }
  return out;
}

inline Buffer tlv(u8 tag, const Buffer& body) {
  Buffer head = {tag};
  if (body.size() >= 0x100) {
    head.push_back(0x82);
    head.push_back(static_cast<u8>(body.size() >> 8));
  } else if (body.size() >= 0x80) {
    head.push_back(0x81);
  }
  head.push_back(static_cast<u8>(body.size()));
  return join({head, body});
}

inline Buffer sequence(std::initializer_list<Buffer> parts) { return tlv(0x30, join(parts)); }

inline const Buffer kEcdsaSha256 = sequence({{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}});
inline const Buffer kEcPublicKey = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
inline const Buffer kP256 = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
inline const Buffer kSm2 = {0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d};

// An attribute of 2.5.4.`last` in UTF-8: 3 common name, 10 organisation, 11 organisational unit.
inline Buffer attribute(u8 last, std::string_view text, u8 tag = 0x0c) {
  return tlv(0x31, sequence({{0x06, 0x03, 0x55, 0x04, last}, tlv(tag, bytes_of(text))}));
}

inline Buffer name(std::string_view common_name) { return sequence({attribute(3, common_name)}); }

inline Buffer point(u8 fill, u8 form = 4) {
  Buffer out(65, fill);
  out[0] = form;
  return join({{0x00}, out});
}

inline Buffer ec_key(u8 fill, const Buffer& algorithm = kEcPublicKey, const Buffer& curve = kP256) {
  return sequence({sequence({algorithm, curve}), tlv(0x03, point(fill))});
}

// An extension 2.5.29.`last`.
inline Buffer extension(u8 last, const Buffer& value, bool critical = false) {
  return sequence({{0x06, 0x03, 0x55, 0x1d, last}, critical ? Buffer{0x01, 0x01, 0xff} : Buffer{}, tlv(0x04, value)});
}

inline Buffer key_id(u8 fill) { return extension(14, tlv(0x04, Buffer(4, fill))); }
inline Buffer authority_key_id(u8 fill) { return extension(35, sequence({tlv(0x80, Buffer(4, fill))})); }
inline const Buffer kCa = extension(19, sequence({{0x01, 0x01, 0xff}}), true);
inline const Buffer kSignature = sequence({{0x02, 0x01, 0x05}, {0x02, 0x01, 0x06}});

struct Plan {
  Buffer version = {0xa0, 0x03, 0x02, 0x01, 0x02};
  Buffer serial = {0x02, 0x01, 0x07};
  Buffer inner = kEcdsaSha256;
  Buffer issuer = name("ca");
  Buffer validity = sequence({tlv(0x17, bytes_of("240101000000Z")), tlv(0x17, bytes_of("340101000000Z"))});
  Buffer subject = name("leaf");
  Buffer key = ec_key(1);
  Buffer extensions;  // their SEQUENCE's contents; none: no field
  Buffer outer = kEcdsaSha256;
  Buffer signature = kSignature;
  Buffer tail;

  Buffer der() const {
    const Buffer field = extensions.empty() ? Buffer{} : tlv(0xa3, tlv(0x30, extensions));
    const Buffer tbs = sequence({version, serial, inner, issuer, validity, subject, key, field});
    return sequence({tbs, outer, tlv(0x03, join({{0x00}, signature})), tail});
  }
};

}  // namespace isthmus::wire::testing
